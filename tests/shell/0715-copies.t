#!/bin/sh
# The old machine runs on beside the new one: who tells the owner, where they see it, and how it ends.
. tests/lib.sh
. tests/web.sh
trap 'kill $web 2>/dev/null || :; wait; rm -rf "$T"' EXIT

account alice bob
meet alice bob
cd "$T"

cp -a alice old
as alice sn-init --moved
say alice status 'By the new machine.'
say old status 'By the old machine.'
as bob sn-sync
is 'both are read' "$(as bob sn-feed --json --from alice | jq -r .text | sort)" 'By the new machine.
By the old machine.'
say bob status 'Which of you?'
fails 77 'the owner is told' as alice sn-sync
ok 'by whom' grep 'another copy of this account is sending: bob had something from it, told first 20.*Z, last 20.*Z$' said
ok 'and what to do' grep "^sn-ingest: hint: .*'sn-init --moved' on the machine that stays" said
as alice sn-feed >shown 2>said
ok 'whoever reads sees it too' has said 'sn-feed: another copy of this account is sending: bob'
as alice sn-check >shown 2>said || code=$?
is 'and whoever asks' "$code: $(grep -c '^WRONG *copies' shown)" '77: 1'
start alice
ask "$(sed "s|$here||" address)" -c jar >said
inside /people >said
ok 'in a browser, on every page' has answer '<p>Another copy of this account is sending: bob had something from it'
kill "$web" && wait "$web" && web=''
as alice sn-init --moved
ok 'until they have chosen' as alice sn-sync
as alice sn-feed >shown 2>said
is 'then nobody says more' "$(cat said)" ''

plan
