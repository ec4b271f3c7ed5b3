#!/bin/sh
# Finding people without a directory: Alice looks for Dave, whom Bob and Carol both know, and Erin stands by.
. tests/lib.sh

account alice bob carol dave erin
meet alice bob
meet alice carol
meet bob dave
meet carol dave
meet bob erin
meet carol erin
cd "$T"
for who in alice bob carol dave erin; do
    printf '[due]\nrelay = "0s"\nconfirm = "0s"\n[search]\nafter = "0s"\nwithin = "0s"\n' >>"$who/config.toml"
done

round() { for who; do as "$who" sn-sync; done; }
everybody() { round alice bob carol dave erin; }
# search NAME ARGUMENT...: sends a search.
search() {
    who=$1
    shift
    as "$who" sn-search "$@" >clear
    as "$who" sn-seal clear | as "$who" sn-send
}
# waiting NAME: who waits, and how they came.
waiting() { as "$1" sn-contact requests --json | jq -r '"\(.name) \(.came) \(.grade)"'; }
state() { as "$1" sn-contact show --json "$2" | jq -r '"\(.state) \(.grade)"'; }
# knows NAME: how often its node has words that are only Dave's and Alice's, in any file and any table.
knows() {
    {
        find "$1" -type f -exec cat {} +
        sqlite3 "$1/socialnet.db" .dump
        # What is in the packets, too.
        sqlite3 "$1/socialnet.db" 'SELECT hex(signed) FROM packet' | xxd -r -p
    } | grep -aicE 'dave.?miller|miller dave|portmeirion|wherethebeachis|sailed together' || true
}

as dave sn-profile searchable add name='Dave Miller' town=Portmeirion >added
echo 'echo wherethebeachis' >secret
as dave sn-profile searchable add --secret-command 'sh secret' nick='Number Six' >>added
as erin sn-profile searchable add name='Erin Baker' town=London >>added
everybody
everybody

search alice town=portmeirion name='MILLER, Dave' --note "$(printf 'We sailed\342\200\256 together.')"
is 'one packet for each contact' "$(grep -c '<packet' clear), $(grep -o '<to>.*</to>' clear | sort -u | wc -l)" '2, 2'
is 'with tags and tokens of their own' "$(grep -E 'token=|<tag' clear | sort | uniq -d)" ''
is 'eight of them, whatever is looked for' "$(grep -c '<tag ' clear)" 16
ok 'they are what the standard says' sh -c 'csplit -sz -f packet clear "/<packet/" "{*}" &&
    for file in packet*; do perl -pe "chomp if eof" $file >one.xml && xmllint --noout --relaxng "$0" one.xml || exit; done' \
    "$OLDPWD/lib/schema/packet-1.rng"
round bob carol dave erin
round dave erin
as dave sn-contact requests >shown
ok 'Dave sees who searches' has shown 'alice'
ok 'by what' has shown "in search of you, by name='dave miller' town=portmeirion"
ok 'with which words, which do nothing to his terminal' has shown 'We sailed<U+202E> together.'
ok 'and through whom' sh -c 'grep -E "introduced +by (bob|carol)" shown'
is 'once, though it came two ways' "$(waiting dave)" 'alice searching introduced'
is 'who is not meant sees nothing' "$(waiting erin)" ''
is 'nor does Alice' "$(waiting alice), $(as alice sn-search --list --json | jq -r '.answers | length')" ', 0'
is 'those who carried it know nothing of either' "$(knows bob), $(knows carol), $(knows erin)" '0, 0, 0'
ok 'which would be found if it were there' test "$(knows dave)" -gt 0

as dave sn-contact accept alice
round dave alice
is 'she waits for nobody but her own decision' "$(waiting alice)" 'dave found introduced'
as alice sn-contact requests >shown
ok 'and sees by what she found him' has shown "found by your search for name='dave miller' town=portmeirion"
is 'in the list of her searches, too' \
    "$(as alice sn-search --list --json | jq -r '"\(.number) \(.asked) \(.answers[].name) \(.answers[].state)"')" '1 2 dave waiting'
as alice sn-contact accept dave
everybody
everybody
is 'both are friends, introduced and not checked' "$(state alice dave), $(state dave alice)" 'friend introduced, friend introduced'
is 'nobody answered but he' "$(as alice sn-contact list --json | jq -r .name | sort | tr '\n' ' ')" 'bob carol dave '
is 'and still nobody else knows' "$(knows bob), $(knows carol), $(knows erin)" '0, 0, 0'

# Frank knows Bob, and looks for the one with the secret.
mkdir post/frank
as frank sn-init --name Frank --address "file://$T/post/frank" >made
printf '[due]\nrelay = "0s"\nconfirm = "0s"\n' >>frank/config.toml
cd "$OLDPWD"
meet bob frank
cd "$T"
everybody
search frank nick='number six'
round bob dave erin
is 'without the secret Dave is not found' "$(waiting dave)" ''
search frank --secret-command 'echo whereTheBeachIs' nick='number six'
round bob dave erin
is 'nor with a wrong one' "$(waiting dave)" ''
search frank --secret-command 'sh secret' nick='number six' --note 'Be seeing you.'
round bob dave erin
is 'but with the right one' "$(waiting dave)" 'frank searching introduced'
as dave sn-contact ignore frank
everybody
is 'who is ignored hears nothing' "$(as frank sn-sync; waiting frank; as frank sn-contact list --json | jq -r .name)" bob
# Searches that somebody begins within one second are one.
sleep 1
search frank --secret-command 'sh secret' nick='number six'
round bob dave erin
is 'may search again' "$(waiting dave)" 'frank searching introduced'
as dave sn-contact stop frank
everybody
search frank --secret-command 'sh secret' nick='number six' --note 'Please.'
round bob dave erin
is 'until he is stopped' "$(waiting dave)" ''
fails 64 'who does not search can not be stopped' as dave sn-contact stop bob
fails 75 'five searches a day are enough' as frank sn-search nick='number six'

# What is withdrawn is found by nobody.
carried() { sqlite3 "$1/socialnet.db" 'SELECT sum(length(hs)) / 32 FROM hashcache'; }
as dave sn-profile searchable withdraw name='Dave Miller' town=Portmeirion >added
everybody
round bob carol
is 'contacts drop what is withdrawn' \
    "$(carried bob), $(carried carol)" '2, 2'
as dave sn-contact remove bob
round dave bob
is 'and all of a contact who has gone' "$(carried bob)" 1

as alice sn-search --stop 1
is 'a search ends when its owner says so' "$(as alice sn-search --list --json | jq -r .ended)" true
fails 1 'once' as alice sn-search --stop 1
fails 64 'a search is for something' as alice sn-search
fails 64 'that has a name' as alice sn-search colour=blue

plan
