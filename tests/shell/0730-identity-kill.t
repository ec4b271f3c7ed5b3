#!/bin/sh
# A backup, a restore and a new identity, killed (SIGKILL) wherever they change the disk: run again, all is whole.
#
# At every rename; and at the first, second, fourth, eighth … of the other calls of a kind, which are many.
. tests/lib.sh
. tests/kill.sh

account alice bob
meet alice bob
cd "$T"
head -c 100000 /dev/urandom >file
as alice sn-pack status 'It stays.' --file file | as alice sn-seal --to bob | as alice sn-send
printf 'correct horse\n' >secret
words="--passphrase-command 'cat $T/secret'"

# everywhere PLACE LINE CHECK: kills LINE everywhere; then PLACE is there and whole, or LINE makes it so. It is left so.
everywhere() {
    kills=0
    for call in $calls; do
        step=1
        rm -rf "$1"
        while killed "$call" "$step" "$2"; do
            test -e "$1" || as "${2%% *}" sh -c "${2#* }" >went 2>&1 || cat went
            is "'${2#* }', killed at $call $step" "$($3)" whole
            rm -rf "$1"
            kills=$((kills + 1))
            case $call in
            rename*) step=$((step + 1)) ;;
            *) step=$((step * 2)) ;;
            esac
        done
    done
    ok 'it was killed more than a few times' test "$kills" -gt 5
}

verified() { as alice sn-backup verify --passphrase-command "cat $T/secret" alice.backup >said && echo whole; }

# account_in FOLDER QUESTION ANSWER: it has everything that alice has, and its database says so.
account_in() {
    diff -r -x tmp alice/blobs "$1/blobs" &&
        test "$(as "$1" sn-feed --json | jq -r '"\(.text) \(.attachments[0].complete)"')" = 'It stays. true' &&
        test "$(sqlite3 "$1/socialnet.db" 'PRAGMA integrity_check' "$2")" = "ok
$3" && echo whole
}
restored() {
    test "$(as again sn-profile show --json | jq -r .fingerprint)" = "$was" &&
        account_in again "SELECT count(*) FROM due WHERE what = 'profile'" 1
}
succeeded() {
    test "$(as next sn-profile show --json | jq -r .fingerprint)" != "$was" &&
        account_in next "SELECT count(*) FROM due, own_former WHERE what = 'contact-request'" 1
}

was=$(as alice sn-profile show --json | jq -r .fingerprint)
everywhere alice.backup "alice sn-backup create $words alice.backup" verified
everywhere again "again sn-backup restore $words alice.backup" restored
everywhere next "next sn-init --succeed alice" succeeded

plan
