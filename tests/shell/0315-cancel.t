#!/bin/sh
# Alice thinks better of it while it still waits: what becomes of the packet, and of what is said about it.
. tests/lib.sh

account alice bob carol
meet alice bob
meet alice carol
printf '[due]\nrelay = "0s"\nconfirm = "0s"\n' >>"$T/alice/config.toml"
for who in carol alice bob; do as $who sn-sync; done
export SN_DRIVERS="$T/drivers"
new=$T/alice/outpackets/new
mkdir "$T/drivers"
# away: nothing leaves any more; back: it does again.
away() {
    printf '#!/bin/sh\nexit 75\n' >"$T/drivers/sn-send-file"
    chmod +x "$T/drivers/sn-send-file"
}
back() { rm "$T/drivers/sn-send-file"; }
# cancel READER: what waits for them.
cancel() {
    reader=$(as alice sn-contact list --json | jq -r --arg name "$1" 'select(.name == $name).fingerprint')
    grep -l "^To: $reader" "$new"/* | xargs rm
}
take_back() { as alice sn-pack retract "$(id_of alice "$1")" | as alice sn-seal >"$T/sealed" 2>"$T/said"; }

away
say alice status 'I quit!' 2>"$T/said"
cancel bob
cancel carol
ok 'what was cancelled for everybody can be taken back' take_back 'I quit!'
is 'nothing is sealed for it' "$(wc -c <"$T/sealed")" 0
ok 'and that is said' has "$T/said" 'is done here alone: there is nobody to send it to'
is 'it is gone from her feed' "$(as alice sn-feed)" ''

say alice status 'I quit on Friday!' 2>"$T/said"
cancel bob
cancel carol
as alice sn-pack retract "$(id_of alice 'I quit on Friday!')" >"$new/think-better.xml"
as alice sn-seal --due 2>"$T/said"
ok 'a retraction that is dropped says so too' has "$T/said" 'is done here alone: there is nobody to send it to'
is 'and is done with' "$(ls "$new")$(as alice sn-feed)" ''

back
root=$(as alice sn-pack status 'Anybody for the lake?')
echo "$root" | as alice sn-seal --to carol | as alice sn-send
away
echo "$root" | as alice sn-seal --to bob | as alice sn-send 2>"$T/said"
back
as carol sn-sync
as carol sn-pack comment --about "$(id_of carol 'Anybody for the lake?')" 'Me!' | as carol sn-seal | as carol sn-send
as alice sn-recv | as alice sn-ingest
cancel bob
as alice sn-sync
as bob sn-sync
is 'a comment that was owed does not leave, though sn-seal runs first' \
    "$(as bob sn-feed; sqlite3 "$T/bob/socialnet.db" "SELECT count(*) FROM packet WHERE text = 'Me!'")" 0
is 'and she has it' "$(id_of alice 'Me!' | wc -l)" 1

plan
