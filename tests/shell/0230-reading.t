#!/bin/sh
# Alice reads: threads, what is new, what has the words she remembers, what comes while she looks; and in a news reader.
. tests/lib.sh

account alice bob
meet alice bob


say bob status 'Back from the hills.'
say bob status 'Über die Straße 我喜欢足球'
as alice sn-sync
as alice sn-feed --new >"$T/first"
hills=$(id_of alice 'Back from the hills.')
as alice sn-pack comment --about "$hills" 'Was there snow?' | as alice sn-seal | as alice sn-send
as bob sn-sync
say bob status 'Nothing else today'
as alice sn-sync

as alice sn-feed >"$T/text"
is 'an answer stands beneath what it answers' "$(sed -n '/Back from/,/Was there/p' "$T/text" | sed 's/ · .*//')" \
    '  Back from the hills.

  you
    Was there snow?'
is 'what is new is marked, and only that' "$(grep -c ' · new · ' "$T/text")" 1
ok 'what goes to a file is not coloured' lacks "$T/text" "$(printf '\033')"
ok 'on a terminal people are' sh -c "SN_HOME=$T/alice NO_COLOR= script -qec sn-feed /dev/null | grep -q '\[38;5;'"
ok 'unless they do not want it' \
    sh -c "! SN_HOME=$T/alice NO_COLOR=1 script -qec sn-feed /dev/null | grep -q '\[[0-9;]*m'"

found() { as alice sn-feed --json --match "$1" | jq -r .text; }
finds_nothing() { test "$(as alice sn-feed --match "$1" || echo "exit $?")" = "exit 1"; }
is 'words are found without accents' "$(found 'uber strasse')" 'Über die Straße 我喜欢足球'
is 'and in writing without spaces' "$(found '足球')" 'Über die Straße 我喜欢足球'
is 'by their beginning, when asked' "$(found 'hil*')" 'Back from the hills.'
ok 'other words are not there' finds_nothing valleys
ok 'words are only words' finds_nothing 'hills" OR "today'
fails 64 'there must be a word' as alice sn-feed --match '"*'
is 'what answers a packet' "$(as alice sn-feed --json --about "$hills" | jq -r .text)" 'Was there snow?'

fails 64 'a type that is none is a mistake' as alice sn-feed --type statsu
ok 'for which there is a hint' has "$T/said" 'status, photo, comment'
finds_no_chess() { test "$(as alice sn-feed --type org.example.chess || echo "exit $?")" = "exit 1"; }
ok 'an application has whichever it likes' finds_no_chess
as alice sn-contact mute bob
fails 1 'of a thread that is hidden, it is said why there is nothing' as alice sn-feed --thread "$hills"
ok 'and what to do' has "$T/said" 'is hidden: muted'
as alice sn-contact unmute bob

say bob status '<script>alert(1)</script> &amp; ]]> "quoted"'
as alice sn-sync
as alice sn-feed --atom >"$T/atom"
# in_atom XPATH: with ATOM:NAME for an element of RFC 4287.
in_atom() { xmllint --xpath "$(echo "$1" | sed "s|ATOM:\([a-z]*\)|*[local-name()='\1' and namespace-uri()='http://www.w3.org/2005/Atom']|g")" "$T/atom"; }
is 'an Atom document has what RFC 4287 asks for' \
    "$(in_atom 'count(/ATOM:feed[count(ATOM:id) = 1 and count(ATOM:title) = 1 and count(ATOM:updated) = 1])')" 1
is 'and so has each entry' \
    "$(in_atom 'count(//ATOM:entry[count(ATOM:id) = 1 and count(ATOM:title) = 1 and count(ATOM:updated) = 1 and ATOM:author/ATOM:name and count(ATOM:content) = 1])')" \
    "$(as alice sn-feed --json | wc -l)"
is 'no two have the same id' "$(in_atom '//ATOM:id/text()' | sort | uniq -d)" ''
is 'words are words there' "$(in_atom 'string(//ATOM:entry[1]/ATOM:title)')" \
    '<script>alert(1)</script> &amp; ]]> "quoted"'
is 'and no elements' "$(in_atom 'count(//*[local-name() = "script"])')" 0

say bob photo tests/data/ridge.jpg
as alice sn-sync
escapes() { as alice sn-feed --type photo "$@" | tr -cd '\033' | wc -c; }
is 'a photograph is drawn when asked for, between two escapes' "$(escapes --pictures)" 2
is 'and only then' "$(escapes)" 0
as alice sn-feed --type photo --pictures | sed -n '/\x1bP/,$p' | sixel2png >"$T/drawn.png"
is 'and another program sees its preview' "$(file -b "$T/drawn.png" | cut -d , -f 1,2)" 'PNG image data, 320 x 213'

SN_HOME=$T/alice sn-feed -n 0 --follow --json >"$T/followed" &
follower=$!
# It shows nothing yet, and so it cannot be seen whether it has begun: Bob speaks until it is heard.
for try in $(seq 60); do
    say bob status "Can you hear me? ($try)"
    as alice sn-sync
    for _ in 1 2 3 4 5; do
        test -s "$T/followed" && break 2
        sleep 0.2
    done
done
kill "$follower"
wait "$follower" || true
ok 'who follows sees what comes, and nothing that was there' \
    sh -c "jq -er .text '$T/followed' | grep -v 'Can you' && exit 1; test -s '$T/followed'"

plan
