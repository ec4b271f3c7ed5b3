#!/bin/sh
# The standard, read by somebody else: tests/second is a node in Python, written from the manual pages alone. Bob runs it;
# Alice and Carol run the commands.
. tests/lib.sh
python=${CARGO_TARGET_DIR:-target}/second/bin/python
export PYTHONPATH=tests PYTHONPYCACHEPREFIX="${CARGO_TARGET_DIR:-target}/second/pycache"

period='' # of faketime(1), which lets weeks go by
bob() { in_time "$python" -m second "$T/bob" "$@"; }
# round: Bob fetches, reads, answers and sends.
round() { bob round >>"$T/refusals" 2>&1; }
sync() { as "$1" in_time sn-sync 2>>"$T/refusals"; }
in_time() { if test "$period"; then faketime -f "$period" "$@"; else "$@"; fi; }
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
    as "$name" in_time sn-pack "$@" >"$T/clear" && as "$name" in_time sn-seal --to all "$T/clear" >"$T/sealed" &&
        as "$name" in_time sn-send "$T/sealed"
}
# tell NAME WORD...: the same, for whom the packet itself names.
tell() {
    name=$1
    shift
    as "$name" in_time sn-pack "$@" >"$T/clear" && as "$name" in_time sn-seal "$T/clear" >"$T/sealed" &&
        as "$name" in_time sn-send "$T/sealed"
}

# later PERIOD: so long after now, for everybody, from here on.
later() { period="+$1"; }

# Questions in jq's language about the feed and the people of Bob, and of NAME, of which the answer is true.
bobs_feed() { bob feed >"$T/answer" && asked "$@"; }
bobs_people() { bob contacts >"$T/answer" && asked "$@"; }
bobs_friends() { bob contacts | jq 'select(.state == "friend")' >"$T/answer" && asked "$@"; }
feed_of() { as "$1" sn-feed --json >"$T/answer" && shift && asked "$@"; }
people_of() { as "$1" sn-contact list --json >"$T/answer" && shift && asked "$@"; }
asked() { jq -se "$@" "$T/answer" >"$T/true" || { jq -c . "$T/answer" && false; }; }
# The id of the packet with these words, in Bob's feed or NAME's.
id() { bob feed | jq -r --arg text "$1" 'select(.text == $text).id'; }
id_at() { as "$1" sn-feed --json | jq -r --arg text "$2" 'select(.text == $text).id'; }

for kind in packet invitation seal search; do
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
# packet VERSION ID TYPE NAME: one of the future.
packet() {
    printf '<packet xmlns="urn:socialnet:packet:%s" id="01a20311-12e9-75b8-a508-%012d" type="%s" from="%s" ' "$1" "$2" "$3" "$4"
    printf 'created="2026-11-22T10:15:00Z">\n  <fallback>From the future.</fallback>\n</packet>'
}
packet 2 1 status "$(cat "$T/fingerprint")" >"$T/clear"
ok 'Bob sends a packet of version 2' bob clear alice <"$T/clear"
packet 1 2 poke "$(as alice sn-profile show --json | jq -r .fingerprint)" >"$T/clear"
ok 'Alice one of an unknown type' as alice sh -c 'sn-seal --to bob "$1" | sn-send' - "$T/clear"
everybody
everybody
ok 'she keeps his, and shows its fallback' \
    feed_of alice 'any(.text == "From the future." and .from.petname == "bob" and .understood == false)'
ok 'he keeps hers' bobs_feed 'any(.text == "From the future." and .from == "alice" and .understood == false)'
# bob_has PROGRAM: the answer is true of what he remembers.
bob_has() { jq -e "$1" "$T/bob/state.json" >"$T/true" || { jq . "$T/bob/state.json" && false; }; }
ok 'and has been told that his was not understood' bob_has 'any(.items[]; .type == "not-understood" and .through != "")'
ok 'and told her' bob_has 'any(.items[]; .type == "not-understood" and .through == "" and .audience != [])'

# At random, but always the same.
ok 'words in many scripts, and files of many lengths, arrive as they were' \
    "$python" -m second.chatter "$T/bob" "$T/alice" 2026

# Alice makes Bob and Dave known to each other.
account dave
meet alice dave
round
sync alice
sync dave
as alice sn-contact introduce bob dave
sync alice
round
sync dave
ok 'Bob knows of Dave' bobs_people 'any(.name == "dave" and .state == "introduced" and .grade == "introduced")'
ok 'Dave knows of Bob' as dave sn-contact accept bob
bob accept dave
round
sync dave
round
ok 'they are friends' bobs_people 'any(.name == "dave" and .state == "friend")'
bob bye dave
round
sync dave
ok 'and no more' people_of dave 'any(.name == "bob" and .state == "gone")'

# What is lost is asked for after a day, and sent again.
say alice status 'Lost on the way to Bob.'
rm "$T"/post/bob/*.sn
say alice status 'Not lost.'
bob status 'Lost on the way to Alice.' >"$T/id"
rm "$T"/post/alice/*.sn
bob status 'Not lost either.' >"$T/id"
everybody
ok 'Bob misses something' bobs_friends 'any(.missing == 1)'
later 25h
everybody
everybody
sync alice
ok 'a day later he has it' bobs_feed 'any(.text == "Lost on the way to Bob.")'
ok 'and so has Alice' feed_of alice 'any(.text == "Lost on the way to Alice.")'
ok 'he misses nothing' bobs_friends 'all(.missing == 0)'
ok 'she knows that he has it' feed_of alice 'any(.text == "Lost on the way to Bob." and .delivery.confirmed == 2)'
ok 'and he that she has' bobs_friends 'all(.sent == .confirmed)'

# Keys are renewed after 20 days, and destroyed after 60.
later 21d
everybody
everybody
is 'Bob has two pairs for contacts' "$(bob keys | grep -c sealing)" 2
ok 'he told his friends' people_of alice 'any(.name == "bob" and .serial == 2)'
ok 'and was told of theirs' bobs_friends 'all(.serial == 2)'
say alice status 'Under new keys.'
bob status 'Under my new keys.' >"$T/id"
everybody
ok 'Bob opens what comes under them' bobs_feed 'any(.text == "Under new keys.")'
ok 'and so does Alice' feed_of alice 'any(.text == "Under my new keys.")'

# Both were away until all keys had ended.
later 100d
say alice status 'After a long silence.' || true
bob status 'After a long silence of his.' >"$T/id"
everybody
everybody
everybody
ok 'Bob reads what Alice could not seal at first' bobs_feed 'any(.text == "After a long silence.")'
ok 'and she reads him' feed_of alice 'any(.text == "After a long silence of his.")'
is 'he has destroyed his old pairs' "$(bob keys | grep -c sealing)" 1
plan
