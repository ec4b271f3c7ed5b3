#!/bin/sh
# sn-recv-pop3 at a real server, sn-recv-maildir at a Maildir that mbsync fills and in the place of a mail program:
# packets in every disguise arrive, once, and nobody else's mail is touched.
. tests/lib.sh
. tests/mail.sh

mailboxes
account alice bob
meet alice bob

# settings SOURCE LINE...: where alice's mail comes from now.
settings() {
    {
        printf "[[receive]]\nsource = '%s'\n" "$1"
        shift
        for line; do printf '%s\n' "$line"; done
    } >"$T/alice/config.toml"
}
packet() { as bob sn-pack status "$1" | as bob sn-seal --to alice >"$T/packet"; }
texts() { as alice sn-feed --json | jq -r .text; }
"$mails" disguises >"$T/disguises"

# POP3. Bob's mailbox is as good as any.
"$mails" foreign 300 "$T/dovecot/mail/bob/Maildir"
# One line that is longer than what is looked at of any mail.
{
    printf 'From: carol@example.org\r\nX-Foreign: yes\r\nSubject: a picture\r\n\r\n'
    head -c 400000 /dev/zero | tr '\0' x
    printf '\r\n'
} | dovecot put bob
while read -r disguise; do
    packet "by POP3 as $disguise"
    "$mails" "$disguise" "$T/packet" | dovecot put bob
done <"$T/disguises"
foreign() {
    dovecot doveadm fetch -u bob 'uid flags text' mailbox INBOX header x-foreign yes |
        sed '/^flags:/s/ *\\Recent//; /^flags:/s/ *$//'
}
count() { dovecot doveadm search -u bob mailbox INBOX not header x-foreign yes | wc -l; }
foreign >"$T/before"
pop3() {
    settings "pop3s://bob@localhost:$POP3S" "ca-file = '$T/ca/ca.pem'" "password-command = 'echo bob-password'" "$@"
}
pop3
as alice sn-recv >"$T/names"
as alice sn-ingest
sed 's/^/by POP3 as /' "$T/disguises" | sort >"$T/want"
texts | sort >"$T/got"
ok 'POP3: in whatever disguise a packet comes, it is found' diff "$T/want" "$T/got"
foreign >"$T/after"
ok "POP3: others' mails are as they were" diff "$T/before" "$T/after"
is 'POP3: nothing comes again' "$(as alice sn-recv)" ''
is 'POP3: everything is still there' "$(count)" "$(wc -l <"$T/disguises")"
sed -i 's/	.*/	1000000/' "$T/alice/state"/recv-pop3s-*/seen
pop3 "then = 'delete'"
as alice sn-recv >"$T/names"
is 'POP3: what holds nothing else is deleted when its time has come' "$(count)" 3
packet 'by STLS'
"$mails" attachment "$T/packet" | dovecot put bob
settings "pop3://bob@localhost:$POP3" "ca-file = '$T/ca/ca.pem'" "password-command = 'echo bob-password'" \
    "then = 'delete'" "keep-for = '0s'"
as alice sn-sync
is 'POP3: STLS, and deleted at once' "$(texts | grep -cx 'by STLS') $(count)" '1 3'
foreign >"$T/after"
ok "POP3: and others' mails are as they were" cmp "$T/before" "$T/after"
pop3 "then = 'move'" "move-to = 'x'"
ok 'POP3: there is nowhere to move to' sh -c "SN_HOME='$T/alice' sn-recv 2>&1 | grep 'kept or deleted'"
settings "pop3s://bob@localhost:$POP3S" "ca-file = '$T/ca/ca.pem'" "password-command = 'echo wrong'"
refused() { as alice sn-recv 2>&1 >/dev/null | sed -n 's/^sn-recv: sn-recv-pop3: //p' | head -n 1; }
rm -f "$T/alice/state"/recv-pop3s-*/refused
is 'POP3: a wrong password' "$(refused)" "login as 'bob' was refused: -ERR [AUTH] Authentication failed."
refused >/dev/null
is 'POP3: the third attempt waits' "$(refused | sed 's/;.*//')" 'login was refused 2 times'

# A Maildir that mbsync fills.
"$mails" foreign 300 "$T/dovecot/mail/carol/Maildir"
while read -r disguise; do
    packet "by mbsync as $disguise"
    "$mails" "$disguise" "$T/packet" | dovecot put carol
