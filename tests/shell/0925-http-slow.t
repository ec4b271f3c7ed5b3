#!/bin/sh
# A line on which eight chunks at once take longer than anybody waits, and one alone does not: all of them get through.
. tests/lib.sh

unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
httpd=$PWD/tests/servers/httpd.sh
line=
trap '"$httpd" kill "$T/web"; test -z "$line" || kill $line; rm -rf "$T"' EXIT

mkdir -p "$T/web/boxes/bobs" "$T/mailbox/tmp" "$T/mailbox/new"
echo correct-horse >"$T/web/boxes/bobs/secret"
"$httpd" start "$T/web" 'limits.body-time = "4s"'
SLOW=$(tests/servers/ports.py 127.0.0.1 | tr '=' ':')
# 4 MiB in half a second.
tests/servers/line.py 8388608 "${SLOW#*:}" "$(sed 's/.*://' "$T/web/address")" &
line=$!
tries=0
until test "$(curl -q -sS "http://$SLOW/healthz" 2>"$T/said")" = ok || test $tries -ge 600; do
    sleep 0.1 && tries=$((tries + 1))
done

cd "$T"
head -c 4194304 /dev/urandom >chunk
echo sealed >sealed
export SN_CONF_ALLOW_PRIVATE=true SN_CONF_PASSWORD_COMMAND='echo correct-horse'
box=http://$SLOW/in/bobs new=web/boxes/bobs/new
{
    for id in $(seq 16); do printf 'c%s\tblob\t%s\tchunk\n' "$id" "$box"; done
    printf 'e\tenvelope\t%s\tsealed\n' "$box"
} >all
timeout 120 sn-send-http <all >reports
is 'a large file gets through a slow line' "$(cut -f 1 reports | sort | uniq -c | xargs)" '17 sent'
is 'and what is small does not wait for it' "$(head -n 1 reports)" 'sent	e'

# Who is refused hears why, although it is told before all is sent; and the others are none the worse.
cat chunk chunk >large
printf 'a\tblob\t%s\tlarge\nb\tenvelope\t%s\tsealed\n' "${box%bobs}nobodys" "$box" |
    timeout 120 sn-send-http | sort >reports
is 'that a box is not there is heard' "$(head -n 1 reports)" 'never	a	404 Not Found: there is no such box'
is 'and another is there' "$(tail -n 1 reports)" 'sent	b'
printf 'a\tblob\thttp://%s/in/nobodys\tlarge\n' "$(cat web/address)" | timeout 120 sn-send-http >reports
is 'also on a quick line' "$(cut -f 1-2 reports)" 'never	a'

rm "$new"/*
for number in 1 2 3 4 5 6 7 8; do
    echo $number >>chunk
    cp chunk "$new/$(sha256sum <chunk | cut -c 1-64)"
done
cp sealed "$new/$(sha256sum <sealed | cut -c 1-64)"
ls "$new" >want
SN_CONF_REQUEST_TIMEOUT=2s timeout 120 sn-recv-http "$box" mailbox </dev/null >names 2>said || true
is 'eight chunks are fetched through it' "$(sort names | diff - want)" ''
is 'each once' "$(ls mailbox/new && ls "$new")" "$(cat want)"

plan
