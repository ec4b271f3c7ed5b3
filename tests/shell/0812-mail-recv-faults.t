#!/bin/sh
# Servers that misbehave, connections that break, and a driver that is killed at every step: nothing is believed that
# should not be, nothing is lost, and memory stays small.
. tests/lib.sh

set -- bad-imap.py
. tests/misbehaves.sh
cd "$T"
SN_CONF_REPLY_TIMEOUT=60s SN_CONF_FOLDERS=INBOX
export SN_CONF_REPLY_TIMEOUT SN_CONF_FOLDERS
recv() { sn-recv-imap "imap://alice@127.0.0.1:$port" "$T/box"; }
# kept COUNT TEXT: so many packets are in the mailbox, whole.
kept() {
    for file in box/new/*; do
        test ! -e "$file" || echo "$(sha256sum <"$file" | cut -c 1-64) $(basename "$file")"
    done >sums
    is "$2" "$(wc -l <sums) $(awk '$1 != $2' sums)" "$1 "
}

behaves good mail1 mail2 mail3
recv >names
kept 3 'a server that behaves'
is 'mails are asked for without being marked as read' "$(grep -c 'FETCH.*BODY\[' log || true)" 0

behaves preauth mail1
fails 77 'PREAUTH is refused' recv
is 'and nothing is said to it' "$(cat log)" ''
behaves bye
fails 75 'one that does not want us now' recv
behaves endless-greeting
fails 75 'a greeting without an end' recv
behaves unavailable
for attempt in 1 2 3; do fails 75 "the login fails for now, $attempt" recv; done
unset SN_CONF_SECURITY
behaves no-starttls
fails 77 'STARTTLS that was taken away' recv
is 'ends it before anything is said' "$(grep -c . log)" 1
behaves injected
fails 75 'answers sent ahead of TLS' recv
is 'are not taken for protected ones' "$(grep -c AUTHENTICATE log || true)" 0
SN_CONF_SECURITY=none
export SN_CONF_SECURITY
behaves silent mail1
SN_CONF_REPLY_TIMEOUT=2s
fails 75 'a server that falls silent' recv
SN_CONF_REPLY_TIMEOUT=60s
ok 'is told of' has said 'the server said nothing for too long'

for size in huge large; do
    behaves $size-literal mail1
    code=0
    env time -q -f %M -o memory sn-recv-imap "imap://alice@127.0.0.1:$port" "$T/box" >names 2>said || code=$?
    is "a literal of gigabytes ($size) is not believed" "$code" 75
    ok 'it fills no memory' test "$(cat memory)" -lt 32768
done
ok 'and is told of' has said 'the server sends more than it was asked for'

behaves tls-first mail1
for attempt in 1 2 3; do fails 78 "a login with TLS only, $attempt" recv; done
ok 'says so' has said 'the server offers no login'
behaves tls-wanted mail1
for attempt in 1 2 3; do fails 78 "one that says so at the login, $attempt" recv; done
ok 'says so, too' has said 'the server offers no login without TLS'
ok 'and is not counted as a refusal' test ! -e state/refused

behaves no-sasl mail1
recv >names
kept 1 'a server that announces no mechanism at all has LOGIN'
behaves cut mail1 mail2
code=0
recv >names 2>said || code=$?
is 'cut in the middle of a mail' "$code $(tail -n 1 said)" "75 sn-recv-imap: 2 mails can't be had from the server yet"
kept 0 'nothing half is kept'
behaves garbled mail1 mail2 mail3
recv >names
kept 3 'structures that nobody can read are done without'
for structure in nested scattered; do
    behaves $structure mail1 mail2 mail3
    env time -q -f '%M %U' -o measured sn-recv-imap "imap://alice@127.0.0.1:$port" "$T/box" >names 2>said || true
    kept 3 "and so are those that would exhaust the parser ($structure)"
    ok 'they cost little memory and time' awk '$1 >= 32768 || $2 > 5 { exit 1 }' measured
done
behaves warned mail1
recv >names
kept 1 'a warning as the folder is opened is none of our business'

# IDLE that is offered and refused: one looks again instead, as where it is not offered.
for behaviour in idle-refused idle-over; do
    behaves $behaviour mail1
    SN_CONF_POLL=1s watches heard EXAMINE 3
    is "$behaviour: watching goes on until the caller goes" "$code $(cat said)" '0 '
    is "$behaviour: and is not asked for again" "$(grep -c IDLE log)" 1
    kept 1 "$behaviour: all is there"
done

behaves bearer mail1
unset SN_CONF_PASSWORD_COMMAND
SN_CONF_TOKEN_COMMAND='echo right-token'
export SN_CONF_TOKEN_COMMAND
recv >names
kept 1 'a token lets in'
ok 'as XOAUTH2 has it' has log 'user=alice^Aauth=Bearer right-token^A^A'
behaves bearer mail1
SN_CONF_TOKEN_COMMAND='echo old-token'
fails 77 'a token that has expired' recv
ok 'is not shown' lacks said token-
unset SN_CONF_TOKEN_COMMAND
SN_CONF_PASSWORD_COMMAND='echo secret'
export SN_CONF_PASSWORD_COMMAND
behaves bearer mail1
fails 78 'a password is not sent where tokens are wanted' recv
is 'not a letter of it' "$(grep -c secret log || true)" 0

SN_CONF_THEN=delete SN_CONF_KEEP_FOR=0s
export SN_CONF_THEN SN_CONF_KEEP_FOR
behaves plain-old mail1 mail2
recv >names
kept 2 'a server without UIDPLUS'
ok 'marks ours as deleted' has log 'UID STORE 1:2 +FLAGS.SILENT (\Deleted)'
is 'and is never asked to expunge' "$(grep -ci expunge log || true)" 0
SN_CONF_THEN=move SN_CONF_MOVE_TO=Post
export SN_CONF_MOVE_TO
behaves plain-old mail1
recv >names
ok 'a server without MOVE copies' has log 'UID COPY 1 "Post"'
unset SN_CONF_THEN SN_CONF_KEEP_FOR SN_CONF_MOVE_TO

# Killed (SIGKILL) as it enters its Nth call, for every N, and run again.
SN_CONF_THEN=seen
export SN_CONF_THEN
kills=0
for call in rename link unlink fsync fdatasync syncfs sendto write; do
    step=1
    while test $step -lt 60; do
        behaves good mail1 mail2 mail3
        strace -f -qq -o trace -e "trace=$call" -e "inject=$call:signal=KILL:when=$step" \
            sn-recv-imap "imap://alice@127.0.0.1:$port" "$T/box" >names 2>said || true
        grep -q 'killed by SIGKILL' trace || break
        # What was printed is there.
        while read -r name; do test -f "box/new/$name" || echo "$name is not there"; done <names >missing
        if grep -q 'Seen' log && test "$(find box/new -type f | wc -l)" -ne 3; then echo 'marked too early'; fi >>missing
        recv >names 2>&1 || echo failed >>missing
        is "killed at $call $step: nothing is promised too early, and all arrives" \
            "$(cat missing)$(find box/new -type f | wc -l)" 3
        step=$((step + 1)) kills=$((kills + 1))
    done
done
ok 'it was killed more than a few times' test "$kills" -gt 10
exec 3>&-

plan
