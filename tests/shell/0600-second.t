#!/bin/sh
# The standard, read by somebody else: tests/second is a node in Python, written from the manual pages alone. Bob runs it;
# Alice and Carol run the commands.
. tests/lib.sh
python=${CARGO_TARGET_DIR:-target}/second/bin/python
export PYTHONPATH=tests PYTHONPYCACHEPREFIX="${CARGO_TARGET_DIR:-target}/second/pycache"

bob() { "$python" -m second "$T/bob" "$@"; }
# round: Bob fetches, reads, answers and sends.
round() { bob round >>"$T/refusals" 2>&1; }
sync() { as "$1" sn-sync; }
# everybody: what each of them has said reaches the others; twice, so do the answers and what is passed on.
everybody() {
    sync alice
    round
    sync carol
    round
}
# say NAME WORD...: what sn-pack makes of the words, for everybody.
say() {
    name=$1
    shift
    as "$name" sn-pack "$@" >"$T/clear" && as "$name" sn-seal --to all "$T/clear" >"$T/sealed" &&
        as "$name" sn-send "$T/sealed"
}
# tell NAME WORD...: the same, for whom the packet itself names.
tell() {
    name=$1
    shift
    as "$name" sn-pack "$@" >"$T/clear" && as "$name" sn-seal "$T/clear" >"$T/sealed" && as "$name" sn-send "$T/sealed"
}

# Questions in jq's language about the feed and the people of Bob, and of NAME, of which the answer is true.
bobs_feed() { bob feed >"$T/answer" && asked "$@"; }
bobs_people() { bob contacts >"$T/answer" && asked "$@"; }
feed_of() { as "$1" sn-feed --json >"$T/answer" && shift && asked "$@"; }
people_of() { as "$1" sn-contact list --json >"$T/answer" && shift && asked "$@"; }
asked() { jq -se "$@" "$T/answer" >"$T/true" || { jq -c . "$T/answer" && false; }; }
# The id of the packet with these words, in Bob's feed or NAME's.
id() { bob feed | jq -r --arg text "$1" 'select(.text == $text).id'; }
id_at() { as "$1" sn-feed --json | jq -r --arg text "$2" 'select(.text == $text).id'; }

for kind in packet invitation seal; do
    ok "every vector of $kind is judged as it says" "$python" -m second.vectors "$kind"
done

# Meeting, from either side.
account alice carol
printf "[due]\nrelay = '0s'\nconfirm = '0s'\n" | tee -a "$T/alice/config.toml" >>"$T/carol/config.toml"
meet alice carol
mkdir "$T/post/bob"
bob init Bob "$T/post/bob" --relay 0 --confirm 0 >"$T/fingerprint"
as alice sn-contact invite >"$T/for-bob"
ok "Bob reads an invitation of Alice's" bob add <"$T/for-bob"
round
sync alice
ok 'his request makes him a friend of hers' \
    people_of alice 'any(.name == "bob" and .state == "friend" and .grade == "invited")'
round
ok 'her answer makes her a friend of his' bobs_people '.[0].state == "friend" and .[0].grade == "invited"'
ok 'who confirmed his request' bobs_people '.[0].confirmed == 1'

bob invite >"$T/for-carol"
ok 'sn-show explains an invitation of his' as carol sn-show "$T/for-carol"
as carol sn-contact add <"$T/for-carol" 2>"$T/said"
sync carol
round
sync carol
round
ok 'Carol used its code' bobs_people '.[1].name == "carol" and .[1].state == "friend" and .[1].grade == "invited"'
ok 'and has him as a friend' people_of carol 'any(.name == "bob" and .state == "friend")'

