#!/bin/sh
# What Alice, Bob and Carol see of each other, through the whole pipeline. Alice knows both; Bob and Carol meet later.
. tests/lib.sh

photo=$PWD/tests/data/ridge.jpg
account alice bob carol
meet alice bob
meet alice carol
cd "$T"
for who in alice bob carol; do
    printf '[due]\nrelay = "0s"\nconfirm = "0s"\n' >>"$who/config.toml"
done

# feed NAME [OPTION...]: who wrote what, as NAME sees it.
feed() {
    who=$1
    shift
    as "$who" sn-feed --json "$@" | jq -r '
        def name: if .own then "I" else .petname // "somebody" end;
        "\(.from | name)\(if .through then ", through \(.through | name)" else "" end): \(.type): \(.text)"'
}
# id NAME TEXT: of the packet with this text.
# round NAME...: each of them does a round.
round() { for who; do as "$who" sn-sync; done; }

as alice sn-pack status 'Back from the hills.' | as alice sn-seal --to all | as alice sn-send
ok 'sn-recv prints the file that came' test -f "$(as bob sn-recv)"
ok 'sn-ingest takes it in' as bob sn-ingest
is 'Bob reads it' "$(feed bob)" 'alice: status: Back from the hills.'
round carol
is 'Carol reads it' "$(feed carol)" 'alice: status: Back from the hills.'
is 'Alice sees what she sent' "$(feed alice)" 'I: status: Back from the hills.'
is 'nothing is left to be read' "$(ls bob/inpackets/new)" ''
is 'nothing is left in their post' "$(find post/bob post/carol -type f)" ''

ok 'the photograph says where it was taken' sh -c 'exiftool -GPSPosition "$1" | grep GPS' - "$photo"
as alice sn-pack photo "$photo" --text 'The ridge' --alt 'Blue ridges' | as alice sn-seal --to all | as alice sn-send
round bob carol
is 'Bob sees the photograph' "$(feed bob -n 1)" 'alice: photo: The ridge'
as bob sn-get "$(id_of bob 'The ridge')" -o got.jpg
is 'it is the same picture' "$(exiftool -s3 -ImageSize got.jpg)" 1280x853
is 'and tells nothing of its maker' \
    "$(exiftool -s3 -G1 -GPS:all -ExifIFD:all -XMP:all -Make -Model -Artist -SerialNumber got.jpg)" ''
as bob sn-get "$(id_of bob 'The ridge')" --preview -o preview.jpg
ok 'its preview is small' test "$(wc -c <preview.jpg)" -le 16384
is 'and a picture' "$(exiftool -s3 -FileType preview.jpg)" JPEG

as bob sn-pack comment --about "$(id_of bob 'The ridge')" 'What a ridge!' | as bob sn-seal | as bob sn-send
round alice carol
is 'Alice gets the comment' "$(feed alice -n 1)" 'bob: comment: What a ridge!'
is 'Carol gets it through Alice' "$(feed carol -n 1)" 'somebody, through alice: comment: What a ridge!'
as carol sn-pack reaction --about "$(id_of carol 'What a ridge!')" '⛰' | as carol sn-seal | as carol sn-send
round alice bob
is 'a reaction to the comment comes back to Bob' "$(feed bob -n 1)" 'somebody, through alice: reaction: ⛰'

as bob sn-pack message --to alice 'For you alone.' | as bob sn-seal | as bob sn-send
round alice carol
is 'Alice gets a message' "$(feed alice -n 1)" 'bob: message: For you alone.'
is 'Carol does not' "$(feed carol | grep -c message)" 0
is 'and the feed says nothing of readers where there is one' "$(as alice sn-feed -n 1 --json | jq .to)" null
as alice sn-pack message --to bob --to carol 'For you two.' | as alice sn-seal | as alice sn-send
round bob carol
is 'a message to two says to each who the other is' "$(as bob sn-feed -n 1 | sed -n '1s/ · just now.*//p')" \
    "alice · message to you, $(as alice sn-contact list | awk '$1 == "carol" { print $4 }')"
as alice sn-pack message --to bob 'For Bob alone.' >message.xml
fails 77 'a message is not sealed for anybody else' as alice sn-seal --to carol message.xml

meet bob carol
as alice sn-pack status --share 'Tell everybody.' | as alice sn-seal --to bob | as alice sn-send
as alice sn-pack status 'Keep it.' | as alice sn-seal --to bob | as alice sn-send
round bob
as bob sn-pack share "$(id_of bob 'Tell everybody.')" --text 'Listen:' | as bob sn-seal --to carol | as bob sn-send
round carol
is 'Carol gets what Bob shares' "$(feed carol -n 1)" 'bob: share: Listen:'
as alice sn-pack photo --share "$photo" --text 'For everybody.' | as alice sn-seal --to bob | as alice sn-send
round bob
everybodys=$(id_of bob 'For everybody.')
as bob sn-pack share "$everybodys" | as bob sn-seal --to carol | as bob sn-send
round carol
as bob sn-get "$everybodys" -o bob.jpg
as carol sn-get "$everybodys" -o carol.jpg
ok 'and the file of a photograph that he shares' cmp bob.jpg carol.jpg
ok 'what may not be shared is not' sh -c '! SN_HOME=bob sn-pack share "$1"' - "$(id_of bob 'Keep it.')"

head -c 9000000 /dev/urandom >large
as alice sn-pack message --to carol 'A large file.' --file large | as alice sn-seal | as alice sn-send
ok 'its chunks come after it' test "$(as carol sn-recv | wc -l)" -gt 3
as carol sn-ingest
as carol sn-get "$(id_of carol 'A large file.')" -o large.got
ok 'a large file arrives whole' cmp large large.got
fails 73 'a file that is there is not replaced' as carol sn-get "$(id_of carol 'A large file.')" -o large.got

echo '<move xmlns="urn:example:chess">e4</move>' >move.xml
as alice sn-pack app org.example.chess.move move.xml --to bob | as alice sn-seal | as alice sn-send
round bob
is 'an application that is not here is kept in silence' "$(feed bob | grep -c chess)" 0
ok 'even when it is asked for, by people' sh -c '! SN_HOME=bob sn-feed --type org.example.chess.move | grep .'
is 'when it comes later, it finds what was said' \
    "$(as bob sn-feed --type org.example.chess.move --json | jq -r .xml | xmllint --xpath 'string(//*[local-name() = "move"])' -)" e4

for _ in 1 2; do round alice bob carol; done
is 'all is confirmed' "$(as alice sn-feed --json | jq -r 'select(.from.own) | select(.delivery.sealed != .delivery.confirmed)')" ''
is 'nothing is on its way any more' "$(as alice sn-send -p | grep -c waiting)" 0
as alice sn-pack status 'Once.' | as alice sn-seal --to bob >sealed.pem
for _ in 1 2; do
    as alice sn-send sealed.pem
    round bob
done
as bob sn-ingest sealed.pem
is 'what comes three times is there once' "$(feed bob | grep -c Once)" 1

# As from cron, by its whole path.
mkdir "$T/beside"
cp "$(command -v sn-sync)" "$T/beside"
for command in contact recv ingest seal send; do
    ln -s "$(command -v sn-$command)" "$T/beside"
done
ok 'a round finds the commands beside it' env PATH=/usr/bin:/bin SN_HOME="$T/alice" "$T/beside/sn-sync"

plan
