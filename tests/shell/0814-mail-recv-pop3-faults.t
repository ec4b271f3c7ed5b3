#!/bin/sh
# POP3 servers that misbehave, and a driver that is killed at every step: nothing is lost, nobody else's mail is deleted,
# and memory stays small.
. tests/lib.sh

set -- bad-pop3.py
. tests/misbehaves.sh
printf 'Subject: lunch?\r\n\r\n.at noon\r\n' >"$T/foreign"
cd "$T"
SN_CONF_REPLY_TIMEOUT=60s
export SN_CONF_REPLY_TIMEOUT
recv() { sn-recv-pop3 "pop3://alice@127.0.0.1:$port" "$T/box"; }
# quietly COMMAND...: without what is told of single mails.
quietly() { "$@" 2>"$T/told" || { code=$? && grep -v "can't be had: \|more mails" "$T/told" >&2 && return $code; }; }
count() { find "$T/box/new" -type f | wc -l; }
deleted() { grep '^DELE' log | tr '\n' ' '; }

behaves good mail1 foreign mail2
recv >names
is 'a server that behaves' "$(count) $(wc -l <names)" '2 2'
is "others' mails are not fetched" "$(grep -c 'RETR 2' log || true)" 0

behaves busy
fails 75 'one that does not want us now' recv
behaves locked
for attempt in 1 2 3; do fails 75 "another session is open, $attempt" recv; done
behaves refusing
for attempt in 1 2 3; do fails 77 "a wrong password, $attempt" recv; done
is 'the third attempt was not made' "$(grep -c PASS log)" 2
behaves crowded mail1
SN_CONF_POLL=1s watches heard PASS 3
is 'a login that is refused after one that went well does not end watching' "$code $(grep -c PASS log) $(wc -l <said)" '0 3 1'
behaves revoked mail1
SN_CONF_POLL=1s watches gives_up
is 'one that is refused over and over does' "$code $(sed -n '1s/.*: //p' said)" '77 the server hung up'
ok 'and is told of at once, also behind a session that broke' test "$(grep -c "login as 'alice' was refused" said)" -eq 2
behaves tls-first
for attempt in 1 2 3; do fails 78 "a login with TLS only, $attempt" recv; done
ok 'says so' has said 'the server offers no login'
is 'no name and no password is sent' "$(grep -c 'USER\|PASS' log || true)" 0
unset SN_CONF_SECURITY
behaves no-stls
fails 77 'STLS that was taken away' recv
is 'ends it before anything is said' "$(grep -c . log)" 1
behaves injected
fails 75 'answers sent ahead of TLS' recv
is 'are not taken for protected ones' "$(grep -c 'USER\|PASS' log || true)" 0
SN_CONF_SECURITY=none
export SN_CONF_SECURITY

for endless in line list mail; do
    behaves endless-$endless mail1
    code=0
    env time -q -f %M -o memory sn-recv-pop3 "pop3://alice@127.0.0.1:$port" "$T/box" >names 2>said || code=$?
    is "a $endless without an end" "$code $(count)" '75 0'
    ok 'is told of' has said 'the server sends more than it was asked for'
    ok 'and fills no memory' test "$(cat memory)" -lt 65536
done

behaves cut mail1 mail2 mail3
code=0
recv >names 2>said || code=$?
is 'cut in the middle of a mail' "$code $(tail -n 1 said)" "75 sn-recv-pop3: one mail can't be had from the server yet"
is 'what came before is kept, whole' "$(count) $(wc -l <names)" '2 2'
recv >names 2>said || true
is 'and not fetched again' "$(grep -c 'RETR 1' log)" 1

# A mail that is broken at the server: the others are fetched, it is told of, and tried again later.
{ printf 'Subject: broken\r\n' && cat mail1; } >broken
for how in no-for-one cut-at-one cut-at-top pipelining; do
    behaves $how mail1 broken mail2 broken mail3
    code=0
    recv >names 2>said || code=$?
    is "$how: all others are fetched, and it is not the end" "$code $(count)" '75 3'
    for id in mail2 mail4; do ok "$how: $id is told of" has said "the mail with UIDL '$id' can't be had"; done
    recv >names 2>said || true
    is "$how: the next round asks for them once more" "$(grep -c 'tried again in 1 h' said)" 2
    : >log
    fails 75 "$how: the one behind it is none to the end either" recv
    is "$how: but they are left alone for an hour" "$(grep -c 'TOP\|RETR' log || true)" 0
    sed -i 's/^[0-9]* [0-9]* [0-9]*/3 1000 200000/' state/stumbled
    code=0
    recv >names 2>said || code=$?
    is "$how: after a day they are passed over" "$code $(grep -c 'it is passed over' said)" '0 2'
    rm -rf known && cp -r state known
    behaves good mail1 mail3 mail2 mail2 mail3
    rm -rf state && cp -r known state
    sed -i 's/^[0-9]* [0-9]* [0-9]*/3 1000 200000/' state/stumbled
    recv >names
    is "$how: once they can be had they are fetched" "$(count) $(cat state/stumbled)" '2 '
done

# Many of them: a round has an end, the next one gets further, and what is behind them comes.
set --
n=0
while test $n -lt 60; do n=$((n + 1)) && set -- "$@" broken; done
behaves cut-at-one "$@" mail1
fails 75 'sixty at which it hangs up: a round has an end' quietly recv
is 'behind fifty' "$(cat said) $(grep -c PASS log)" 'sn-recv-pop3: 50 sessions broke; the next round goes on behind them 51'
recv >names 2>said || true
is 'the next one has what is behind them' "$(count) $(wc -l <state/stumbled)" '1 60'
behaves no-for-one "$@" mail1
fails 75 'sixty that are refused in a row: that may be the server' quietly recv
ok 'it is said' has said 'the server gives out no mail now: it refuses one after another'
recv >names 2>said || true
is 'the next round has what is behind them' "$(count) $(wc -l <state/stumbled)" '1 60'
behaves nameless mail1 broken mail2
fails 75 'without UIDL' quietly recv
recv >names 2>said || true
is 'what is broken is known by its number and size' "$(count) $(cut -d ' ' -f 1,4,5 state/stumbled)" \
    "2 2 2 $(wc -c <broken)"
