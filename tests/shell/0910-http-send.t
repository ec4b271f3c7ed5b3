#!/bin/sh
# sn-send-http and servers that are wrong, slow, or mean harm; and addresses that lead where they must not.
. tests/lib.sh

unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
tests/servers/ca.sh "$T/ca" wrong
mkdir "$T/wrong" && mkfifo "$T/alive"
tests/servers/http-wrong.py "$T/wrong" "$T/ca/good.pem" "$T/ca/good.key" <"$T/alive" &
exec 9>"$T/alive"
tries=0
until test -f "$T/wrong/port" || test $tries -ge 600; do sleep 0.1 && tries=$((tries + 1)); done
port=$(cat "$T/wrong/port")
web=https://localhost:$port

cd "$T"
echo sealed >file
export SN_CONF_CA_FILE="$T/ca/ca.pem" SN_CONF_ALLOW_PRIVATE=localhost SN_CONF_ANSWER_TIMEOUT=30s
# report ADDRESS: what becomes of one envelope.
report() { printf '1\tenvelope\t%s\tfile\n' "$1" | timeout 60 sn-send-http 2>said | tr '\t' ' '; }

is 'what is taken is sent' "$(report "$web/in/ok")" 'sent 1'
for status in 200 201 204 299; do is "$status is sent" "$(report "$web/in/status/$status")" 'sent 1'; done
for status in 408 425 500 502 507; do
    is "$status is later" "$(report "$web/in/status/$status" | cut -d ' ' -f 1-3)" 'later 1 0'
done
is '413 is too big' "$(report "$web/in/status/413")" 'toobig 1 6'
for status in 400 401 403 404 405 410 415 451; do
    is "$status is never" "$(report "$web/in/status/$status" | cut -d ' ' -f 1-3)" "never 1 $status"
done
is 'the server is quoted' "$(report "$web/in/status/451")" 'never 1 451 Unavailable For Legal Reasons: in words'
is 'Retry-After is obeyed' "$(report "$web/in/status/429/120" | cut -d ' ' -f 1-3)" 'later 1 120'
is 'for a day at most' "$(report "$web/in/status/503/99999999999" | cut -d ' ' -f 1-3)" 'later 1 86400'
is 'nonsense in it is none' "$(report "$web/in/status/503/soon" | cut -d ' ' -f 1-3)" 'later 1 0'
ok 'what a server says does not reach the terminal as it is' sh -c "! printf '%s' '$(report "$web/in/escapes")' | grep -q '[[:cntrl:]]'"

is 'it goes where it is sent on' "$(report "$web/in/to/308/$web/in/there")" 'sent 1'
is 'with all of its body' "$(tail -n 1 wrong/asked)" 'POST /in/there 7'
is 'and by a path alone' "$(report "$web/in/to/307//in/here")" 'sent 1'
is 'but not in circles' "$(report "$web/in/to/307//in/to/307//in/to/307//in/to/307//in/x")" 'never 1 redirected again and again'
# never WHERE: a redirect there is refused, and nobody was asked.
never() {
    : >wrong/asked
    is "a redirect to $1 is refused" "$(report "$web/in/to/307/$1" | cut -d ' ' -f 1-2)" 'never 1'
    is "and $1 was not asked" "$(wc -l <wrong/asked)" 1
}
never http://169.254.169.254/latest/meta-data
never https://169.254.169.254/latest/meta-data
never "https://127.0.0.1:$port/in/x"
never "https://[::ffff:127.0.0.1]:$port/in/x"
never "http://localhost:$port/in/x"
never file:///etc/passwd
never "//localhost:$port/in/x"
never "https://user:secret@localhost:$port/in/x"
is 'a redirect to a GET is refused' "$(report "$web/in/to/303/$web/in/x" | cut -d ' ' -f 1-3)" 'never 1 303'

is 'an answer without end is sent, its body is not waited for' "$(report "$web/in/body-without-end")" 'sent 1'
is 'a refusal without end is never' "$(report "$web/in/refusal-without-end" | cut -d ' ' -f 1-3)" 'never 1 404'
for wrong in head-without-end drip silence nonsense nothing; do
    is "$wrong is later" "$(SN_CONF_ANSWER_TIMEOUT=2s report "$web/in/$wrong" | cut -d ' ' -f 1-3)" 'later 1 0'
done

# Where nobody allowed it.
unset SN_CONF_ALLOW_PRIVATE
: >wrong/asked
is 'a name that leads to this machine is refused' "$(report "$web/in/x" | cut -d ' ' -f 1-3)" 'later 1 3600'
for host in localhost 127.0.0.1; do
    is "what would let $host is said" "$(report "https://$host:$port/in/x" | grep -c 'if that is right, allow-private')" 1
done
for host in 127.0.0.1 '[::1]' '[::ffff:7f00:1]' 10.0.0.1 192.168.1.1 172.16.0.1 100.64.0.1 169.254.169.254 0.0.0.0 \
    '[fe80::1]' '[fd00::1]' '[64:ff9b::7f00:1]' 224.0.0.1 255.255.255.255; do
    is "$host is refused" "$(report "https://$host:$port/in/x" | cut -d ' ' -f 1-2)" 'never 1'
done
for host in 2130706433 0x7f000001 0177.0.0.1 127.1; do
    is "$host is this machine, too" "$(report "https://$host:$port/in/x" | cut -d ' ' -f 1-3)" 'later 1 3600'
