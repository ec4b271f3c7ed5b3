#!/bin/sh
# What mail systems say of mails that did not arrive is shown beside the delivery, and changes nothing: a real bounce of
# Postfix's, a notice of delay, a forged one, and one with control characters in it.
. tests/lib.sh
. tests/mail.sh

# It takes the mail first, and finds then that there is nobody.
post_office 'smtpd_reject_unlisted_recipient = no' \
    'transport_maps = inline:{ { gone@example.org = error:5.1.1 there is no such mailbox } }'
mail_account alice bob carol
meet_by_mail alice bob
meet_by_mail alice carol

# hints READER: what is shown of each delivery to them that is not confirmed, and nothing else of it.
hints() { as alice sn-send -p | grep "  $1  " | grep -v confirmed | sed -n 's/.*  somebody on the way says: //p'; }
# rest: all that is known of deliveries but the hints.
rest() { as alice sn-send -p --json | jq -c 'del(.hint)'; }
fetch() { as alice sn-recv >"$T/names" && as alice sn-ingest; }

as alice sn-contact address carol mailto:gone@example.org
as alice sn-pack status 'to nobody' | as alice sn-seal --to carol | as alice sn-send
rest >"$T/before"
delivered
fetch
is 'a real bounce is shown beside what it is about' "$(hints carol)" 'there is no such mailbox'
rest >"$T/after"
ok 'it changes nothing else' cmp "$T/before" "$T/after"
is 'what came back is not taken for a packet' "$(find "$T/alice/inpackets" -type f | wc -l)" 0
is 'the bounce itself stays as it was, unread' \
    "$(dovecot doveadm search -u alice mailbox INBOX from MAILER-DAEMON unseen | wc -l)" 1

# report ACTION RECIPIENT WORDS: a report without the mail that it is about.
report() {
    cat <<END
From: MAILER-DAEMON@example.net
To: alice@example.org
Subject: Mail delivery
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=edge

--edge

Sorry.
--edge
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.net

Final-Recipient: rfc822; $2
Action: $1
Status: 4.4.1
Diagnostic-Code: smtp; $3
--edge--
END
}
as alice sn-pack status 'to Bob' | as alice sn-seal --to bob | as alice sn-send
rest >"$T/before"
says() { report "$@" | dovecot put alice && fetch && hints bob; }
is 'a notice of delay' "$(says delayed Bob@example.org 'connection timed out')" 'delayed: connection timed out'
is 'a forged one says what it likes' "$(says failed bob@example.org '550 never heard of him')" '550 never heard of him'
rest >"$T/after"
ok 'and changes nothing' cmp "$T/before" "$T/after"
says failed bob@example.org "$(printf 'x\033]0;title\007\342\200\256y')" >"$T/shown"
ok 'control characters reach no terminal' sh -c "! grep -q '[[:cntrl:]]' '$T/shown' && grep -q title '$T/shown'"
says failed eve@example.org 'about a stranger' >"$T/shown"
ok 'what is about nobody is shown nowhere' lacks "$T/shown" stranger
rounds bob
is 'Bob has it all the same' "$(as bob sn-feed --json | jq -r .text | grep -cx 'to Bob')" 1

# Where one mail at a time comes in by a pipe.
mkdir -p "$T/box/tmp" "$T/box/new"
report failed bob@example.org '550 no' >"$T/mail"
code=0
sn-recv-maildir - "$T/box" <"$T/mail" >"$T/names" || code=$?
is 'by a pipe: a note, and the mail goes on to its reader' "$code $(cat "$T/box/new/"*)" \
    "$(printf '1 SocialNet-Note: 1\nTo: mailto:bob@example.org\nSays: 550 no\n')"

plan
