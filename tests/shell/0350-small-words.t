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

plan