# Words, both ways.
everybody
sync alice
bob status --share 'Hello from Python: <&> "ä" 🙂' >"$T/id"
as alice sn-open "$T"/post/alice/*.sn >"$T/opened"
ok 'sn-open opens what he sealed, and it is a packet of the schema' \
    xmllint --noout --relaxng lib/schema/packet-1.rng "$T/opened"
ok 'sn-show explains it' as alice sn-show "$T"/post/alice/*.sn
say alice status --share 'Back from the hills.'
tell alice message --to bob 'Bring bread, please.'
bob message 'Rye or wheat?' --to alice >"$T/id"
everybody
ok 'Alice reads Bob' feed_of alice 'any(.text == "Hello from Python: <&> \"ä\" 🙂" and .from.petname == "bob")'
ok 'Bob reads Alice' bobs_feed 'any(.text == "Back from the hills." and .from == "alice")'
ok 'Bob reads a message' bobs_feed 'any(.type == "message" and .text == "Bring bread, please.")'
ok 'Alice reads his' feed_of alice 'any(.type == "message" and .text == "Rye or wheat?")'
ok 'Carol reads neither' feed_of carol 'all(.type != "message")'

# Threads: comments go to the author of the root, who passes them on. Shares carry what their author signed.
hers=$(id 'Back from the hills.') his=$(id 'Hello from Python: <&> "ä" 🙂')
bob comment "$hers" 'Which hills?' >"$T/id"
bob share "$hers" >"$T/id"
tell carol comment --about "$his" 'Hello, Bob.'
tell carol comment --about "$his" 'Spam.'
tell carol reaction --about "$hers" 🏔
say carol share "$his"
everybody
everybody
ok 'Carol has his comment through Alice' \
    feed_of carol 'any(.text == "Which hills?" and .from.petname == "bob" and .through.petname == "alice")'
ok 'Alice has her comment through Bob' \
    feed_of alice 'any(.text == "Hello, Bob." and .from.petname == "carol" and .through.petname == "bob")'
ok 'Bob has her reaction through Alice' bobs_feed 'any(.type == "reaction" and .text == "🏔" and .through != "")'
ok 'Carol sees what Bob shared' feed_of carol 'any(.type == "share" and .from.petname == "bob")'
ok 'Bob sees what Carol shared' bobs_feed 'any(.type == "share" and (.shared // "" | startswith("Hello from Python")))'

# Changes of mind.
bob edit "$(id 'Rye or wheat?')" 'Rye, wheat or oats?' >"$T/id"
bob retract "$(id 'Which hills?')" >"$T/id"
bob retract "$(id 'Spam.')" >"$T/id"
bob reaction "$(id 'Hello, Bob.')" 👋 >"$T/id"
bob close "$his" >"$T/id"
tell alice edit "$hers" 'Back from the Blue Hills.'
tell alice retract "$(id_at alice 'Bring bread, please.')"
everybody
everybody
ok 'Alice sees his edit' feed_of alice 'any(.text == "Rye, wheat or oats?" and .edited) and all(.text != "Rye or wheat?")'
ok 'Carol no longer sees the comment that he took back' feed_of carol 'all(.text != "Which hills?")'
ok 'nor what he removed from his thread' feed_of carol 'all(.text != "Spam.")'
ok 'nor does Alice' feed_of alice 'all(.text != "Spam.")'
ok 'his reaction in his own thread is for all' feed_of alice 'any(.type == "reaction" and .text == "👋")'
ok 'Bob sees her edit' bobs_feed 'any(.text == "Back from the Blue Hills." and .edited)'
ok 'and that her message is gone' bobs_feed 'any(.type == "message" and .gone == "retracted" and .text == null)'
fails 77 'a thread that he closed is closed' as alice sn-pack comment --about "$his" 'Too late.'
ok 'she knows that all is confirmed' feed_of alice 'map(.delivery // empty) | all(.waiting == 0)'
ok 'and so does he' bobs_people 'all(.sent == .confirmed)'

# Attachments: inside the packet, in one chunk, and in two.
head -c 9000 /dev/urandom >"$T/small"
head -c 70000 /dev/urandom >"$T/middle"
head -c 4300000 /dev/urandom >"$T/large"
digest() { sha256sum "$T/$1" | cut -c 1-64; }
bob status 'Files of his.' --to alice --file "$T/small" --file "$T/middle" --file "$T/large" >"$T/id"
say alice status 'Files of hers.' --file "$T/small" --file "$T/middle" --file "$T/large"
everybody
everybody
got() { as alice sn-get "$(id_at alice 'Files of his.')" "$1" -o - | sha256sum | cut -c 1-64; }
for number in 1:small 2:middle 3:large; do
    file=${number#*:} number=${number%:*}
    is "Alice has his $file file" "$(got "$number")" "$(digest "$file")"
    is "Bob has her $file file" "$(bob get "$(id 'Files of hers.')" "$number")" "$(digest "$file")"
done
ok 'she knows that his copy is complete' as alice sh -c '! sn-send -p | grep blob >&2'
ok 'he knows that hers is' bobs_people '.[0].chunks == 3'

# What the other one does not understand.
future() {
    printf '<packet xmlns="urn:socialnet:packet:%s" id="01a20311-12e9-75b8-a508-%012d" type="%s" from="%s" created="%s">' \
        "$1" "$2" "$3" "$4" 2026-11-22T10:15:00Z
    printf '<fallback>From the future.</fallback></packet>'
}
future 2 1 status "$(cat "$T/fingerprint")" >"$T/clear"
ok 'Bob sends a packet of version 2' bob clear alice <"$T/clear"
everybody
ok 'Alice keeps it, and shows its fallback' feed_of alice 'any(.text == "From the future." and .understood == false)'
ok 'Bob is told what she does understand' has "$T/bob/state.json" '"not-understood"'
plan
