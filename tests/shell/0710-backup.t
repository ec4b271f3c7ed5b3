#!/bin/sh
# A backup is made, checked, opened by hand with other people's tools, and restored; one that is broken restores nothing.
. tests/lib.sh

account alice bob
meet alice bob
cd "$T"
head -c 3000000 /dev/urandom >file
as alice sn-pack status 'Before the backup.' --file file >clear.xml
as alice sn-seal --to bob clear.xml >sealed.pem
as alice sn-send sealed.pem
as bob sn-sync
as alice sn-sync
passphrase='correct horse battery staple'
printf '%s\n' "$passphrase" >secret
words="cat $T/secret"

backup() { as "$1" sn-backup "$2" --passphrase-command "$words" "$3"; }

ok 'a backup is made' backup alice create alice.backup
ok 'and found whole' backup alice verify alice.backup
fails 73 'a backup is never overwritten' backup alice create alice.backup
is 'it is for its owner alone' "$(stat -c %a alice.backup)" 600
ok 'the copy of the database is gone' test ! -e alice/state/backup.work
as alice sn-backup create --passphrase-command "$words" - >piped.backup
ok 'one can be piped' backup alice verify piped.backup

# What fails is said of the one file that failed, and before anything is asked for.
asks="touch $T/asked; $words"
ok 'one that can not be written is said to be that' \
    sh -c "! SN_HOME=alice sn-backup create --passphrase-command '$words' - >/dev/full 2>'$T/said'"
is 'and nothing else is blamed' "$(head -n 1 "$T/said")" \
    'sn-backup: cannot write to standard output: No space left on device'
fails 73 'there is one already' as alice sn-backup create --passphrase-command "$asks" alice.backup
fails 74 'nor a folder for it' as alice sn-backup create --passphrase-command "$asks" nowhere/a.backup
ok 'which is said of the name that was given' has "$T/said" "cannot create 'nowhere/a.backup': No such file or directory"
fails 74 'there is none to verify' as alice sn-backup verify --passphrase-command "$asks" nofile
fails 73 'where an account is' as alice sn-backup restore --passphrase-command "$asks" -
fails 73 'there is no room for it' as bob sn-backup restore --passphrase-command "$asks" alice.backup
ok 'all that is said without a passphrase' test ! -e asked

ok 'sn-show knows one' sh -c 'SN_HOME=alice sn-show alice.backup | grep "^alice.backup: a backup of an account"'

# By hand, as the page says.
mkdir hand && cd hand
cp ../alice.backup .
salt=$(head -c 102 alice.backup | tail -c 32)
key=$(printf %s "$passphrase" |
    argon2 "$salt" -id -v 13 -t 3 -k 65536 -p 4 -l 32 -r)
openssl cms -decrypt -binary -inform DER -in alice.backup \
    -secretkey "$key" | tar -xf -
cd ..
ok 'opened by hand, it has the keys' cmp hand/identity/identity.key alice/identity/identity.key
ok 'and all chunks' diff -r -x tmp hand/blobs alice/blobs
is 'the database is whole, says another SQLite' "$(sqlite3 hand/socialnet.db 'PRAGMA integrity_check')" ok
is 'and the database' "$(sqlite3 hand/socialnet.db "SELECT text FROM packet WHERE state = 'feed'")" 'Before the backup.'

fails 73 'a restore refuses an account that is there' backup bob restore alice.backup
fails 77 'another passphrase opens nothing' \
    as other sn-backup restore --passphrase-command 'echo wrong' alice.backup
head -c -1 alice.backup >short.backup
fails 65 'one that is cut short is refused' as other sn-backup restore --passphrase-command "$words" short.backup
fails 75 'a passphrase command that fails is told' as other sn-backup verify --passphrase-command false alice.backup
ok 'with the name of the option' has said '--passphrase-command failed: exit status: 1'
ok 'nothing half restored is left' sh -c '! ls -A | grep other'

mv alice alice.lost
ok 'the account is restored' backup alice restore alice.backup
is 'its folder is private' "$(find alice -type d ! -perm 700 -o -type f ! -perm 600)" ''
is 'its feed is there' "$(as alice sn-feed --json | jq -r '.text, .attachments[].complete')" "Before the backup.
true"
as alice sn-sync
as bob sn-sync
as bob sn-pack status 'Welcome back.' >clear.xml
as bob sn-seal --to alice clear.xml >sealed.pem
as bob sn-send sealed.pem
as alice sn-sync
ok 'and friends reach it by its new keys' sh -c 'SN_HOME=alice sn-feed | grep -q "Welcome back."'

# Without attachments.
head -c 3000000 /dev/urandom >own
as bob sn-pack status 'Of my own.' --file own >clear.xml
as bob sn-seal --to alice clear.xml | as bob sn-send
as bob sn-backup create --without-blobs --passphrase-command "$words" small.backup 2>"$T/said"
ok 'one without attachments is small' test "$(stat -c %s small.backup)" -lt 1000000
mv bob bob.lost
backup bob restore small.backup >"$T/said"
as bob sn-sync
as alice sn-sync
as bob sn-sync
is 'what others sent is asked for again' \
    "$(as bob sn-feed --json | jq -r 'select(.from.own | not).attachments[].complete')" true
fails 69 'what is his own nobody sends him' as bob sn-get -o back "$(id_of bob 'Of my own.')"
ok 'and he is told so' has "$T/said" 'parts of this file of yours are gone'
ok 'which leaves no file' test ! -e back

# Much in little memory: Argon2id takes 64 MiB, and what a command is made of 9.
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    head -c 4194304 /dev/urandom >chunk
    mv chunk "alice/blobs/$(sha256sum <chunk | cut -c1-64)"
    test "$number"
done
thrifty() {
    as alice command time -f %M -o time "$@" >said 2>&1
    cat time said
    test "$(tail -n 1 time)" -lt 90000
}
ok 'a large account is backed up in little memory' \
    thrifty sn-backup create --passphrase-command "$words" large.backup
ok 'and checked' thrifty sn-backup verify --passphrase-command "$words" large.backup
mv alice alice.full
ok 'and restored' thrifty sn-backup restore --passphrase-command "$words" large.backup

plan
