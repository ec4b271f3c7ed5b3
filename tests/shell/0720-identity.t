#!/bin/sh
# Keys are stolen and machines lost: what people type then, as the pages say, and what their friends see.
. tests/lib.sh

cd "$T"
printf 'correct horse\n' >secret
words="cat $T/secret"
mkdir -p post/alice

# sync WHO...: each in turn.
sync() { for who; do as "$who" sn-sync; done; }
# known WHO NAME MEMBER: what WHO knows of a contact.
known() { as "$1" sn-contact show --json "$2" | jq -r ".$3"; }
# fingerprint FILE: of the key in it, by other people's tools.
fingerprint() {
    openssl pkey -in "$1" -passin file:secret -pubout -outform DER |
        openssl dgst -sha256 -binary | base32 -w 0 | tr -d = | tr '[:upper:]' '[:lower:]'
}
# words_of NAME: what bob has of somebody, one a line.
words_of() { as bob sn-feed --json --from "$1" | jq -r .text; }

# The stick.
account bob carol dave
as alice sn-init --name alice --address "file://$T/post/alice" \
    --recovery-key stick.pem --passphrase-command "$words" >alice.is
is 'a recovery key is encrypted' "$(head -n 1 stick.pem)" '-----BEGIN ENCRYPTED PRIVATE KEY-----'
is 'and for its owner alone' "$(stat -c %a stick.pem)" 600
stick=$(fingerprint stick.pem)
is 'the profile names it' "$(as alice sn-profile show --json | jq -r .recovery)" "$stick"
as alice sn-profile >shown
ok 'in words too' grep -q "^recovery  *$(echo "$stick" | cut -c1-4)" shown
fails 73 'an account is never made twice' as alice sn-init --name alice --recovery-key other.pem
ok 'and no key is left of that' test ! -e other.pem
fails 64 'an account has one recovery key for good' as alice sn-init --recovery-key other.pem
ok 'and none is left of that either' test ! -e other.pem
as carol sn-init --recovery-key carol.pem
fails 73 'a recovery key is never overwritten' as dave sn-init --recovery-key carol.pem
for who in alice carol dave; do meet "$who" bob; done >"$T/result"
is 'friends know it' "$(known bob alice recovery)" "$stick"
is 'and of another one theirs' "$(known bob carol recovery)" "$(fingerprint carol.pem)"
is 'or none' "$(known bob dave recovery)" null
as bob sn-contact group family alice carol dave

# Stolen: the laptop, and with it the key.
say alice status 'By the old key.'
sync bob alice
as alice sn-backup create --passphrase-command "$words" alice.backup
mv alice taken
mkdir post/thief
as thief sn-init --succeed taken >thief.is
as thief sn-profile set --address "file://$T/post/thief"
sync thief bob
is 'a thief of the key is believed' "$(known bob alice fingerprint)" "$(cat thief.is)"
ok 'with an alarm' sh -c "SN_HOME=bob sn-contact list | grep 'alice .* ! .*named by the old one: compare'"
say thief status 'Lend me money.'
sync bob
as stolen sn-backup restore --passphrase-command "$words" alice.backup >"$T/result"
fails 77 'the key of somebody else signs nothing' \
    as alice sn-init --succeed stolen --recovery-key carol.pem
fails 77 'nor does the right one with another passphrase' \
    as alice sn-init --succeed stolen --recovery-key stick.pem --passphrase-command 'echo wrong'
ok 'and nothing is left of that' sh -c '! ls -A | grep alice$ && ! ls -A | grep "^\.alice"'
as alice sn-init --succeed stolen --recovery-key stick.pem --passphrase-command "$words" >alice.is
rm -r stolen
is 'of what an earlier key sealed nothing is told of readers' "$(as alice sn-feed --json | jq -c .delivery; as alice sn-feed | grep -c confirmed)" 'null
0'
sync alice bob
is 'the recovery key wins' "$(known bob alice fingerprint)" "$(cat alice.is)"
ok 'and the alarm says what was' \
    sh -c "SN_HOME=bob sn-contact list | grep 'alice .*another key had taken their place, $(cat thief.is)'"
