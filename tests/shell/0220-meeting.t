#!/bin/sh
# How people meet besides an invitation in a file: a line of text, a QR code, a friend's word; and whom they do not want to
# see.
. tests/lib.sh

account alice bob carol dave
meet alice bob
meet alice carol
cd "$T"
for who in alice bob carol dave; do
    printf '[due]\nrelay = "0s"\nconfirm = "0s"\n' >>"$who/config.toml"
done

round() { for who; do as "$who" sn-sync; done; }
state() { as "$1" sn-contact show --json "$2" | jq -r '"\(.state) \(.grade)"'; }
texts() {
    who=$1
    shift
    as "$who" sn-feed --json "$@" | jq -r '.text'
}
comment() { as "$1" sn-pack comment --about "$(id_of "$1" "$2")" "$3" | as "$1" sn-seal | as "$1" sn-send; }

# pixels: a QR code of half blocks, whose light modules are drawn, as an image with four pixels for each module.
pixels() {
    sed 's/█/F/g; s/▀/T/g; s/▄/B/g' | awk '{
            top = bottom = ""
            for (at = 1; at <= length($0); at++) {
                block = substr($0, at, 1)
                top = top (block ~ /[FT]/ ? "0 0 0 0 " : "1 1 1 1 ")
                bottom = bottom (block ~ /[FB]/ ? "0 0 0 0 " : "1 1 1 1 ")
            }
            for (row = 0; row < 4; row++) lines[++count] = top
            for (row = 0; row < 4; row++) lines[++count] = bottom
            width = 4 * length($0)
        }
        END {
            print "P1", width, count
            for (at = 1; at <= count; at++) print lines[at]
        }'
}

as alice sn-contact invite --qr --for dave >shown
grep '^socialnet:' shown >line
grep -v '^socialnet:' shown | pixels >qr.pbm
zbarimg --nodbus --quiet --raw qr.pbm >scanned
is 'a camera reads the line below the QR code' "$(cat scanned)" "$(cat line)"
ok 'the line names where Alice is' has line 'a=file%3A%2F%2F'
as carol sn-show line >explained
is 'sn-show explains it, and leaves the code out' \
    "$(grep -c "$(as alice sn-profile show --json | jq -r .fingerprint)" explained), $(grep -c "$(sed 's/.*c=\([0-9a-f]*\).*/\1/' line)" explained)" '1, 0'
fails 65 'a line that was cut is refused' as dave sn-contact add "$(cut -c 1-100 scanned)"
sed 's/k=/k=A/' scanned >wrong
fails 65 'and so is another key' as dave sn-contact add wrong
as dave sn-contact add --name alice <scanned
is 'Dave has asked' "$(state dave alice)" 'asked invited'
round dave alice dave alice dave
is 'Dave and Alice are friends' "$(state dave alice), $(state alice dave)" 'friend invited, friend invited'
is 'he knows what she calls herself' "$(as dave sn-contact show --json alice | jq -r .calls_themselves)" alice
ok 'a line works as an argument, and who is a friend may be asked again' as dave sn-contact add "$(cat line)"
as bob sn-profile export >bob.pem
fails 77 'a profile of somebody else is refused' \
    as dave sn-contact add --is "$(as alice sn-profile show --json | jq -r .fingerprint)" bob.pem

as alice sn-contact introduce bob carol --note "$(printf 'We climb\342\200\256 together.')"
round alice bob carol
as bob sn-contact requests >waiting
ok 'Bob sees whom Alice introduced' has waiting 'by alice'
ok 'and what she says' has waiting 'together.'
ok 'nothing of it acts on his terminal' has waiting '<U+202E>'
is 'programs can read it, too' \
    "$(as bob sn-contact requests --json | jq -r '"\(.name) \(.came) \(.introduced_by.name) \(.grade)"')" \
    'carol introduced alice introduced'
