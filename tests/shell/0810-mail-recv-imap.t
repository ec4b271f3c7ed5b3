#!/bin/sh
# sn-recv-imap at a real server: packets in every disguise arrive, once, and nobody else's mail is touched.
. tests/lib.sh
. tests/mail.sh

mailboxes
account alice bob
meet alice bob

# settings LINE...: where alice's mail comes from now; the table's last lines.
settings() {
    {
        printf "[[receive]]\nsource = 'imaps://alice@localhost:%s'\n" "$IMAPS"
        printf "ca-file = '%s'\npassword-command = 'echo alice-password'\n" "$T/ca/ca.pem"
        for line; do printf '%s\n' "$line"; done
    } >"$T/alice/config.toml"
}
# packet WORDS: a status from bob to alice as a sealed packet in $T/packet.
packet() { as bob sn-pack status "$1" | as bob sn-seal --to alice >"$T/packet"; }
# arrives WORDS DISGUISE [FOLDER]: it is in alice's mail.
arrives() {
    packet "$1"
    "$mails" "$2" "$T/packet" | dovecot put alice ${3:+"$3"}
}
texts() { as alice sn-feed --json | jq -r .text; }
# There are others' mails at alice's, which have X-Foreign in them: all that a server knows of them, except \Recent, which
# any program takes away that opens the folder for writing (RFC 3501 section 2.3.2).
foreign() {
    dovecot doveadm fetch -u alice 'mailbox uid flags text' mailbox "$1" header x-foreign yes |
        sed '/^flags:/s/ *\\Recent//; /^flags:/s/ *$//'
}
# Of alice's other mails: flags.
ours() { dovecot doveadm fetch -u alice 'flags' mailbox "$1" not header x-foreign yes | grep -c "${2:-flags}" || true; }

# In all disguises, among five thousand others.
"$mails" foreign 5000 "$T/dovecot/mail/alice/Maildir"
"$mails" disguises >"$T/disguises"
while read -r disguise; do arrives "as $disguise" "$disguise"; done <"$T/disguises"
sed 's/^/as /' "$T/disguises" | sort >"$T/want"
size=$(du -s --apparent-size --block-size=1 "$T/dovecot/mail/alice" | cut -f 1)
foreign INBOX >"$T/before"
settings
as alice sn-recv >"$T/names"
as alice sn-ingest
texts | sort >"$T/got"
ok 'in whatever disguise a packet comes, it is found' diff "$T/want" "$T/got"
is 'and printed once' "$(wc -l <"$T/names")" "$(wc -l <"$T/disguises")"
foreign INBOX >"$T/after"
ok "five thousand of others' mails are there" test "$(grep -c '^uid:' "$T/after")" -eq 5000
ok 'byte for byte and flag for flag as they were' cmp "$T/before" "$T/after"
sent=$(sed -n 's/.*Logged out .*out=\([0-9]*\).*/\1/p' "$T/dovecot/log" | tail -n 1)
ok 'without being fetched' test "$sent" -lt $((size / 2))
is 'mails with nothing else in them are marked as read' "$(ours INBOX 'Seen')" \
    "$(grep -cvxE 'own-words|forwarded|digest' "$T/disguises")"
is 'nothing comes again' "$(as alice sn-recv)" ''

# Chunks.
head -c 5000000 /dev/urandom >"$T/file"
as bob sn-pack status 'a large file' --file "$T/file" | as bob sn-seal --to alice >"$T/packet"
"$mails" attachment "$T/packet" | dovecot put alice
sed -n 's/^Blob: //p' "$T/packet" | while read -r chunk; do
    "$mails" chunks "$T/bob/blobs/$chunk" | dovecot put alice
done
as alice sn-recv >/dev/null
as alice sn-ingest
is 'chunks of a large file arrive' \
    "$(as alice sn-feed --json | jq -r 'select(.text == "a large file") | .attachments[].complete')" true

# A folder for spam is read too, and what is in it twice is in the feed once.
arrives 'from the spam folder' attachment Spam
dovecot put alice <"$T/dovecot/mail/alice/Maildir/.Spam/new/$(ls "$T/dovecot/mail/alice/Maildir/.Spam/new")"
as alice sn-sync
is 'the spam folder is searched' "$(texts | grep -cx 'from the spam folder')" 1

