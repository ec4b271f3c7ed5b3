#!/bin/sh
# Alice chooses by what she may be found, and by whom.
. tests/lib.sh

account alice bob
meet alice bob
as alice sn-sync

searchable() { as alice sn-profile searchable "$@"; }
owed() { as alice sn-seal --due | grep -c '^To: ' || true; }
# quietly COMMAND...: does it, and prints nothing.
quietly() { "$@" >"$T/printed" 2>&1; }

is 'at first nobody finds her' "$(searchable)" 'nobody finds you: you are searchable by nothing'
is 'what is added is shown as it is compared, with what it takes to guess it' \
    "$(searchable add town=LONDON name='Lovelace, Ada')" "  27 bits           name='ada lovelace' town=london"
is 'her contact is owed the news' "$(owed)" 1
as alice sn-seal --due | as alice sn-send
ok 'once more changes nothing' quietly searchable add name='ada lovelace' town=London
is 'and is no news' "$(owed)" 0

fails 77 'a name alone is guessed too easily' searchable add name='Ada Lovelace'
ok 'it says what to do' has "$T/said" 'hint: take another detail to it, or a secret; or --weak'
is 'unless she wants it' "$(searchable add --weak name='Ada Lovelace' 2>"$T/warned")" \
    "  18 bits weak      name='ada lovelace'"
ok 'and is warned' has "$T/warned" 'a contact who tries finds out'
is 'a secret makes it hard' \
    "$(searchable add --secret-command 'echo correct horse battery staple; echo more' nick=Countess 2>&1)" \
    '  16 bits + secret  nick=countess'
ok 'a poor secret is said to be one' \
    sh -c "SN_HOME=$T/alice sn-profile searchable add --secret-command 'echo my boat' mail=Ada@Example.ORG 2>&1 | grep -q '12 bits; 40 would be safe'"
# Words with a space, which is nowhere in base64: four letters alone are found in keys and envelopes, once in forty runs.
ok 'no secret is on the disk' sh -c "! grep -rqi -e 'correct horse' -e 'my boat' '$T/alice'"
is 'all of it is listed' "$(searchable list)" "contacts of your contacts find you by
  24 bits + secret  mail=ada@example.org
  18 bits weak      name='ada lovelace'
  27 bits           name='ada lovelace' town=london
  16 bits + secret  nick=countess"
is 'and for programs' "$(searchable list --json | jq -rs '.[1] | "\(.handle) \(.bits) \(.weak) \(.secret) \(.searchers)"')" \
    "name='ada lovelace' 18 true false contacts"

as alice sn-seal --due | as alice sn-send
ok 'she decides who may search' searchable by secret
is 'of which her contact is told' "$(owed)" 1
is 'it is listed' "$(searchable | head -n 1)" 'contacts of your contacts who know the secret find you by'
ok 'or that nobody may' searchable by nobody
is 'which is listed too' "$(searchable | head -n 1)" 'nobody may search for you; what you have chosen is'
ok 'she withdraws one' searchable withdraw name='ADA LOVELACE'
fails 1 'which is gone then' searchable withdraw name='ADA LOVELACE'

fails 64 'what nobody is found by is refused' searchable add colour=red
ok 'and it says what there is' has "$T/said" 'hint: there are born, club, employer'
fails 64 'so is a telephone number without its country' searchable add phone='020 7946 0018'
fails 64 'a word that is no detail' searchable add London
fails 64 'a key twice' searchable add name=Ada name=Augusta
fails 78 'an empty secret' searchable add --secret-command true nick=Countess
fails 75 'a secret that can not be had' searchable add --secret-command 'exit 3' nick=Countess
for n in 1 2 3 4 5; do quietly searchable add --weak x-"$n"=anything; done
fails 77 'more than eight' searchable add --weak x-9=anything

plan
