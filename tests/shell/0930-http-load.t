#!/bin/sh
# 10,000 envelopes from 50 connections; a server that is killed in the middle and started again; each is there once.
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

plan