is 'it stays in its groups' "$(as bob sn-contact group family | grep alice)" alice
say thief status 'It is me.'
as bob sn-sync 2>"$T/said" || true
sync alice bob alice
say alice status 'They took my key.'
as bob sn-sync
is 'what she said before and says now is hers, what the thief said is not' "$(words_of alice)" "By the old key.
They took my key."
ok 'read aloud, it is settled' as bob sn-contact check alice "$(cat alice.is)"
is 'for good' "$(known bob alice grade), $(known bob alice alarm)" 'checked, '
say bob status 'Welcome back.'
as alice sn-sync
is 'and she hears of her friends' "$(as alice sn-feed --json | jq -r .text | tail -n 1)" 'Welcome back.'

old=$(id_of alice 'By the old key.')
{
    as alice sn-pack edit "$old" 'By whichever key.'
    as alice sn-pack comment --about "$old" 'More words.'
} | as alice sn-seal | as alice sn-send
as bob sn-sync
is 'what she began before is hers to go on with' "$(words_of alice | sort)" "By whichever key.
More words.
They took my key."
as alice sn-pack retract "$old" | as alice sn-seal | as alice sn-send
as bob sn-sync
is 'and to take back' "$(as bob sn-feed --json --from alice | jq -r '.gone // .text' | sort)" "More words.
They took my key.
retracted"

# On its way while somebody goes over to another key.
account erin
meet erin bob
as bob sn-pack status 'On its way.' | as bob sn-seal --to erin | as bob sn-send
as erin sn-pack status 'Too much said.' | as erin sn-seal --to bob | as erin sn-send
as bob sn-sync
said=$(id_of erin 'Too much said.')
mkdir post/erin.lost
as erin sn-pack retract "$said" | as erin sn-seal >lost.pem
as erin sn-send lost.pem
find post/bob -type f -exec mv -t post/erin.lost {} +
as anew sn-init --succeed erin >erin.is
ok 'the first round after that goes well' as anew sn-sync
ok 'and tells why something was put aside' grep 'perhaps it was for the key before' anew/inpackets/bad/*.why
sync bob anew bob
is 'what was on its way comes to the new key' "$(as anew sn-feed --json --from bob | jq -r .text)" 'On its way.'
is 'and what the old one took back is gone' "$(words_of erin)" ''

# All is lost but the stick.
say carol status 'By the old key.'
sync bob carol
was=$(as carol sn-profile show --json | jq -r .fingerprint)
mv carol carol.lost
fails 64 'a former account is named by its fingerprint' \
    as carol sn-init --name carol --former carol --recovery-key carol.pem
as carol sn-init --name carol --address "file://$T/post/carol" --former "$was" --recovery-key carol.pem >carol.is
as bob sn-profile export >bob.pem
as carol sn-contact add bob.pem 2>"$T/said"
sync carol bob carol
say carol status 'By the new key.'
as bob sn-sync
is 'friends find her again' "$(words_of carol)" "By the old key.
By the new key."
is 'by her new key' "$(known bob carol fingerprint)" "$(cat carol.is)"

# Lost with nothing to prove it.
say dave status 'By the old key.'
as bob sn-sync
mv dave dave.lost
account dave
as dave sn-contact add bob.pem 2>"$T/said"
fails 77 'what comes for keys that are lost is told of' as dave sn-sync
as bob sn-sync
is 'who proves nothing waits like a stranger' "$(known bob dave-2 state)" waiting
fails 64 'nobody who did not ask takes a place' as bob sn-contact succeed dave carol
ok 'the owner decides who they are' as bob sn-contact succeed dave dave-2
sync bob dave
say dave status 'By the new key.'
as bob sn-sync
is 'one person again' "$(words_of dave)" "By the old key.
By the new key."
is 'in the same groups, without a grade' "$(as bob sn-contact group family | grep dave), $(known bob dave grade)" 'dave, '
fails 1 'nobody else is left' as bob sn-contact show dave-2

plan