done <"$T/disguises"
mbsync_settings carol
mbsync -q -c "$T/mbsyncrc" carol
snapshot() { (cd "$T/local/inbox" && grep -lr 'X-Foreign' new cur | sort | xargs sha256sum); }
snapshot >"$T/before"
settings "maildir:$T/local/inbox"
as alice sn-sync
sed 's/^/by mbsync as /' "$T/disguises" | sort >"$T/want"
texts | grep mbsync | sort >"$T/got"
ok 'Maildir: in whatever disguise a packet comes, it is found' diff "$T/want" "$T/got"
snapshot >"$T/after"
ok "Maildir: others' mails are as they were, under the same names" cmp "$T/before" "$T/after"
# What is not others': how many, and how many of them are marked as read.
ours() { grep -Lr 'X-Foreign' "$T/local/inbox/cur" "$T/local/inbox/new" --include="${1:-*}" | wc -l; }
is 'Maildir: mails with nothing else in them are marked as read' "$(ours '*:2,*S*')" "$(($(ours) - 3))"
is 'Maildir: nothing comes again' "$(as alice sn-recv)" ''
packet 'one more'
"$mails" attachment "$T/packet" >"$T/local/inbox/new/1.one-more"
settings "maildir:$T/local/inbox" "then = 'move'" "move-to = '$T/moved'"
mkdir -p "$T/moved/cur" "$T/moved/new" "$T/moved/tmp"
as alice sn-sync
is 'Maildir: moved as a read mail' "$(ls "$T/moved/cur") $(texts | grep -cx 'one more')" '1.one-more:2,S 1'
settings "maildir:$T/local/inbox" "then = 'delete'"
sed -i 's/	.*/	1000000/' "$T/alice/state"/recv-maildir-*/seen
as alice sn-sync
is 'Maildir: deleted when their time has come' "$(ours)" 3
snapshot >"$T/after"
ok "Maildir: and others' mails are as they were" cmp "$T/before" "$T/after"
settings "maildir:$T/nowhere"
code=0
as alice sn-recv 2>"$T/said" || code=$?
is 'Maildir: one that is not there is waited for' "$code" 75

# One mail.
one() { sn-recv-maildir - "$T/alice/inpackets" <"$1" >"$T/names"; }
# code COMMAND...: how it ends.
code() {
    code=0
    "$@" 2>"$T/said" || code=$?
    echo "$code$(cat "$T/said")"
}
packet 'through a pipe'
"$mails" footer "$T/packet" >"$T/mail"
is 'a mail in a pipe: ours' "$(code one "$T/mail")" 0
as alice sn-ingest
is 'a mail in a pipe: is in the feed' "$(texts | grep -cx 'through a pipe')" 1
packet 'forwarded through a pipe'
"$mails" forwarded "$T/packet" >"$T/mail"
is 'a mail in a pipe: with more in it, to be delivered on' "$(code one "$T/mail")" 1
as alice sn-ingest
is 'a mail in a pipe: and in the feed as well' "$(texts | grep -cx 'forwarded through a pipe')" 1
packet "beside somebody's words"
"$mails" own-words "$T/packet" >"$T/mail"
is 'a mail in a pipe: with words of its own, to be delivered on' "$(code one "$T/mail")" 1
as alice sn-ingest
is 'a mail in a pipe: its packet is taken all the same' "$(texts | grep -cx "beside somebody's words")" 1
echo 'Subject: hello' >"$T/mail"
is "a mail in a pipe: somebody else's" "$(code one "$T/mail")" 1
head -c 20000000 /dev/zero >"$T/mail"
is 'a mail in a pipe: too large to be ours' "$(code one "$T/mail")" 1
fails 75 'a mail in a pipe: nowhere to put it' sn-recv-maildir - "$T/nowhere"

# What the page says to write into .forward, as Postfix runs it: 75 is tried again, and anything else but 0 is sent back.
# forward BOX: with the mailbox there.
forward() {
    line=$(sed -n 's/^.ealice, "|\(.*\)"$/\1/p' man/sn-recv-maildir.1 | sed "s|/home/alice/[^;]*|$1|")
    sh -c "$line" <"$T/mail" >"$T/names"
}
echo 'Subject: hello' >"$T/mail"
is ".forward: somebody else's mail goes through" "$(code forward "$T/alice/inpackets")" 0
"$mails" attachment "$T/packet" >"$T/mail"
is '.forward: ours too' "$(code forward "$T/alice/inpackets") $(wc -l <"$T/names")" '0 1'
fails 75 '.forward: a failure is for later' forward "$T/nowhere"

# A Maildir with very many mails, and a driver that is killed before it has seen them all.
mkdir -p "$T/many/new" "$T/many/cur" "$T/state" "$T/box/tmp" "$T/box/new"
n=1000
while test $n -lt 4000; do n=$((n + 1)) && echo 'Subject: lunch?' >"$T/many/new/$n.host"; done
many() { SN_STATE="$T/state" "$@" sn-recv-maildir "maildir:$T/many" "$T/box"; }
code many strace -f -qq -o "$T/trace" -e trace=openat -e inject=openat:signal=KILL:when=2000 >"$T/killed" 2>&1
ok 'killed among thousands of mails' grep -q 'killed by SIGKILL' "$T/trace"
ok 'it knows most of those that it looked at' test "$(wc -l <"$T/state/seen")" -ge 1000 -a "$(wc -l <"$T/state/seen")" -lt 2000
many env
is 'and looks at the others the next time' "$(wc -l <"$T/state/seen")" 3000

plan
