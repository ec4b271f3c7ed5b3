#!/bin/sh
# sn-recv-http and servers that are wrong, slow, or mean harm: it ends in time, keeps nothing that is not what it is called,
# and shows its secret to nobody else.
. tests/lib.sh

unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
tests/servers/ca.sh "$T/ca"
mkdir "$T/wrong" "$T/mailbox" "$T/mailbox/tmp" "$T/mailbox/new" && mkfifo "$T/alive"
tests/servers/http-wrong.py "$T/wrong" "$T/ca/good.pem" "$T/ca/good.key" <"$T/alive" &
exec 9>"$T/alive"
tries=0
until test -f "$T/wrong/port" || test $tries -ge 600; do sleep 0.1 && tries=$((tries + 1)); done
web=https://localhost:$(cat "$T/wrong/port")

cd "$T"
export SN_STATE="$T/wrong" SN_CONF_CA_FILE="$T/ca/ca.pem" SN_CONF_ANSWER_TIMEOUT=10s SN_CONF_PASSWORD_COMMAND='echo correct-horse'
fetch() {
    ended=0
    timeout 60 sn-recv-http "$1" mailbox </dev/null 2>"$T/last" || ended=$?
    cat "$T/last" >>"$T/all" && cat "$T/last" >&2
    return "$ended"
}
there() { find mailbox -type f -printf '%P\n'; }

fails 75 'a list without end is none' fetch "$web/in/body-without-end"
ok 'and was not read to its end' has "$T/said" 'longer than 1048576 bytes'
SN_CONF_ANSWER_TIMEOUT=2s
for wrong in head-without-end drip silence nonsense nothing lists-paths; do
    fails 75 "a list that is $wrong is none" fetch "$web/in/$wrong"
done
SN_CONF_ANSWER_TIMEOUT=10s
is 'none of it is kept' "$(there)" ''
ok 'an item without end is left alone' fetch "$web/in/item-without-end"
ended=0
fetch "$web/in/cut-short" 2>said || ended=$?
is 'one that breaks off comes another time' $ended 75
ok 'which is said' has said 'not fetched: '
is 'nothing of them is kept' "$(there)" ''
# Round after round with --watch: nothing stays behind one that is never answered.
mkfifo stay
SN_CONF_ANSWER_TIMEOUT=1s timeout 120 sn-recv-http --watch "$web/in/silent-for-one" mailbox <stay >names 2>watched &
exec 8>stay
tries=0
until test -s watched || test $tries -ge 600; do sleep 0.1 && tries=$((tries + 1)); done
touch wrong/more
until test -s names || test $tries -ge 900; do sleep 0.1 && tries=$((tries + 1)); done
is 'an item without an answer holds up no other' "$(cat names)" "$(echo 'an item' | sha256sum | cut -c1-64)"
# In each round it is asked for among the others, and then alone.
tries=0 silent=$(printf %064d 0)
until test "$(grep -c "GET /in/silent-for-one/$silent" wrong/asked)" -gt 4 || test $tries -ge 600; do
    sleep 0.1 && tries=$((tries + 1))
done
ok 'it is asked for again' test $tries -lt 600
is 'and that it does not come is said once' "$(grep -c "not fetched: $silent" watched)" 1
exec 8>&-
rm -f mailbox/new/*
fails 75 'a server that lists what was deleted is not asked for ever' fetch "$web/in/lists-what-was-deleted"
is 'what it had is here once' "$(there)" "new/$(echo 'an item' | sha256sum | cut -c1-64)"
: >wrong/asked
fails 75 'a redirect is not followed' fetch "$web/in/redirects"
is 'nobody else was asked' "$(cat wrong/asked)" 'GET /in/redirects 0'

# A secret does not travel in clear.
fails 75 'without TLS it talks to this machine alone' fetch http://192.0.2.1/in/bobs
ok 'which is said' has "$T/said" 'http without TLS'
SN_CONF_PASSWORD_COMMAND='echo correct-horse; exit 3'
fails 75 'a secret that is locked away is for later' fetch "$web/in/redirects"
ok 'and its setting is named' has "$T/said" 'password-command failed: exit status: 3'
SN_CONF_PASSWORD_COMMAND='echo correct-horse | tr - "\t"'
fails 78 'what can be no secret is for the owner' fetch "$web/in/redirects"
ok 'no secret is in any message' lacks "$T/all" horse
exec 9>&-
wait

plan