is 'Carol has not heard of Bob by himself' "$(state carol bob)" 'introduced introduced'
as bob sn-contact accept carol
round bob carol
as carol sn-contact accept bob
round carol bob carol
is 'when both want it they are friends' "$(state bob carol), $(state carol bob)" \
    'friend introduced, friend introduced'
ok 'by whom is not forgotten' sh -c 'SN_HOME=bob sn-contact show carol | grep -x "introduced   by alice"'

# Side by side, with a screen and a camera; to one whose hands it did not come from it says nothing.
account frank
as alice sn-contact invite --in-person --qr >shown
grep -v '^socialnet:' shown | pixels >qr.pbm
zbarimg --nodbus --quiet --raw qr.pbm | as frank sn-contact add --in-person --name alice
round frank alice frank alice frank
is 'who met are sure of each other' "$(state frank alice), $(state alice frank)" 'friend checked, friend checked'
to_frank() { as alice sn-pack status "$1" | as alice sn-seal --to frank | as alice sn-send; }
as frank sn-contact block alice
to_frank 'Nobody hears it.'
round frank
is 'nothing is heard of whom he blocks' "$(state frank alice), $(texts frank)" 'blocked checked, '
as frank sn-contact unblock alice
round frank alice frank
is 'until he takes it back, and then without another invitation' "$(state frank alice)" 'friend checked'
to_frank 'Frank hears this.'
round frank
is 'she is read again' "$(texts frank)" 'Frank hears this.'
is 'and has seen nothing of it' "$(as alice sn-contact list --json | jq -r 'select(.name == "frank").alarm')" ''
fails 64 'whom nobody has blocked can not be unblocked' as frank sn-contact unblock alice
as frank sn-contact block alice

# A stranger asks, with words for the terminal.
mkdir post/erin
as erin sn-init --name "$(printf 'E\342\200\256rin')" --address "file://$T/post/erin" >erin.txt
as alice sn-profile export | as erin sn-contact add --note "$(printf 'Hi\342\200\256.')"
round erin alice
as alice sn-contact requests >waiting
ok 'she waits' has waiting 'without a code'
is 'her words are marks' "$(grep -c '<U+202E>' waiting), $(grep -c "$(printf '\342\200\256')" waiting)" '2, 0'
as alice sn-contact ignore "$(as alice sn-contact requests --json | jq -r .fingerprint)"
is 'who is ignored waits no more' "$(as alice sn-contact requests)" ''
fails 64 'who does not wait can not be ignored' as alice sn-contact ignore bob

say alice status 'The hills.'
round bob carol dave
comment dave 'The hills.' 'Buy now!'
round alice bob carol
comment carol 'Buy now!' 'No, thanks.'
round alice bob
is 'Bob sees all of it' "$(texts bob)" "$(printf 'The hills.\nBuy now!\nNo, thanks.')"
as bob sn-feed --json | jq -r 'select(.text == "Buy now!").from.fingerprint' >seller
as bob sn-contact mute "$(cat seller)"
is 'nothing of a muted stranger, nor what hangs under it' "$(texts bob)" 'The hills.'
is 'but when he asks for it, and why' \
    "$(as bob sn-feed --all --json | jq -r 'select(.hidden).hidden' | sort | uniq -c | tr -s ' ')" ' 2 muted'
ok 'in words, too' sh -c 'SN_HOME=bob sn-feed --all | grep "hidden: somebody muted"'
is 'who is muted can be listed' "$(as bob sn-contact mute)" "-  $(cat seller)"
as bob sn-contact unmute "$(cat seller)"
is 'and comes back' "$(texts bob | wc -l)" 3
as bob sn-contact block "$(cat seller)"
is 'a blocked stranger is not seen either' "$(texts bob)" 'The hills.'
printf '[feed]\nhide = ["HILLS"]\n' >>carol/config.toml
is 'a word hides a whole thread' "$(texts carol)" ''
is 'not for others' "$(texts bob)" 'The hills.'
printf '[feed]\nhide = ["..."]\n' >>dave/config.toml
fails 78 'what is no word is a mistake' as dave sn-feed

plan