done
is 'nobody was asked' "$(cat wrong/asked)" ''
https_proxy=http://127.0.0.1:$port export https_proxy
is 'a proxy of the environment is not asked either' "$(report https://10.0.0.1/in/x | cut -d ' ' -f 1-2)" 'never 1'
unset https_proxy
export SN_CONF_ALLOW_PRIVATE=true
for address in 'https://' 'https://localhost:0/in/x' 'https://a@localhost/in/x' 'https://localhost/in/x#y' ftp://localhost/x; do
    is "'$address' is no address" "$(report "$address" | cut -d ' ' -f 1-2)" 'never 1'
done

# A machine at home: with IPv6 it has a public address, and so has everything beside it. Nothing leaves this network.
home='ip link set lo up && ip -6 addr add 2000:1:2:3::1/64 dev lo nodad && ip -6 route add default dev lo'
if unshare -n sh -c "$home" 2>"$T/said"; then
    # at_home ADDRESS: what becomes of one for there.
    at_home() {
        printf '1\tenvelope\thttps://[%s]/in/x\tfile\n' "$1" |
            unshare -n sh -c "$home && SN_CONF_ALLOW_PRIVATE=false SN_CONF_ANSWER_TIMEOUT=1s timeout 60 sn-send-http" | cut -f 1,3 | xargs
    }
    for host in 2000:1:2:3::1 2000:1:2:3::2 2000:1:2:3:ffff::; do
        is "$host is beside this machine, and refused" "$(at_home $host)" 'later 3600'
    done
    is 'what is further away is not' "$(at_home 2000:1:2:4::1)" 'later 0'
else
    ok "a machine with IPv6 # SKIP $(cat "$T/said")" true
fi

# Who it talks to.
is 'an authority that nobody named is not trusted' \
    "$(SN_CONF_CA_FILE='' sh -c 'unset SN_CONF_CA_FILE; printf "1\tblob\t$0\tfile\n" | sn-send-http' "$web/in/x" | cut -f 1)" later
for certificate in expired elsewhere self; do
    rm wrong/port && mkfifo "$certificate.alive"
    "$OLDPWD/tests/servers/http-wrong.py" wrong "ca/$certificate.pem" "ca/$certificate.key" <"$certificate.alive" &
    exec 8>"$certificate.alive"
    tries=0
    until test -f wrong/port || test $tries -ge 600; do sleep 0.1 && tries=$((tries + 1)); done
    : >wrong/asked
    is "a certificate that is $certificate is not trusted" "$(report "https://localhost:$(cat wrong/port)/in/x" | cut -d ' ' -f 1)" later
    is 'and hears nothing' "$(cat wrong/asked)" ''
    exec 8>&-
done

# One host that does not answer holds up nobody else, nor each of its own jobs.
{
    for id in 1 2 3 4 5 6 7 8 9; do printf 'a%s\tenvelope\thttps://localhost:1/in/x\tfile\n' $id; done
    for id in $(seq 40); do printf 'b%s\tenvelope\t%s/in/silence\tfile\n' "$id" "https://127.0.0.1:$port"; done
    for id in 1 2 3 4 5 6 7 8 9; do printf 'c%s\tenvelope\t%s/in/ok\tfile\n' $id "$web"; done
} >waiting
begun=$(date +%s)
SN_CONF_CONNECTIONS=8 SN_CONF_ANSWER_TIMEOUT=5s timeout 600 sn-send-http <waiting >reports
ok 'a host that is silent holds up nobody' test $(($(date +%s) - begun)) -lt 60
is 'all are reported' "$(cut -f 2 reports | sort -u | wc -l)" 58
is 'those that could be are sent' "$(grep -c '^sent	c' reports)" 9
is 'the others are later' "$(grep -c '^later	[ab]' reports)" 49
# alone WHERE: what becomes of one for there, and of another for the same host after it.
alone() {
    printf 'a\tenvelope\t%s/in/%s\tfile\nb\tenvelope\t%s/in/ok\tfile\n' "$web" "$1" "$web" |
        SN_CONF_CONNECTIONS=1 timeout 60 sn-send-http | cut -f 1,2 | xargs
}
is 'a connection that breaks off tells nothing of the host' "$(alone nothing)" 'later a sent b'
is 'nor does a host that it was sent on to' "$(alone to/307/https://localhost:1/in/x)" 'later a sent b'
is 'unless that is silent' "$(SN_CONF_ANSWER_TIMEOUT=2s alone "to/307/https://127.0.0.1:$port/in/silence")" 'later a later b'
: >wrong/asked
for id in $(seq 20); do printf '%s\tenvelope\t%s/in/nothing\tfile\n' "$id" "$web"; done >all
SN_CONF_CONNECTIONS=1 timeout 60 sn-send-http <all >reports
is 'nor is each tried where one after another breaks off' "$(cut -f 1 reports | uniq -c | xargs)" '20 later'
ok 'three of them, each again at once' test "$(wc -l <wrong/asked)" -le 6
fails 78 'a setting that is wrong is named' env SN_CONF_CONNECTIONS=many sn-send-http </dev/null
fails 78 'and certificates that are none' env SN_CONF_CA_FILE="$T/file" sn-send-http </dev/null
exec 9>&-
wait

plan