sed -i 's/^[0-9]* [0-9]* [0-9]*/3 1000 200000/' state/stumbled
recv >names 2>said
recv >names 2>said
is 'and passed over in the end' "$(count) $(cat said)" '2 '
behaves no-uidl mail1 mail3 mail2
printf '3 1000 200000 2 %s\n' "$(wc -c <mail3)" >state/stumbled
recv >names 2>said
is 'and fetched once it can be had' "$(count) $(cat said state/stumbled)" '3 '

behaves no-for-now mail1 mail2
fails 75 'a server that has no mail to give for now' recv
is 'it is said once, and held against no mail' "$(cat said) $(find state -name stumbled)" \
    "sn-recv-pop3: the server gives out no mail now: -ERR [SYS/TEMP] the disk is away "

# A network that went away says nothing against a mail.
{ printf 'Subject: broken\r\n' && cat mail3; } >once
behaves cut-once mail1 once mail2
code=0
recv >names 2>said || code=$?
is 'a session that breaks once leaves one mail out' "$code $(count)" '75 2'
code=0
recv >names 2>said || code=$?
is 'the next round has it' "$code $(count) $(cat said state/stumbled)" '0 3 '

# A server that lets nobody in again so soon: what is known is known to the next run.
behaves pipelining mail1 broken mail2
SN_CONF_PASSWORD_COMMAND='test ! -e asked && touch asked && echo secret'
for step in 1 2; do
    rm -f asked
    code=0
    recv >names 2>said || code=$?
    is "one session only, $step" "$code $(find state -name stumbled | wc -l)" "75 $((step - 1))"
done
SN_CONF_PASSWORD_COMMAND='echo secret'
recv >names 2>said || true
is 'the third goes on behind the mail that broke it' "$(count) $(cut -d ' ' -f 1,4 state/stumbled)" '2 2 mail2'
is 'many commands at a time are sent again from then on' "$(find state -name one-by-one)" ''

behaves list-refused mail1
printf 'mail1\n' >state/seen
fails 75 'a listing that is refused is no empty mailbox' recv
is 'and nothing is forgotten' "$(cat state/seen)" mail1
behaves no-uidl mail1
printf 'mail1\n' >state/seen
recv >names
is 'nor is it where UIDL is refused' "$(cat state/seen)" mail1

SN_CONF_THEN=delete SN_CONF_KEEP_FOR=0s
export SN_CONF_THEN SN_CONF_KEEP_FOR
behaves no-top mail1 foreign mail2
recv >names
is 'without TOP: all are looked at, ours deleted' "$(count) $(deleted)" '2 DELE 1 DELE 3 '
behaves no-uidl mail1 foreign mail2
recv >names
is 'without UIDL: ours are deleted' "$(count) $(deleted)" '2 DELE 1 DELE 3 '
behaves repeated foreign mail1 foreign
recv >names
is 'one UIDL for all: it names none of them' "$(count) $(deleted)" '1 DELE 2 '
# Ours was deleted by somebody else, and its UIDL given to another mail.
behaves good foreign mail2
printf 'mail1\t1000000\n' >state/seen
recv >names
is 'a UIDL that was given a second time deletes nothing' "$(count) $(deleted)" '1 DELE 2 '

# A disk without room for what is fetched, and with room for what is remembered: all comes once there is more.
for number in 1 2 3 4; do
    head -c 300000 /dev/urandom >chunk
    name=$(sha256sum chunk | cut -c1-64).snblob
    {
        printf 'Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n'
        printf 'Content-Type: application/octet-stream; name=%s\r\n\r\n' "$name"
        base64 chunk | sed 's/$/\r/'
    } >"large$number"
done
behaves good large1 large2 large3 large4
fails 74 'no room is a failure' bash -c "trap '' XFSZ; ulimit -f 100; sn-recv-pop3 'pop3://alice@127.0.0.1:$port' '$T/box'"
is 'nothing is deleted' "$(count) $(deleted)" '0 '
recv >names
is 'and all of it comes later' "$(count) $(deleted)" '4 DELE 1 DELE 2 DELE 3 DELE 4 '

# Killed (SIGKILL) as it enters its Nth call, for every N, and run again.
kills=0
for call in rename link unlink fsync fdatasync sendto write; do
    step=1
    while test $step -lt 40; do
        behaves good mail1 foreign mail3
        strace -f -qq -o trace -e "trace=$call" -e "inject=$call:signal=KILL:when=$step" \
            sn-recv-pop3 "pop3://alice@127.0.0.1:$port" "$T/box" >names 2>said || true
        grep -q 'killed by SIGKILL' trace || break
        while read -r name; do test -f "box/new/$name" || echo "$name is not there"; done <names >missing
        if grep -q '^DELE' log && test "$(count)" -ne 2; then echo 'deleted too early'; fi >>missing
        recv >names 2>&1 || echo failed >>missing
        grep -q '^DELE 2' log && echo 'deleted what is not ours' >>missing
        is "killed at $call $step: nothing is deleted too early, and all arrives" "$(cat missing)$(count)" 2
        step=$((step + 1)) kills=$((kills + 1))
    done
done
ok 'it was killed more than a few times' test "$kills" -gt 10
exec 3>&-

plan
