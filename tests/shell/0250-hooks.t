#!/bin/sh
# Programs of Alice's hear of what others write: each packet of their type, in order, at least once, whatever happens; and a
# game that Alice and Bob play by packets of its own type.
. tests/lib.sh

account alice bob
meet alice bob

# hook NAME <SCRIPT: what the hook does, in a shell; $OUT is a file.
hook() {
    mkdir -p "$T/alice/hooks"
    { printf '#!/bin/sh\nOUT=%s/heard\n' "$T" && cat; } >"$T/alice/hooks/$1"
    chmod +x "$T/alice/hooks/$1"
}
heard() { test ! -e "$T/heard" || cat "$T/heard"; }

say bob status 'Before there was a hook'
as alice sn-sync
hook status <<'S'
jq -r '"status: " + .text' >>"$OUT"
S
hook any <<'S'
jq -r '"any: " + .type' >>"$OUT"
S
hook photo~ <<'S'
echo 'an editor left this' >>"$OUT"
S
for words in one two three; do say bob status "$words"; done
printf '<wind xmlns="urn:example:weather" from="west"/>' >"$T/wind.xml"
as bob sn-pack app org.example.weather --to alice "$T/wind.xml" | as bob sn-seal | as bob sn-send
say alice status 'My own'
as alice sn-recv >"$T/result"
as alice sn-ingest
is 'each hook hears of what is for it, in order, and of nothing that was there before it' "$(sort -s -k 1,1 "$T/heard")" \
    "$(printf 'any: status\nany: status\nany: status\nany: org.example.weather\nstatus: one\nstatus: two\nstatus: three')"
rm "$T/heard"
as alice sn-ingest
is 'and of each once' "$(heard)" ''

rm "$T/alice/hooks/any"
hook org.example.weather <<'S'
jq -r .xml | xmllint --xpath 'string(//*[local-name() = "wind"]/@from)' - >>"$OUT"
env | cut -d = -f 1 | grep '^SN_\|SECRET' | sort | tr '\n' ' ' >>"$OUT"
S
as bob sn-pack app org.example.weather --to alice "$T/wind.xml" | as bob sn-seal | as bob sn-send
as alice sn-recv >"$T/result"
SECRET=password SN_CONF_TOKEN=x as alice sn-ingest
is 'the hook of an application gets its XML, and none of our secrets' "$(heard)" "west
SN_HOME SN_STATE "
rm "$T/heard"

# One fails, one hangs: neither stops anything else.
printf '\n[hooks]\ntimeout = "10s"\n' >>"$T/alice/config.toml"
hook comment <<'S'
sleep 1000
S
hook status <<'S'
text=$(jq -r .text)
echo "$text" >>"$OUT"
test "$text" != broken || test -e "$OUT.mended" || { echo 'I do not like this' >&2 && exit 3; }
S
id=$(as bob sn-feed --json --from alice | jq -r 'select(.text == "My own").id')
test -n "$id" || { as bob sn-sync && id=$(as bob sn-feed --json --from alice | jq -r 'select(.text == "My own").id'); }
as bob sn-pack comment --about "$id" 'Yours' | as bob sn-seal | as bob sn-send
for words in broken next; do say bob status "$words"; done
as alice sn-recv >"$T/result"
ok 'hooks that fail do not fail the run' sh -c "SN_HOME=$T/alice sn-ingest 2>'$T/said'"
ok 'it says which hung' grep -q "hooks/comment took too long, and is told again of packet" "$T/said"
ok 'which failed' grep -q "hooks/status ended with exit code 3, and is told again of packet" "$T/said"
ok 'and what it said' grep -q 'hooks/status: I do not like this' "$T/said"
is 'the order is kept' "$(heard)" broken
is 'and the feed has all of it' "$(as alice sn-feed -n 2 --json | jq -r .text)" "broken
next"
: >"$T/heard.mended"
rm "$T/alice/hooks/comment"
sed -i 's/"10s"/"5m"/' "$T/alice/config.toml"
as alice sn-ingest
is 'it hears of it again, and then of the next' "$(heard)" "broken
broken
next"
rm "$T/heard" "$T/heard.mended"
for words in broken last; do say bob status "$words"; done
as alice sn-recv >"$T/result"
for _ in 1 2 3 4 5 6; do as alice sn-ingest 2>>"$T/said"; done
is 'after five runs the next one has its turn' "$(heard | uniq -c | tr -s ' ')" " 5 broken
 1 last"
