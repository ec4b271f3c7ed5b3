#!/bin/sh
# A mail that is broken in the server's store, so that an IMAP server refuses it or hangs up: the others are fetched all
# the same, it is told of by name and tried again, and once it can be had it is fetched too.
. tests/lib.sh

set -- bad-imap.py
. tests/misbehaves.sh
printf 'Subject: broken\r\n\r\nwho knows\r\n' >"$T/broken"
cd "$T"
SN_CONF_REPLY_TIMEOUT=60s SN_CONF_FOLDERS=INBOX
export SN_CONF_REPLY_TIMEOUT SN_CONF_FOLDERS
recv() { sn-recv-imap "imap://alice@127.0.0.1:$port" "$T/box" >names 2>said; }
count() { find box/new -type f | wc -l; }
# long_ago: the mails that can't be had were tried for the first time years ago, and often enough.
long_ago() { sed -i 's/^[0-9]* [0-9]* [0-9]*/3 1000 200000/' state/stumbled-*; }
code() { code=0 && "$@" || code=$?; }

for how in no-for-one cut-at-one; do
    behaves $how mail1 broken mail2 broken mail3
    code recv
    is "$how: all others are fetched, and it is not the end" "$code $(count)" '75 3'
    for uid in 2 4; do ok "$how: the mail is told of, $uid" has said "the mail with UID $uid in 'INBOX' can't be had"; done
    ok "$how: so is when it is tried again" has said 'it is tried again in the next round'
    is "$how: the cursor is behind all of them" "$(grep uidnext state/folder-*)" 'uidnext 6'
    code recv
    is "$how: the next round asks for them once more" "$code $(grep -c 'tried again in 1 h' said)" '75 2'
    : >log
    code recv
    is "$how: the one behind it is none to the end either" "$code $(cat said)" \
        "75 sn-recv-imap: 2 mails can't be had from the server yet"
    is "$how: but they are left alone for an hour" "$(grep -c FETCH log || true) $(cat names)" '0 '
    long_ago
    code recv
    is "$how: after a day they are passed over" "$code $(grep -c 'it is passed over' said)" '0 2'
    code recv
    is "$how: without another word" "$code $(cat said)" '0 '

    # The server is mended: what was broken is a packet.
    rm -rf known && cp -r state known
    behaves good mail1 mail3 mail1 mail2 mail1
    rm -rf state && cp -r known state
    long_ago
    code recv
    is "$how: once they can be had they are fetched" "$code $(count) $(cat said)" '0 2 '
    is "$how: and marked as read" "$(grep -c 'UID STORE 2,4 +FLAGS.SILENT (\\Seen)' log)" 1
    is "$how: and forgotten" "$(cat state/stumbled-*)" ''

    # One in a crowd is found by halves, in a bounded number of attempts.
    set --
    n=0
    while test $n -lt 150; do n=$((n + 1)) && set -- "$@" mail1; done
    behaves "$how" "$@" broken "$@" mail2 mail3
    code recv
    is "$how: one among three hundred" "$code $(count) $(grep -c "can't be had:" said)" '75 3 1'
    ok "$how: is found soon" test "$(grep -c AUTHENTICATE log)" -lt 12 -a "$(grep -c FETCH log)" -lt 60
done

# Many of them: no round is without an end, none is in vain, and what is behind them comes.
set --
n=0
while test $n -lt 30; do n=$((n + 1)) && set -- "$@" mail1 broken mail1 broken broken; done
behaves cut-at-one "$@" mail2 mail3
code recv
is 'ninety at which it hangs up: a round has an end' "$code $(grep -c AUTHENTICATE log)" '75 51'
ok 'and it is said where the next one goes on' grep -qE "the next round goes on in 'INBOX' with UID [0-9]+$" said
is 'of some it is told which they are, and how many of the others' \
    "$(grep -c "can't be had: " said) $(sed -n "s/.*: \(.*\) more mails can't be had in 'INBOX'/\1/p" said)" '20 5'
code recv
code recv
code recv
is 'four rounds are enough for all others' "$code $(count) $(grep uidnext state/folder-*)" '75 3 uidnext 153'
long_ago
code recv
code recv
code recv
is 'after a day they are passed over, without another word in the end' "$code $(cat said)" '0 '

# More than there is room for, all of which are hoped for: those on top are given up, and nothing waits for them.
set --
n=0
while test $n -lt 20; do n=$((n + 1)) && set -- "$@" broken broken mail1; done
behaves no-for-one "$@" mail2 mail3
stumbled=state/stumbled-$(printf INBOX | sha256sum | cut -c 1-16)
seq -f "2 $(date +%s) $(date +%s) 7/%.0f" 1001 1990 >"$stumbled"
code recv
is 'more than a thousand that are refused, among others: all others are had in one round' "$code $(count)" '75 3'
is 'on one connection' "$(grep -c AUTHENTICATE log)" 1
is 'a thousand are kept in mind' "$(wc -l <"$stumbled")" 1000
ok 'it is said that others are not' has said 'it is not asked for again, as 1000 others'
sed -i "s/^[0-9]* [0-9]* [0-9]*/9 1000 $(date +%s)/" "$stumbled"
code recv
is 'once those are passed over, no round tells of any' "$code $(cat said)" '0 '

set --
n=0
while test $n -lt 70; do n=$((n + 1)) && set -- "$@" broken; done
behaves no-for-one "$@" mail1
code recv
is 'a server that refuses one after another is left alone for this round' "$code $(tail -n 1 said)" \
    "75 sn-recv-imap: 50 mails in a row can't be had; the next round goes on in 'INBOX' with UID 51"
code recv
is 'and what is behind them comes' "$code $(count)" '75 1'

behaves no-for-now mail1 mail2
code recv
is 'a server that has no mail to give for now: it is held against none' "$code $(grep -c FETCH log) $(find state -type f)" '75 1 '

# A server that lets nobody in again so soon: what is known is known to the next run.
behaves cut-at-one broken
printf 'uidvalidity 7\nuidnext 1\ncareful 1 1\n' >"state/folder-$(printf INBOX | sha256sum | cut -c 1-16)"
SN_CONF_PASSWORD_COMMAND='test ! -e asked && touch asked && echo secret'
code recv
is 'there is one login, and the mail is held for broken' "$code $(cut -d ' ' -f 1,4 state/stumbled-*)" '75 1 7/1'
is 'it was asked for alone, as the run before has left it' "$(grep FETCH log | cut -d ' ' -f 2-)" \
    'UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[]<0.16384>)'
SN_CONF_PASSWORD_COMMAND='echo secret'
code recv
is 'the next run asks for it once more, and comes to its end' \
    "$code $(grep -c FETCH log) $(grep -c EXAMINE log) $(cut -d ' ' -f 1,4 state/stumbled-*)" '75 2 3 2 7/1'

behaves cut-at-folder mail1 mail2
SN_CONF_FOLDERS='INBOX
Friends'
code recv
is 'a folder at which the server hangs up does not keep INBOX from being read' "$code $(count)" '75 2'
ok 'and is told of' has said "cannot read the folder 'Friends': the server hung up"
exec 3>&-

plan