# What becomes of ours.
settings "then = 'keep'"
arrives kept attachment
as alice sn-sync
unread() { dovecot doveadm search -u alice mailbox INBOX unseen not header x-foreign yes | wc -l; }
is "with 'keep' they stay as they are: the one with words, the forwarded one, the digest, this" "$(unread)" 4
settings "then = 'move'" "move-to = 'Post'"
arrives moved attachment
code=0
as alice sn-recv >"$T/names" 2>"$T/said" || code=$?
is 'a folder to move to is not made' "$code" 75
ok 'but told of' has "$T/said" "the server says no: Mailbox doesn't exist: Post"
as alice sn-ingest
is 'and what was fetched is in the feed' "$(texts | grep -cx moved)" 1
dovecot doveadm mailbox create -u alice Post
as alice sn-sync
is "with 'move' they are moved" "$(ours Post)" 1
# The folder they are moved to is read as well, as somebody else's filter may put some there.
settings "then = 'move'" "move-to = 'Post'" "folders = ['INBOX', 'Post']"
arrives 'moved, and read there' attachment
as alice sn-sync
as alice sn-sync
dovecot doveadm fetch -u alice uid mailbox Post >"$T/moved-before"
is 'what was moved is not fetched over and over' "$(as alice sn-recv)" ''
dovecot doveadm fetch -u alice uid mailbox Post >"$T/moved-after"
ok 'and stays where it is' cmp "$T/moved-before" "$T/moved-after"
is 'once each' "$(ours Post) $(texts | grep -cx 'moved, and read there')" '2 1'
settings "then = 'delete'" "keep-for = '0s'"
before=$(ours INBOX)
arrives deleted attachment
as alice sn-sync
is "with 'delete' they are gone" "$(ours INBOX) $(texts | grep -cx deleted)" "$before 1"
settings "then = 'delete'" "keep-for = '1d'"
arrives 'deleted later' attachment
as alice sn-sync
is 'or stay for a while' "$(ours INBOX) $(texts | grep -cx 'deleted later')" "$((before + 1)) 1"
sed -i 's/^\(own [0-9]*\) .*/\1 1000000/' "$T/alice/state"/recv-imaps-*/folder-*
as alice sn-sync
is 'until their time has come' "$(ours INBOX)" "$before"
foreign INBOX >"$T/after"
ok "others' mails, some marked as deleted, are as they were" cmp "$T/before" "$T/after"

# Numbered anew, and the same mail again under other numbers.
texts | sort >"$T/want"
rm "$T/dovecot/mail/alice/Maildir"/dovecot*
settings
as alice sn-sync
texts | sort >"$T/got"
ok 'a folder that is numbered anew is read anew, and the feed stays' cmp "$T/want" "$T/got"
arrives 'after the change' attachment
as alice sn-sync
is 'and goes on from there' "$(texts | grep -cx 'after the change')" 1

# Staying.
export SN_HOME="$T/alice"
mkfifo "$T/pipe"
SN_STATE=$T/watching SN_CONF_CA_FILE=$T/ca/ca.pem SN_CONF_PASSWORD_COMMAND='echo carol-password'
export SN_STATE SN_CONF_CA_FILE SN_CONF_PASSWORD_COMMAND
mkdir -p "$SN_STATE" "$T/carol/tmp" "$T/carol/new"
sn-recv-imap --watch "imaps://carol@localhost:$IMAPS" "$T/carol" <"$T/pipe" >"$T/names" 2>"$T/said" &
watching=$!
exec 3>"$T/pipe"
# waits COMMAND...: until it succeeds, for at most a minute.
waits() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        test $tries -lt 600 || return 1
        sleep 0.1
    done
}
heard() { test "$(wc -l <"$T/names")" -ge "$1"; }
for number in 1 2; do
    packet "watched $number"
    waits grep -q 'Login: user=<carol>' "$T/dovecot/log"
    "$mails" attachment "$T/packet" | python3 -c '
import smtplib, sys
with smtplib.LMTP(sys.argv[1]) as lmtp:
    lmtp.sendmail("bob@example.org", ["carol"], sys.stdin.buffer.read())' "$LMTP"
    ok "one that watches hears of mail $number at once" waits heard "$number"