ok 'which is said' grep -q 'hooks/status ended with exit code 3, and is not told any more of packet' "$T/said"

# Killed in the middle: told again.
rm "$T/heard"
hook status <<'S'
jq -r .text >>"$OUT"
test -e "$OUT.once" || { : >"$OUT.once" && kill -9 "$PPID"; }
S
say bob status 'A last word'
as alice sn-recv >"$T/result"
SN_HOME=$T/alice sh -c 'sn-ingest; true' 2>"$T/said" || true
as alice sn-ingest
is 'what was told when it was killed is told again' "$(heard)" "A last word
A last word"

# The examples.
rm -r "$T/alice/hooks"
for who in alice bob; do
    mkdir "$T/$who/hooks"
    ln -s "$PWD/examples/hooks/noughts" "$T/$who/hooks/org.example.noughts"
    as "$who" sn-ingest
done
play() { as "$1" examples/hooks/noughts play "$2" "$3" && as "$2" sn-sync; }
show() { as "$1" examples/hooks/noughts show "$2"; }
play alice bob 5 >"$T/result"
fails 75 'who has played waits' as alice examples/hooks/noughts play bob 1
fails 64 'a cell that is taken is taken' as bob examples/hooks/noughts play alice 5
for move in 'bob alice 1' 'alice bob 3' 'bob alice 9'; do
    # shellcheck disable=SC2086
    play $move >"$T/result"
done
is 'Alice and Bob see the same board' "$(show alice bob)" "$(show bob alice)"
# A cheat, and a move that came before.
for move in '5 1' '9 5' '3 3' 'x y'; do
    printf '<move xmlns="urn:example:noughts" number="%s" cell="%s"/>' "${move% *}" "${move#* }" >"$T/move.xml"
    as bob sn-pack app org.example.noughts --to alice "$T/move.xml" | as bob sn-seal | as bob sn-send
done
as alice sn-sync
is 'who cheats changes nothing' "$(show alice bob)" 'O 2 X
4 X 6
7 8 O
open'
play alice bob 7 >"$T/result"
is 'Alice wins' "$(show alice bob | tail -n 1)" won
is 'and Bob knows' "$(show bob alice | tail -n 1)" lost

install -m 755 examples/hooks/digest "$T/alice/hooks/any"
as alice sn-ingest
say bob status 'For the digest'
say bob status "$(printf 'Two\nlines')"
as alice sn-sync
say bob status 'Said too soon'
as alice sn-sync
as bob sn-pack retract "$(as bob sn-feed -n 1 --json | jq -r .id)" | as bob sn-seal | as bob sn-send
as alice sn-sync
cat >"$T/sendmail" <<S
#!/bin/sh
cat >"$T/mail"
S
chmod +x "$T/sendmail"
SENDMAIL="$T/sendmail" as alice "$T/alice/hooks/any" send alice@example.org
ok 'the digest is a mail' has "$T/mail" 'To: alice@example.org'
ok 'with what came' has "$T/mail" '    For the digest'
ok 'without what was taken back' sh -c "! grep -e 'too soon' -e retract '$T/mail'"
rm "$T/mail"
SENDMAIL="$T/sendmail" as alice "$T/alice/hooks/any" send alice@example.org
ok 'once' test ! -e "$T/mail"
mkdir "$T/bin"
cat >"$T/bin/notify-send" <<S
#!/bin/sh
printf '%s\n' "\$@" >"$T/notified"
S
chmod +x "$T/bin/notify-send"
install -m 755 examples/hooks/notify "$T/alice/hooks/status"
as alice sn-ingest
say bob status '<b>bold</b>'
as alice sn-recv >"$T/result"
PATH=$T/bin:$PATH as alice sn-ingest
is 'a notification has words alone' "$(tail -n 2 "$T/notified")" 'bob: status
&lt;b&gt;bold&lt;/b&gt;'

plan
