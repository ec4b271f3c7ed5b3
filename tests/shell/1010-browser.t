#!/bin/sh
# sn-web in a real browser: two people meet and write to each other, on a screen and on a phone, with script and without;
# what strangers write stays text; nobody is kept out; and nothing is asked for elsewhere, by pages of sn-feed --html neither.
# The results are those of tests/browser. With SHOTS=FOLDER it leaves pictures of the pages there.
. tests/lib.sh

python=${CARGO_TARGET_DIR:-target}/browser/bin/python
export PYTHONPATH=tests PYTHONPYCACHEPREFIX="${CARGO_TARGET_DIR:-target}/browser/pycache"
running=
trap 'test -z "$running" || kill $running; wait; rm -rf "$T"' EXIT

account alice bob
# What else there is to write, in every field that others show.
bad='"><script>window.pwned = 1; alert(1)</script><img src=x onerror=window.pwned=1>'
mallory() { as mallory "$@"; }
account mallory
mallory sn-profile set --name "$bad" --about "$bad"
meet alice mallory
printf 'words' >"$T/<img src=x onerror=window.pwned=1>.html"
cp tests/data/ridge.jpg "$T/'><script>window.pwned=1<.jpg"
say() { mallory sn-pack "$@" | mallory sn-seal --to all | mallory sn-send; }
say status "$bad" --file "$T/<img src=x onerror=window.pwned=1>.html"
say photo "$T/'><script>window.pwned=1<.jpg" --text "javascript:window.pwned=1 </textarea>$bad" --alt "$bad"
say status "<style>* { display: none }</style> {{ 7 * 7 }} $(printf '\342\200\256')reversed"
printf '<move xmlns="urn:example:x">e4</move>' | mallory sn-pack app org.example.pwned --fallback "$bad" |
    mallory sn-seal --to all | mallory sn-send
as alice sn-sync
# Somebody unknown asks to be let in.
account stranger
as alice sn-profile export >"$T/alice.pem"
as stranger sn-profile set --name "$bad"
as stranger sn-contact add --note "$bad" "$T/alice.pem" 2>"$T/said"
as stranger sn-sync
as alice sn-sync

cp tests/data/ridge.jpg "$T/ridge.jpg"
for who in alice bob; do
    SN_HOME=$T/$who sn-web >"$T/$who.address" 2>"$T/$who.log" &
    running="$running $!"
done
tries=0
until test -s "$T/alice.address" && test -s "$T/bob.address"; do
    tries=$((tries + 1))
    test "$tries" -lt 600 || { cat "$T"/*.log && exit 1; }
    sleep 0.1
done
as alice sn-feed --html "$T/site"
timeout 900 "$python" -m browser "$T"
# Somebody else reads the code that was on the screen.
test "$(zbarimg --quiet --raw "$T/code.png" 2>"$T/said")" = "$(cat "$T/code")"
