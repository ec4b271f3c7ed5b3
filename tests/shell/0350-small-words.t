#!/bin/sh
# What commands say when something small is wrong: once, in the right order, with what to do next.
. tests/lib.sh

account alice bob
meet alice bob
cd "$T"

nobody() { SN_HOME=$T/nobody "$@"; }
fails 78 'sn-sync without an account says so once' nobody sn-sync
SN_HOME=$T/alice flock alice/state/round.lock sn-sync >out 2>&1
is 'a round beside another one is silent' "$(cat out)" ''
ok 'and says so without a lock, too' as alice sn-sync

# What a driver, or the command that prints a password, leaves behind on purpose: an agent, say.
mkdir "$T/drivers"
cat >"$T/drivers/sn-recv-agent" <<'END'
#!/bin/sh
setsid sleep 300 </dev/null >/dev/null 2>&1 & echo $! >>"$SN_STATE/pids"
END
sed 's/recv/send/' "$T/drivers/sn-recv-agent" >"$T/drivers/sn-send-agent"
chmod +x "$T/drivers"/*
cp -a alice busy
printf '\n[[receive]]\nsource = "agent:"\n[send.agent]\n' >>busy/config.toml
busy() { SN_DRIVERS=$T/drivers SN_HOME=$T/busy timeout 60 "$@"; }
busy sn-contact address bob agent:bob
ok 'a round is done, though it leaves an agent running' busy sn-sync
busy sn-pack status 'To bob.' | busy sn-seal --to bob | busy sn-send
ok 'as the next one' busy sn-sync
is 'which sent by one, too' "$(set -- busy/state/*/pids && echo $#)" 2
ok 'agents hold no lock' flock -n busy/state/round.lock true
cat busy/state/*/pids | xargs kill
rm -r busy

printf 'nonsense' >busy.toml && mv busy.toml "$T/alice/config.new"
cp -a alice broken && mv broken/config.new broken/config.toml
wrong_settings() { SN_HOME=$T/broken sn-sync; }
fails 78 'what is wrong with the settings is said by who was called' wrong_settings
ok 'and by nobody else' sh -c "! grep -v '^sn-sync: ' '$T/said'"
rm -r broken alice/config.new

fails 64 'an empty reaction is nothing to say' as alice sn-pack reaction --about 000000 ''
fails 64 'as an empty status is' as alice sn-pack status ''

as bob sn-contact invite >invitation.pem
fails 65 'sn-open takes no invitation' as alice sn-open invitation.pem
ok 'and says where it belongs' has said "'sn-contact add' takes it"
fails 65 'nor does sn-ingest' as alice sn-ingest invitation.pem
ok 'which says the same' has said "'sn-contact add' takes it"

as alice sn-pack status 'A note.' --file invitation.pem | as alice sn-seal --to bob | as alice sn-send
as bob sn-sync
id=$(as bob sn-feed --json | jq -r 'select(.attachments != []).id')
fails 73 'sn-get writes into no folder that is not there' as bob sn-get "$id" -o "$T/nowhere/x"
ok 'and names the file that was asked for' has said "cannot create '$T/nowhere/x': No such file or directory"

printf 'ftypheic' >p.heic
fails 65 'a photograph of an unknown kind is none' as alice sn-pack photo p.heic
ok 'what is sent as it is tells more' has said 'such as where it was taken'
me=$(as alice sn-profile show --json | jq -r .fingerprint)
fails 64 'nobody mutes themselves' as alice sn-contact mute "$me"
full() { as alice sn-check >/dev/full; }
fails 74 'a full disk is told' full
ok 'with what was written' has said 'cannot write to standard output: No space left on device'

sed 's/^MII/MIX/' invitation.pem >broken.pem
sn-show broken.pem >out 2>&1 || true
is 'sn-show explains before it says what is wrong' "$(tail -n 1 out | cut -d : -f 1)" sn-show

as alice sn-pack status 'Of one kind.' >clear.xml
cat clear.xml invitation.pem clear.xml clear.xml invitation.pem | as alice sn-show >out
is 'sn-show explains all that one file holds, of whatever kind' \
    "$(sed -n 's/^standard input: \(.*\),.*bytes$/\1/p' out | tr '\n' ';')" \
    'a clear packet, not signed;signed, PEM;a clear packet, not signed;a clear packet, not signed;signed, PEM;'
{ cat clear.xml && echo 'garbage'; } >mixed
fails 65 'and what is of no kind is refused' as alice sn-show mixed

as alice sn-pack message --to bob 'Between us.' | as alice sn-seal | as alice sn-send
ok 'the feed says to whom a message went' sh -c 'SN_HOME=alice sn-feed | grep "message to bob"'
is 'as JSON, too' "$(as alice sn-feed --json | jq -r 'select(.type == "message").to[].petname')" bob
is 'and of nothing else' "$(as alice sn-feed --json | jq -c 'select(.type == "status").to')" null

for words in one two; do
    as bob sn-pack status "Number $words" | as bob sn-seal --to alice
done >both.pem
fails 65 'sn-ingest takes one envelope a file' as alice sn-ingest both.pem
ok 'and says how to part them' has said "csplit -sz FILE '/^To: /' '{*}'"
csplit -sz -f part. both.pem '/^To: /' '{*}'
ok 'as its page does' as alice sn-ingest part.*
is 'and both are there' "$(as alice sn-feed --json | jq -r .text | grep -c Number)" 2
fails 74 'a file that is not there' as alice sn-ingest nofile
ok 'is said as everywhere' has said "cannot open 'nofile': No such file or directory"

plan
