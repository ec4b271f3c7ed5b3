#!/bin/sh
# What Dave reads of what Bob shares: Alice wrote it, whom Dave does not know.
. tests/lib.sh
. tests/web.sh
trap 'kill $web 2>/dev/null || :; wait; rm -rf "$T"' EXIT

photo=$PWD/tests/data/ridge.jpg
account alice bob dave
meet alice bob
meet bob dave
cd "$T"
for who in alice bob dave; do
    printf '[due]\nrelay = "0s"\nconfirm = "0s"\n' >>"$who/config.toml"
done

# alices WORD... sends what sn-pack makes of it to Bob; bob_shares TEXT [WORD...] passes what begins so on to Dave.
alices() {
    as alice sn-pack "$@" | as alice sn-seal --to bob | as alice sn-send
    as bob sn-sync
}
bob_shares() {
    original=$(as bob sn-feed --json | jq -r --arg text "$1" 'select(.text | startswith($text)).id')
    shift
    as bob sn-pack share "$original" "$@" | as bob sn-seal --to dave | as bob sn-send
    as dave sn-sync
}
# shown [OPTION...]: what Dave sees, without times and ids.
shown() { as dave sn-feed "$@" | sed 's/ · just now.*//'; }
alice=$(as alice sn-profile show --json | jq -r .fingerprint)
she=$(echo "$alice" | cut -c -8)

reading='The reading is on Friday the 27th at eight in the old library, second floor; ring twice, and bring a chair.'
alices status --share "$reading"
bob_shares 'The reading' --text 'Listen:'
is 'what is shared stands beneath the words of who shares it' "$(shown)" "bob · share of $she's status
  Listen:
  $she · status
    $reading"
is 'with its id' "$(as dave sn-feed | awk '/ · status · / { print $NF }')" "$(echo "$original" | cut -d - -f 5)"
is 'and to programs it is an object of its own' "$(as dave sn-feed --json | jq -r '.text, .shared.id, .shared.from.fingerprint, .shared.text')" \
    "Listen:
$original
$alice
$reading"
is 'it is found by its words' "$(as dave sn-feed --json --match 'listen chair' | jq -r .text)" 'Listen:'
ok 'a news reader has all of it' sh -c "SN_HOME=dave sn-feed --atom | grep -F '$reading'"
is 'Bob sees what he shared' "$(as bob sn-feed -n 1 --json | jq -r .shared.text)" "$reading"

alices photo --share "$photo" --text 'The ridge' --alt 'Blue ridges'
bob_shares 'The ridge'
share=$(as dave sn-feed -n 1 --json | jq -r .id)
ok 'of a photograph the file is shown' sh -c 'SN_HOME=dave sn-feed -n 1 | grep "^    \[1\] ridge.jpg  image/jpeg"'
is 'it is found by what is to be seen' "$(as dave sn-feed --json --match 'blue ridges' | jq -r .id)" "$share"
as dave sn-get "$share" -o dave.jpg
as bob sn-get "$original" -o bob.jpg
ok 'the share has it' cmp bob.jpg dave.jpg
is 'and lists it' "$(as dave sn-get --list "$share" | grep -c '^\[1\] ridge.jpg')" 1
is 'it is drawn on a terminal that can' "$(as dave sn-feed -n 1 --pictures | tr -cd '\033' | wc -c)" 2

pages() { as dave sn-feed --html site; }
pages
ok 'a page has its words' sh -c "grep -F '$reading' site/2*.html"
ok 'and its picture' sh -c 'grep -F "alt=\"Blue ridges\"" site/2*.html && test -s site/photos/*-small.jpg'
is 'which leads nowhere that there is not' "$(cat site/*.html site/people/*.html | grep -o 'href="[^"]*#[^"]*"' | grep -c "$original")" 0

finds_nothing() { test "$(as dave sn-feed --match "$1" || echo "exit $?")" = 'exit 1'; }
start dave
ask "$(sed "s|$here||" "$T/address")" -c "$T/jar" >"$T/result"
is 'in sn-web he reads it too' "$(inside /)" 200
ok 'as a whole' has "$T/answer" "$reading"
picture=$(grep -o '<img src="/preview/[^"]*' "$T/answer" | cut -d '"' -f 2)
is 'sees the picture' "$(inside "$picture"; file -b --mime-type "$T/answer")" 200image/jpeg
is 'and has it large' "$(inside "/file/${picture#/preview/}"; cmp "$T/answer" bob.jpg)" 200
kill "$web"
wait "$web" || :
web=''

# Of people and words that Dave does not want to see, nothing comes through Bob.
for wish in "mute $alice" "block $alice"; do
    # shellcheck disable=SC2086 # two words
    as dave sn-contact $wish
    ok "whom Dave wants to ${wish%% *}, Bob brings him in vain" finds_nothing chair
    is 'in the feed as a whole' "$(shown)" ''
    pages
    ok 'and on pages' sh -c "! grep -rF 'bring a chair' site && ! ls site/photos | grep ."
    as dave sn-contact "un${wish%% *}" "$alice"
done
is 'and then she was never away' "$(shown | grep -c "$she · ")" 2
cp dave/config.toml plain.toml
printf '[feed]\nhide = ["chair"]\n' >>dave/config.toml
is 'an unwanted word hides what shares it' "$(as dave sn-feed --json | jq -r .shared.text)" 'The ridge'
is 'unless all is asked for' "$(as dave sn-feed --json --all | jq -r 'select(.hidden).hidden')" word
mv plain.toml dave/config.toml

# changes WORD...: Alice changes her mind, and Bob's node says so to Dave.
changes() {
    as alice sn-pack "$@" | as alice sn-seal | as alice sn-send
    as bob sn-sync
    as dave sn-sync
}
reading_id=$(as alice sn-feed --json | jq -r 'select(.type == "status").id')
changes edit "$reading_id" 'The reading is on Saturday, without chairs.'
is 'what Alice changes is changed' "$(shown --match chairs | tail -n 3)" "  $she · status
    The reading is on Saturday, without chairs."
pages
ok 'on pages too' sh -c 'grep -F Saturday site/2*.html'
changes retract "$reading_id"
is 'when she takes it back, nothing of it is left' "$(shown --match listen)" "bob · share of $she's packet
  Listen:
  (what it shares was taken back, or has ended)"
ok 'nor found' finds_nothing chairs
is 'nor told to programs' "$(as dave sn-feed --json --match listen | jq -c '.shared, .about.text')" 'null
null'
changes retract "$original"
fails 1 'the files of a share go with it' as dave sn-get "$share"
pages
ok 'from the pages too' sh -c "! grep -rF Saturday site && ! ls site/photos | grep ."

alices status --share --expires 2d 'Quick, while it lasts!'
bob_shares Quick --text 'Hurry:'
is 'what ends is shown' "$(as dave sn-feed -n 1 --json | jq -r .shared.text)" 'Quick, while it lasts!'
is 'until then' "$(as dave faketime -f +3d sn-feed -n 1 --json | jq -rc '.text, .shared')" 'Hurry:
null'

plan
