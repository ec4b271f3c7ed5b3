#!/bin/sh
# Friends by mail: what sn-send-mailto hands to a real Postfix, with TLS and a login, arrives in their feeds.
. tests/lib.sh
. tests/mail.sh

post_office 'message_size_limit = 3000000' 'smtpd_sender_restrictions = reject_known_sender_login_mismatch' \
    'smtpd_sender_login_maps = inline:{carol@example.org=carol}' \
    'smtpd_recipient_restrictions = check_recipient_access inline:{erin@example.org=REJECT}, reject_unauth_destination'
feed() { as "$1" sn-feed --json | jq -r '.text + ([.attachments[] | " \(.complete) \(.sha256)"] | add // "")'; }

mail_account alice bob carol
for friend in bob carol; do
    ok "alice and $friend meet by mail" meet_by_mail alice $friend
done

head -c 1500000 /dev/urandom >"$T/film"
want="hello true $(sha256sum <"$T/film" | cut -c 1-64)"
as alice sn-pack status hello --file "$T/film" | as alice sn-seal --to all | as alice sn-send
ok 'all is handed over' test -z "$(as alice sn-send -p | grep waiting)"
rounds bob carol
is 'it arrives at Bob' "$(feed bob)" "$want"
is 'and at Carol' "$(feed carol)" "$want"
is 'the film travelled once' "$(grep -c 'size=20[0-9]*, nrcpt=2' "$T/postfix/log")" 1
ok 'every mail left over TLS, after a login' test \
    "$(grep -c 'client=localhost.*sasl_username=' "$T/postfix/log")" -eq "$(grep -c 'client=localhost' "$T/postfix/log")"

settings alice "$SUBMISSION" starttls >"$T/alice/config.toml"
as alice sn-pack status 'by STARTTLS' | as alice sn-seal --to all | as alice sn-send
rounds bob
is 'STARTTLS does as well' "$(feed bob | grep -c 'by STARTTLS')" 1

# What the mail looks like to somebody with another program.
mail=$(grep -rl 'Sealed packets' "$T/dovecot/mail/carol/Maildir" | head -n 1)
ok 'a mail has a short text for people' has "$mail" 'it carries sealed packets'
ok 'it tells no name, no machine and no program' test -z \
    "$(sed '/^\r*$/q' "$mail" | grep -iE "user-agent|x-mailer|alice <|$(hostname)\$")"

# Refusals.
settings alice "$SMTPS" tls "per-day = 2" | sed 's/echo alice-password/echo wonderland/' >"$T/alice/config.toml"
as alice sn-pack status 'with a wrong password' | as alice sn-seal --to bob >"$T/sealed"
as alice sn-send "$T/sealed" 2>"$T/said"
ok 'a wrong password is said to be one' has "$T/said" "did not let 'alice' in: 535 5.7.8"
ok 'and the mail waits' test "$(as alice sn-send -p | grep -c waiting)" -eq 1
ok 'the password is in no message' lacks "$T/said" wonderland
as alice sn-send -r 2>"$T/said"
as alice sn-send -r 2>"$T/said"
ok 'after some refusals the server is left alone' has "$T/said" 'login was refused 2 times; the next attempt is in'
rm "$T/alice/state/send-mailto/refused"

settings alice "$SMTPS" tls | sed '/^ca-file/d' >"$T/alice/config.toml"
as alice sn-send -r 2>"$T/said"
ok 'a certificate of an unknown authority is not trusted' has "$T/said" \
    "the certificate of 'localhost' is not trusted: unable to get local issuer certificate"

settings alice "$SMTPS" tls >"$T/alice/config.toml"
as alice sn-send -r
# Both in one run, which has one day.
settings alice "$SMTPS" tls 'per-day = 1' >"$T/alice/config.toml"
as alice sn-pack status 'a second' | as alice sn-seal --to all | as alice sn-send
as alice sn-send -p >"$T/list"
ok "a day's budget holds back what is over it" grep 'waiting.*(per-day in the settings)' "$T/list"

# By hand: one reader nobody knows, one mail that is too large.
mkdir "$T/work" "$T/state"
cd "$T/work"
head -c 4000 /dev/urandom >small
head -c 4000000 /dev/urandom >large
export SN_STATE="$T/state" SN_CONF_HOST=localhost SN_CONF_PORT="$SMTPS" SN_CONF_FROM=alice@example.org \
    SN_CONF_USER=alice SN_CONF_PASSWORD_COMMAND='echo alice-password' SN_CONF_CA_FILE="$T/ca/ca.pem"
{
    printf '1\tblob\tmailto:nobody@example.org\tsmall\n'
    printf '2\tblob\tmailto:dave@example.org\tsmall\n'
    printf '3\tenvelope\tmailto:dave@example.org\tlarge\n'
} | sn-send-mailto | sort >"$T/out"
ok 'a reader nobody knows is never' has "$T/out" 'never	1	550 5.1.1 <nobody@example.org>'
ok 'the other one of the same mail gets it' has "$T/out" 'sent	2'
ok 'a mail that is too large is not begun' grep -E '^toobig	3	21[0-9]{5}$' "$T/out"

# Postfix says only after RCPT what it has against us.
printf '1\tblob\tmailto:bob@example.org\tsmall\n' >job
code=0
SN_CONF_FROM=carol@example.org sn-send-mailto <job >"$T/out" 2>"$T/said" || code=$?
is "a sender who is not the login's is later" "$code $(cut -f 1,3 "$T/out")" '77 later	3600'
ok 'and it is said what to do' has "$T/said" "is 'from' an address of that account?"
# In the same words it refuses one reader's mails by a rule of hers, and everybody's without a login.
{
    printf '1\tblob\tmailto:erin@example.org\tsmall\n'
    printf '2\tblob\tmailto:dave@example.org\tsmall\n'
} >both
rule='554 5.7.1 <erin@example.org>: Recipient address rejected: Access denied'
for jobs in both erin; do
    test $jobs = both || head -n 1 both >erin
    code=0
    sn-send-mailto <$jobs >"$T/out" 2>"$T/said" || code=$?
    ok "one reader's rule is later: $jobs" has "$T/out" "later	1	3600	$rule"
    is 'keeps nothing from others' "$(grep -c '^sent	2' "$T/out")" "$(grep -c dave $jobs)"
    is 'and is nothing against us' "$code $(cat "$T/said")" '0 '
done
code=0
env -u SN_CONF_USER -u SN_CONF_PASSWORD_COMMAND sn-send-mailto <both >"$T/out" 2>"$T/said" || code=$?
is 'no login at a server that wants one is later, for each' "$code $(cut -f 1,3 "$T/out" | tr '\n' ' ')" \
    '77 later	3600 later	3600 '
ok 'in the words of that rule' has "$T/out" "$rule"
ok 'and it is said which setting is missing' has "$T/said" 'set password-command or token-command'

plan
