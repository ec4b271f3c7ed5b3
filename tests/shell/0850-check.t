#!/bin/sh
# sn-check: what the doctor says of accounts and drivers that are well, and of those that are not.
. tests/lib.sh

mkdir "$T/drivers" "$T/spool"
export SN_DRIVERS="$T/drivers"
# driver NAME: the program on standard input.
driver() {
    cat >"$T/drivers/$1"
    chmod +x "$T/drivers/$1"
}
# doctor NAME WORD...: what it says, in $T/doctor, and how it ends, in $T/code.
doctor() {
    who=$1
    shift
    echo 0 >"$T/code"
    as "$who" sn-check "$@" >"$T/doctor" 2>"$T/said" || echo $? >"$T/code"
}
code() { is "$1" "$(cat "$T/code")" "$2"; }

account alice bob
doctor alice
code 'a new account is well' 0
ok 'and not run by cron yet' grep -A1 -E '^hint  rounds: nothing has been fetched' "$T/doctor"
ok 'what to do stands behind an arrow' grep -E '^      -> let cron do it' "$T/doctor"
meet alice bob
doctor alice --send
code 'with a friend, too' 0
ok 'who can be reached' grep -qx 'ok    contacts: there is a way to every friend (1)' "$T/doctor"
ok 'and a packet to oneself comes back' grep -E "^ok    file://$T/post/alice: a packet to yourself came back" "$T/doctor"
is 'of which nothing is left' "$(find "$T/post/alice" "$T/alice/inpackets" -type f)" ''
ok 'all of it as JSON' sh -c "SN_HOME='$T/alice' sn-check --json | jq -es 'all(.level == \"ok\")'"

# As it is 40 days after his keys have ended.
sqlite3 "$T/alice/socialnet.db" 'UPDATE contact SET given_up = 2'
doctor alice
ok 'what was never sealed is told' \
    grep -E '^hint  queue: 2 packets for bob were never sealed and are given up: no new keys' "$T/doctor"
sqlite3 "$T/alice/socialnet.db" "UPDATE contact SET petname = 'b' || char(8238) || 'ob'"
as alice sn-check --json >"$T/doctor"
ok 'no name turns a line of JSON around' lacks "$T/doctor" "$(printf '\342\200\256')"
is 'and yet it is in it' "$(jq -r 'select(.about == "queue").text' "$T/doctor" | grep -c "$(printf 'b\342\200\256ob')")" 1
sqlite3 "$T/alice/socialnet.db" "UPDATE contact SET given_up = 0, petname = 'bob'"

# What is wrong with the account.
faketime '+40 days' env SN_HOME="$T/alice" sn-check >"$T/doctor" 2>"$T/said" || true
ok 'keys that nobody uses any more' grep -E '^WRONG sealing keys: .* others use them until' "$T/doctor"
rmdir "$T/post/alice"
doctor alice
code 'a folder to fetch from that is not there' 74
ok 'is told' grep -E "^WRONG file://$T/post/alice: cannot open" "$T/doctor"
is 'with what to do, as everything that is wrong' "$(grep -A 1 '^WRONG' "$T/doctor" | grep -c -- '^      -> ')" \
    "$(grep -c '^WRONG' "$T/doctor")"
mkdir "$T/post/alice"
sed -i 's/^\[send.file\]/[send.none]/' "$T/alice/config.toml"
doctor alice
ok 'a friend who is out of reach' grep -E '^WRONG contacts: nothing can be sent to bob: the settings have no \[send.file\]' "$T/doctor"
ok 'a driver that is not there' grep -E "^WRONG \[send.none\]: there is no program 'sn-send-none'" "$T/doctor"
# Asked, and not yet a friend: nothing is heard of a request that never left.
as bob sn-contact invite >"$T/invitation"
mkdir -p "$T/elsewhere/zoe"
as zoe sn-init --name zoe --address "file://$T/elsewhere/zoe" >"$T/result"
as zoe sn-contact add <"$T/invitation"
as zoe sn-sync
doctor zoe
ok 'somebody who was asked, and is out of reach' \
    grep -E "^WRONG contacts: nothing can be sent to bob: .* not beneath a folder of roots in \[send.file\]" "$T/doctor"
as zoe sn-contact address bob "file://$T/post/bob"
doctor zoe
ok 'and with a way' grep -qx 'ok    contacts: there is a way to everybody who was asked' "$T/doctor"
chmod 644 "$T/alice/identity/identity.key"
doctor alice
ok 'a key that others can read' grep -E "^WRONG $T/alice/identity: others can read identity.key" "$T/doctor"

# Drivers.
driver sn-send-old <<'END'
#!/bin/sh
# The example of socialnet-driver(7), which has never heard of --check.
if [ "$1" = --capabilities ]; then echo version=1; exit; fi
while read -r id kind address file; do printf 'sent\t%s\n' "$id"; done
END
driver sn-recv-old <<'END'
#!/bin/sh
echo 'sn-recv-old: unknown option' >&2
exit 64
END
driver sn-recv-refused <<'END'
#!/bin/sh
echo "sn-recv-refused: login as 'alice' was refused: no" >&2
exit 77
END
cat >"$T/bob/config.toml" <<END
[send.old]
[[receive]]
source = 'old:x'
END
doctor bob
is 'drivers that know nothing of it can not be checked' \
    "$(grep -c "^hint .*: its driver can't be checked" "$T/doctor") $(grep -c 'unknown option' "$T/doctor")" '2 0'
cat >"$T/bob/config.toml" <<END
[send.file]
roots = ['$T/post']
[[receive]]
source = 'refused://alice@imap.gmail.com'
END
doctor bob
code 'who is not let in' 77
ok 'is told why' grep -E "^WRONG refused:.*: login as 'alice' was refused: no" "$T/doctor"
ok 'and what to do at that provider' grep -E '^      -> Google wants an app password' "$T/doctor"

