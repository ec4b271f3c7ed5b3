#!/bin/sh
# 10,000 envelopes from 50 connections; a server that is killed in the middle and started again; each is there once. So it
# is with sn-send.
. tests/lib.sh

httpd=$PWD/tests/servers/httpd.sh
clients=$PWD/tests/http-clients.py
trap '"$httpd" kill "$T/web"; rm -rf "$T"' EXIT

mkdir -p "$T/web/boxes/bobs"
echo correct-horse >"$T/web/boxes/bobs/secret"
start() {
    "$httpd" start "$T/web" 'limits.requests-per-minute = 10000000' 'limits.items = 20000' 'log = "none"' \
        'limits.wait = "1s"'
}
new=$T/web/boxes/bobs/new
# whole: each file is what its name says.
whole() { (cd "$new" && find . -type f | sed 's:^\./::; s/.*/&  &/' | sha256sum -c --quiet); }

start
ok '10,000 envelopes from 50 connections are accepted' \
    sh -c "'$clients' load '$(cat "$T/web/address")' /in/bobs 10000 50 >'$T/accepted'"
sort "$T/accepted" >"$T/want"
find "$new" -type f -printf '%f\n' | sort >"$T/there"
ok 'none is lost, none doubled' cmp "$T/want" "$T/there"
ok 'and each is whole' whole

# Its owner fetches while more come.
mkdir -p "$T/bob/tmp" "$T/bob/new" "$T/state"
export SN_STATE="$T/state" SN_CONF_PASSWORD_COMMAND='echo correct-horse'
ok 'all are fetched' sh -c "sn-recv-http 'http://$(cat "$T/web/address")/in/bobs' '$T/bob' >'$T/fetched'"
is 'each once' "$(sort "$T/fetched" | cmp - "$T/want" && find "$new" -type f | wc -l)" 0
find "$T/bob/new" -type f -printf '%f\n' | sort >"$T/there"
ok 'and is with its owner' cmp "$T/want" "$T/there"
rm -r "$T/bob/new" && mkdir "$T/bob/new"

# Killed at times that nobody chose, and started again; what was accepted before is there after.
: >"$T/accepted" # Here, not in the background: else the lines of before may be counted below.
"$clients" load "$(cat "$T/web/address")" /in/bobs 10000 50 >>"$T/accepted" &
load=$!
for accepted in 1500 3000 4500 6000 7500; do
    tries=0
    until test "$(wc -l <"$T/accepted")" -ge $accepted || test $tries -ge 2400; do
        sleep 0.05
        tries=$((tries + 1))
    done
    "$httpd" kill "$T/web"
    sort "$T/accepted" >"$T/before"
    find "$new" -type f -printf '%f\n' | sort >"$T/there"
    is "killed after $accepted, nothing accepted is lost" "$(comm -23 "$T/before" "$T/there")" ''
    ok 'and nothing there is half' whole
    start
done
ok 'the sender finishes' wait $load
sort "$T/accepted" >"$T/got"
find "$new" -type f -printf '%f\n' | sort >"$T/there"
ok 'all are there, exactly once' cmp "$T/want" "$T/there"
ok 'as they were accepted' cmp "$T/want" "$T/got"

# The same with who fetches, and is killed too.
for pause in 0.05 0.1 0.2 0.4 0.8; do
    timeout -s KILL $pause sn-recv-http "http://$(cat "$T/web/address")/in/bobs" "$T/bob" >/dev/null || true
done
sn-recv-http "http://$(cat "$T/web/address")/in/bobs" "$T/bob" >/dev/null
find "$T/bob/new" -type f -printf '%f\n' | sort >"$T/there"
ok 'a receiver that is killed has all in the end' cmp "$T/want" "$T/there"
is 'and the box is empty' "$(find "$new" -type f | wc -l)" 0

# sn-send, whose server is killed at times that nobody chose, and which is killed itself.
account alice carol
meet alice carol
printf '\n[send.http]\nallow-private = true\n' >>"$T/alice/config.toml"
as alice sn-contact address carol "http://$(cat "$T/web/address")/in/bobs"
python3 - "$(as carol sn-profile show --json | jq -r .fingerprint)" >"$T/letters" 2>"$T/want" <<'PYTHON'
import base64, hashlib, random, sys, textwrap
for number in range(3000):
    der = random.Random(number).randbytes(3000)
    lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    print(f"To: {sys.argv[1]}\n-----BEGIN CMS-----\n{lines}\n-----END CMS-----")
    print(hashlib.sha256(der).hexdigest(), file=sys.stderr)
PYTHON
sort -o "$T/want" "$T/want"
there() { find "$new" -type f | wc -l; }
# Not by a function: its process is to be the one that is killed.
env SN_HOME="$T/alice" sn-send "$T/letters" &
send=$!
for enough in 300 900 1500; do
    tries=0
    until test "$(there)" -ge $enough || test $tries -ge 1200; do
        sleep 0.05
        tries=$((tries + 1))
    done
    if test $enough = 900; then kill -KILL $send || true; else "$httpd" kill "$T/web"; fi
    wait $send || true
    test $enough = 900 || start
    env SN_HOME="$T/alice" sn-send -r 2>"$T/said" &
    send=$!
done
wait $send || true
ok 'sn-send finishes' as alice sn-send -r
find "$new" -type f -printf '%f\n' | sort >"$T/there"
ok 'all that it sent is there' cmp "$T/want" "$T/there"
ok 'and whole' whole
is 'nothing waits' "$(as alice sn-send -p | grep -c waiting)" 0

plan
