#!/bin/sh
# socialnet(7), the tour: every line after a prompt works as written, in the order in which it is written.
. tests/lib.sh

page=$(pwd)/man/socialnet.7
cp tests/data/ridge.jpg "$T"
cd "$T"
export POST="$T/post"
mkdir post

# What the reader sees is what runs: the page as mandoc(1) shows it.
mandoc -T utf8 -O width=200 "$page" | sed 's/.\x08//g' | grep -oE '(alice|bob)\$ .*' >tour

while IFS= read -r line <&3; do
    ok "$line" as "${line%%\$ *}" bash -o pipefail -ec "${line#*\$ }"
done 3<tour

# And it told the truth.
as bob sn-sync
for text in 'Back from the hills.' 'The ridge at dawn' 'Dinner at eight.' 'Bring bread, please.' 'Look inside.' 'By hand.'; do
    is "Bob has '$text'" "$(as bob sn-feed --json | jq -r .text | grep -cxF "$text")" 1
done
is "Alice has Bob's comment" "$(as alice sn-feed --json | jq -r .text | grep -cxF 'What a view!')" 1

plan