driver sn-recv-refused <<'END'
#!/bin/sh
printf 'sn-recv-refused: %s\n' 'pass: no such entry' 'password-command failed' 'hint: mend the password' >&2
exit 77
END
cat >"$T/bob/config.toml" <<END
[[receive]]
source = 'refuseds://alice@mail.example.org'
END
doctor bob
ok 'what the reason is, and what a command of the settings said' \
    grep -E '^WRONG refuseds:[^ ]*: password-command failed \(pass: no such entry\)$' "$T/doctor"
ok 'and what helps' grep -qx '      -> mend the password' "$T/doctor"

# While sn-recv --watch runs, its way is in use, which is not wrong.
driver sn-recv-watched <<'END'
#!/bin/sh
[ "$1" = --watch ] || exit 64
: >"$SN_STATE/watching"
read -r end
END
cat >"$T/bob/config.toml" <<END
[send.file]
roots = ['$T/post']
[[receive]]
source = 'watched:x'
END
mkfifo "$T/watch"
SN_HOME="$T/bob" sn-recv --watch >"$T/watch" &
watch=$!
tries=0
exec 8<"$T/watch"
until ls "$T/bob/state"/*/watching >/dev/null 2>&1 || [ $tries -ge 600 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
doctor bob
code 'a way that another command is using is not wrong' 0
ok 'and told as one' grep -qx 'hint  watched:x: not looked at: another command is using it' "$T/doctor"
kill "$watch"
wait "$watch" 2>/dev/null || true
exec 8<&-
printf "[send.file]\nroots = ['%s']\n" "$T/post" >"$T/bob/config.toml"
doctor bob
code 'an account that mail is handed to may fetch nothing' 0
ok 'with a hint' grep -qx 'hint  profile: it names addresses, and nothing is fetched from anywhere' "$T/doctor"


# Settings that would end the driver are found before.
# wrong SOURCE SETTING...: what is said of a table with them.
wrong() {
    {
        printf "[send.file]\nroots = ['%s']\n[[receive]]\nsource = '%s'\n" "$T/post" "$1"
        shift
        printf '%s\n' "$@"
    } >"$T/bob/config.toml"
    doctor bob
    sed -n 's/^WRONG [^ ]*: //p' "$T/doctor"
}
mkdir -p "$T/Maildir/new" "$T/Maildir/cur" "$T/Maildir/tmp"
for source in "maildir:$T/Maildir" imap://alice@localhost:1 pop3://alice@localhost:1; do
    for setting in "then = 'forget'" "then = 'move'" "keep-for = '7 dais'" "poll = 'x'"; do
        wrong "$source" "password-command = 'echo x'" "$setting" >"$T/words"
        ok "${source%%:*} with $setting" grep -E "${setting%% *}|move-to|kept or deleted" "$T/words"
        code 'is wrong' 78
    done
done
wrong imap://alice@localhost:1 "password-command = 'echo x'" "idle = 'x'" >"$T/words"
ok 'imap with an idle that is no time' grep -F "the setting 'idle'" "$T/words"
is 'a folder to move to that is not there' \
    "$(wrong "maildir:$T/Maildir" "then = 'move'" "move-to = '$T/nowhere'")" "there is no folder '$T/nowhere'"
wrong imaps://alice:pw@localhost:1 "password-command = 'echo x'" >"$T/words"
ok 'a password in the source' grep -F 'has a password in it' "$T/words"

driver sn-send-spam <<END
#!/bin/sh
if [ "\$1" = --check ]; then echo version=1; echo max-bytes=1000000; exit; fi
while read -r id kind address file; do
    cp "\$file" "$T/spool/" && printf 'sent\t%s\n' "\$id"
done
END
driver sn-recv-spam <<END
#!/bin/sh
if [ "\$1" = --check ]; then
    printf 'version=1\nidle=no\nfolder=INBOX\nspam=Junk\nfull=97\nnewest=%s\n' \$((\$(date +%s) + 7200))
    exit
fi
for file in "$T"/spool/*; do
    [ -f "\$file" ] || continue
    name=\$(sha256sum <"\$file") && name=\${name%% *}
    mv "\$file" "\$2/new/\$name" && printf '%s\tJunk\n' "\$name"
done
END
cat >"$T/bob/config.toml" <<END
[send.spam]
[[receive]]
source = 'spam:x'
END
as bob sn-profile set --address spam:x
doctor bob --send
ok 'a filter that takes packets for spam' grep -E "^hint  spam:x: a packet to yourself came back .* from the folder 'Junk'" "$T/doctor"
ok 'whose folder is not read' grep -E "^hint  spam:x: the folder for spam, 'Junk', is not read" "$T/doctor"
ok 'small mails' grep -E '^hint  \[send.spam\]: works, for at most 1.0 MB at once' "$T/doctor"
ok 'a server that does not tell of new mail' grep -E '^hint  spam:x: the server does not tell of new mail' "$T/doctor"
ok 'a mailbox that is nearly full' grep -E '^hint  spam:x: the mailbox is 97 % full' "$T/doctor"
ok 'a clock that is behind' grep -E "^WRONG spam:x: this machine's clock is 1[0-9][0-9] minutes behind" "$T/doctor"

driver sn-recv-spam <<'END'
#!/bin/sh
if [ "$1" = --check ]; then echo version=1; fi
END
doctor bob --send --wait 1s
ok 'a packet that does not come back' grep -E '^WRONG spam:x: a packet to yourself has not come back within 1 s' "$T/doctor"
code 'and what needs a person counts before what time may heal' 78
fails 64 'a time is one' as bob sn-check --send --wait soon

plan