done
exec 3>&-
ok 'and ends with its caller' wait "$watching"
ok 'without a word' test ! -s "$T/said"

# A mail that the server can't read, since its name tells another size than it has: it hangs up.
settings
arrives 'in front of it' attachment
find "$T/dovecot/mail/alice/Maildir/new" -type f | sort >"$T/others"
arrives 'that is broken' attachment
broken=$(find "$T/dovecot/mail/alice/Maildir/new" -type f | sort | comm -13 "$T/others" -)
mv "$broken" "$broken,S=99999,W=99999"
arrives 'behind it' attachment
as alice sn-recv >"$T/names" 2>"$T/said" || true
as alice sn-ingest
is 'a mail that the server cannot read keeps back no other' \
    "$(texts | grep -cx 'in front of it\|behind it') $(texts | grep -c 'that is broken')" '2 0'
ok 'and is told of' grep -q "the mail with UID [0-9]* in 'INBOX' can't be had: the server hung up" "$T/said"
broken=$(find "$T/dovecot/mail/alice/Maildir" -name '*,S=99999,W=99999*')
mv "$broken" "${broken%,S=*}${broken##*W=99999}"
sed -i 's/^[0-9]* [0-9]* [0-9]*/3 1000 2000/' "$T/alice/state"/recv-*/stumbled-*
as alice sn-recv >"$T/names"
as alice sn-ingest
is 'once the server can read it, it comes' "$(texts | grep -c 'that is broken')" 1

# Ten such mails among others cost two connections each, as it answers in order, and no further round.
n=0
while test $n -lt 10; do
    n=$((n + 1))
    "$mails" attachment "$T/packet" >"$T/dovecot/mail/alice/Maildir/new/$n.broken,S=99999,W=99999"
    "$mails" foreign 5 "$T/dovecot/mail/alice/Maildir"
done
arrives 'behind ten of them' attachment
before=$(grep -c 'Login: user=<alice>' "$T/dovecot/log")
as alice sn-recv >"$T/names" 2>"$T/said" || true
as alice sn-ingest
is 'ten that it cannot read keep back no other either' \
    "$(texts | grep -cx 'behind ten of them') $(grep -c "can't be had: the server hung up" "$T/said")" '1 10'
ok 'and cost few connections' test $(($(grep -c 'Login: user=<alice>' "$T/dovecot/log") - before)) -le 22

# Ways in.
once() { sn-recv-imap "$@" "$T/carol" <"$T/pipe"; }
exec 3<>"$T/pipe"
ok 'STARTTLS' once "imap://carol@localhost:$IMAP"
SN_CONF_SECURITY=none && export SN_CONF_SECURITY
ok 'no TLS, on this machine' once "imap://carol@localhost:$IMAP"
fails 78 'but not where the source asks for it' once "imaps://carol@localhost:$IMAPS"
unset SN_CONF_SECURITY
for wrong in expired elsewhere self; do
    dovecot stop
    dovecot start "$T/ca/$wrong.pem" "$T/ca/$wrong.key"
    # shellcheck disable=SC1091
    . "$T/dovecot/ports"
    fails 77 "a wrong certificate ($wrong) is refused" once "imaps://carol@localhost:$IMAPS"
    fails 77 "after STARTTLS too" once "imap://carol@localhost:$IMAP"
done
dovecot stop
fails 75 'a server that is away' once "imaps://carol@localhost:$IMAPS"
dovecot start "$T/ca/good.pem" "$T/ca/good.key"
# shellcheck disable=SC1091
. "$T/dovecot/ports"
SN_CONF_PASSWORD_COMMAND="echo >>'$T/asked'; echo wrong"
for attempt in 1 2; do fails 77 "a wrong password, attempt $attempt" once "imaps://carol@localhost:$IMAPS"; done
fails 77 'the third attempt waits' once "imaps://carol@localhost:$IMAPS"
ok 'and says for how long' has "$T/said" 'login was refused 2 times; the next attempt is in'
is 'no password is asked for any more' "$(wc -l <"$T/asked")" 2
SN_CONF_PASSWORD_COMMAND='echo carol-password'
rm "$SN_STATE/refused"
ok 'until somebody mends it' once "imaps://carol@localhost:$IMAPS"

plan
