#!/bin/sh
# What sn-send-mailto makes of servers on bad days, and of those that lie. tests/servers/smtp.py says its part by script.
. tests/lib.sh

servers=$PWD/tests/servers
pid=
down() { test -z "$pid" || kill "$pid" 2>/dev/null || true; }
trap 'down; rm -rf "$T"' EXIT
"$servers/ca.sh" "$T/ca" wrong
mkdir "$T/work" "$T/state"
cd "$T/work"
head -c 4000 /dev/urandom >small
head -c 5000 /dev/urandom >other
head -c 300000 /dev/urandom >large
export SN_STATE="$T/state" SN_CONF_HOST=localhost SN_CONF_SECURITY=none SN_CONF_FROM=alice@example.org \
    SN_CONF_CA_FILE="$T/ca/ca.pem" SN_CONF_REPLY_TIMEOUT=60s
tab=$(printf '\t')

# server SCRIPT [OPTION]...: another server takes over; its folder is $S.
server() {
    down
    S=$(mktemp -d "$T/server.XXXXXX")
    printf '%s\n' "$1" >"$S/script"
    shift
    "$servers/smtp.py" "$S" "$@" <"$S/script" >"$S/errors" 2>&1 &
    pid=$!
    tries=0
    until test -f "$S/port"; do
        tries=$((tries + 1))
        if test $tries -gt 1200 || ! kill -0 "$pid"; then cat "$S/errors" && exit 1; fi
        sleep 0.05
    done
    SN_CONF_PORT=$(cat "$S/port")
    export SN_CONF_PORT
}
# job ID KIND READER FILE: a line.
job() { printf '%s\t%s\tmailto:%s@example.org\t%s\n' "$@"; }
letter() { job 1 envelope bob small; }
# sends: hands over the jobs on standard input; reports are in $T/out, by ID, what was said in $T/said, the exit code in
# $T/code.
sends() {
    code=0
    sn-send-mailto >"$T/reports" 2>"$T/said" || code=$?
    echo "$code" >"$T/code"
    sort "$T/reports" >"$T/out"
}
# reports TEXT WANT...: these are the reports, with | for a tab.
reports() {
    text=$1
    shift
    is "$text" "$(tr '\t' '|' <"$T/out")" "$(printf '%s\n' "$@")"
}
mails() { find "$S" -name '*.eml' | wc -l; }

# Nothing wrong.
server ''
{ letter && job 2 envelope carol other && job 3 envelope bob other && job 4 blob carol large; } | sends
reports 'all is sent' 'sent|1' 'sent|2' 'sent|3' 'sent|4'
is 'envelopes for one reader share a mail' "$(mails)" 3
is 'readers are as they were named' "$(cat "$S"/1.to "$S"/2.to "$S"/3.to)" \
    "$(printf 'RCPT TO:<%s@example.org>\n' carol bob carol)"
ok 'the sender too' has "$S/log" 'MAIL FROM:<alice@example.org>'
server 'LOCKSTEP'
letter | sends
reports 'so it is without PIPELINING' 'sent|1'

# One of many readers.
server 'RCPT:bob * 450 4.2.0 busy
RCPT:dave * 550 5.1.1 no such user'
for who in bob carol dave erin; do job $who blob $who large; done | sends
reports 'each reader has an answer of their own' 'later|bob|0|450 4.2.0 busy' 'never|dave|550 5.1.1 no such user' \
    'sent|carol' 'sent|erin'
is 'the mail went once, to those who take it' "$(cat "$S/1.to")" \
    "$(printf 'RCPT TO:<%s@example.org>\n' carol erin)"
server "$(printf 'RCPT * 550 5.1.1 \033[31mno\342\200\256such user')"
letter | sends
reports "a server's words are plain" 'never|1|550 5.1.1 ␛[31mno<U+202E>such user'
is 'and nothing was sent to nobody' "$(mails)" 0
server 'RCPT:dave 1 452 4.5.3 too many
RCPT:erin 1 452 4.5.3 too many'
for who in bob carol dave erin; do job $who blob $who large; done | sends
reports 'who does not fit into a transaction gets the next' 'sent|bob' 'sent|carol' 'sent|dave' 'sent|erin'
is 'which is a second one' "$(mails)" 2
server ''
export SN_CONF_MAX_RECIPIENTS=3
for who in bob carol dave erin; do job $who blob $who large; done | sends
unset SN_CONF_MAX_RECIPIENTS
is 'the settings say how many readers fit' "$(wc -l <"$S/1.to") $(wc -l <"$S/2.to")" '3 1'

# Settings that would stop everything are told before anything is tried.
for setting in PER_DAY MAX_RECIPIENTS CONNECTIONS; do
    fails 78 "$setting=0 is no setting" env "SN_CONF_$setting=0" sn-send-mailto --check
done
fails 78 'a user without a password is half a login' env SN_CONF_USER=alice sn-send-mailto --check
ok 'which is said' has "$T/said" 'set password-command or token-command'

# Not now, not ever, too much.
for answer in 'RCPT * 451 4.7.1 greylisted|later|1|300|451 4.7.1 greylisted' \
    'MAIL * 451 4.3.0 try again|later|1|0|451 4.3.0 try again' \
    'RCPT * 553 5.7.1 not your address|later|1|3600|553 5.7.1 not your address' \
    'RCPT * 550 5.1.8 no such domain|later|1|3600|550 5.1.8 no such domain' \
    'RCPT * 550 5.1.0 <a@b.example>: sender address rejected: user unknown|later|1|3600|550 5.1.0 <a@b.example>: sender address rejected: user unknown' \
    'RCPT * 504 5.5.2 <a@b>: sender address rejected: need fqdn|later|1|3600|504 5.5.2 <a@b>: sender address rejected: need fqdn' \
    'RCPT * 504 5.5.2 <b>: helo command rejected: need fqdn|later|1|3600|504 5.5.2 <b>: helo command rejected: need fqdn' \
    'RCPT * 550 5.4.1 access denied|never|1|550 5.4.1 access denied' \
    'MAIL * 553 5.7.1 not your address|later|1|3600|553 5.7.1 not your address' \
    'DATA * 451 4.3.0 try again|later|1|0|451 4.3.0 try again' \
    'END * 452 4.3.1 disk full|later|1|0|452 4.3.1 disk full' \
    'END * 550 5.4.5 daily limit|later|1|3600|550 5.4.5 daily limit' \
    'END * 554 5.7.1 spam|later|1|3600|554 5.7.1 spam' \
    'END * 554 5.6.0 no such content|never|1|554 5.6.0 no such content' \
    'RCPT * 552 5.2.2 over quota|later|1|3600|552 5.2.2 over quota' \
    'END * 552 5.3.4 too big|toobig|1|3999' \
    'MAIL * 552 too big|toobig|1|3999' \
    'DATA * 250 sent already|later|1|0|'; do
    server "${answer%%|*}"
    letter | sends
    ok "'${answer%%|*}' is ${answer#*|}" has "$T/out" "$(echo "${answer#*|}" | tr '|' '\t')"
    is 'and one report is all' "$(wc -l <"$T/out")" 1
done
server 'OFFER SIZE 20000'
{ letter && job 2 envelope bob large; } | sends
ok 'what is larger than SIZE is too big' grep -qE "^toobig${tab}2${tab}[0-9]+$" "$T/out"
room=$(sed -n "s/^toobig${tab}2${tab}//p" "$T/out")
ok 'and not begun' test "$(grep -c MAIL "$S/log")" -eq 1
ok 'what is not larger says how large it is' grep -qE '^MAIL FROM:<alice@example.org> SIZE=[0-9]+$' "$S/log"
head -c "$room" /dev/urandom >fitting
job 1 envelope bob fitting | sends
reports 'what was said to fit fits' 'sent|1'

# Cut off.
server 'BODY 1 close'
{ letter && job 2 envelope carol other; } | sends
reports 'cut in the middle of a mail: that one is later' "later|1|0|'localhost' closed the connection" 'sent|2'
server 'END 1 close'
letter | sends
reports 'cut before the final answer: later' "later|1|0|'localhost' closed the connection"
server 'END 1 take-and-close'
letter | sends
reports 'cut before the final answer, though it was taken: later' "later|1|0|'localhost' closed the connection"
is 'as it may have arrived' "$(mails)" 1
server 'END 1 close-after 250 ok'
{ letter && job 2 envelope carol other; } | sends
reports 'cut after the final answer: sent, and the next one too' 'sent|1' 'sent|2'
server 'BODY * 552 5.3.4 too big for me'
job 1 envelope bob large | sends
reports 'who hangs up on a mail may have said why' 'toobig|1|299999'
server 'END 1 552 5.3.4 too big'
{ letter && job 2 envelope bob other; } | sends
reports 'what is too big together is sent one by one' 'sent|1' 'sent|2'
for event in MAIL RCPT DATA; do
    server "$event 1 close-after 421 4.3.2 going down"
    letter | sends
    reports "421 at $event: once more" 'sent|1'
    server "$event * close-after 421 4.3.2 going down"
    letter | sends
    reports "421 at $event for ever: later" 'later|1|0|421 4.3.2 going down'
done
for event in GREETING EHLO; do
    server "$event * 421 4.7.0 too many connections"
    { letter && job 2 envelope carol other; } | sends
    reports "421 at $event: all is later" 'later|1|0|421 4.7.0 too many connections' 'later|2|0|421 4.7.0 too many connections'
    is 'and the driver says so' "$(cat "$T/code")" 75
done

# Slow, or without an end.
export SN_CONF_REPLY_TIMEOUT=2s
for event in GREETING EHLO MAIL END; do
    server "$event * silence"
    letter | sends
    case $event in
    GREETING) why="port $SN_CONF_PORT said nothing for too long" ;;
    *) why='did not answer in time' ;;
    esac
    reports "silence at $event is not waited for" "later|1|0|'localhost' $why"
done
export SN_CONF_REPLY_TIMEOUT=60s
for event in GREETING EHLO RCPT END; do
    for what in line answer; do
        server "$event * endless-$what"
        letter | /usr/bin/time -f %M -o "$T/peak" sn-send-mailto >"$T/out" 2>"$T/said" || true
        ok "an endless $what at $event is not read" has "$T/out" "'localhost' sent a"
        ok 'nor does it take memory' test "$(tail -n 1 "$T/peak")" -lt 32768
    done
done
unset SN_CONF_REPLY_TIMEOUT

# TLS.
for certificate in expired elsewhere self; do
    server '' --tls "$T/ca/$certificate.pem" "$T/ca/$certificate.key"
    letter | SN_CONF_SECURITY=tls sends
    ok "a certificate that is '$certificate' is not trusted" has "$T/out" "the certificate of 'localhost' is not trusted"
    is 'and nothing was said' "$(cat "$T/code") $(cat "$S/log" 2>/dev/null)" '77 '
done
export SN_CONF_SECURITY=starttls SN_CONF_PASSWORD_COMMAND='echo wonderland'
server 'OFFER AUTH PLAIN' --starttls "$T/ca/good.pem" "$T/ca/good.key"
letter | sends
reports 'STARTTLS' 'sent|1'
is 'comes before all that matters' "$(cut -d ' ' -f 1 "$S/log" | head -n 4 | tr '\n' ' ')" 'EHLO STARTTLS EHLO AUTH '
server 'OFFER AUTH PLAIN'
letter | sends
ok 'STARTTLS that is not offered is not done without' has "$T/out" "'localhost' does not offer STARTTLS"
ok 'and no password was sent' lacks "$S/log" AUTH
server 'OFFER AUTH PLAIN
STARTTLS * inject 250-injected\n250 AUTH PLAIN' --starttls "$T/ca/good.pem" "$T/ca/good.key"
letter | sends
ok 'what is sent ahead of the handshake is not heard' has "$T/out" "'localhost' sent something ahead of the TLS handshake"
ok 'and no password was sent' lacks "$S/log" AUTH
server 'STARTTLS * 454 not now' --starttls "$T/ca/good.pem" "$T/ca/good.key"
letter | sends
ok 'STARTTLS that is refused is not done without' has "$T/out" '454 not now'
ok 'and nothing was sent' lacks "$S/log" MAIL
export SN_CONF_SECURITY=none

# Logging in.
for mechanism in PLAIN LOGIN; do
    server "OFFER AUTH CRAM-MD5 $mechanism"
    letter | SN_CONF_USER=alice sends
    reports "a password by $mechanism" 'sent|1'
    ok 'is right' grep -E '^\|alice\|wonderland$|^wonderland$' "$S/log"
done
unset SN_CONF_PASSWORD_COMMAND
for mechanism in XOAUTH2 OAUTHBEARER; do
    server "OFFER AUTH PLAIN $mechanism"
    letter | SN_CONF_TOKEN_COMMAND='echo ya29.token' sends
    reports "a token by $mechanism" 'sent|1'
    ok 'is right' has "$S/log" 'auth=Bearer ya29.token||'
done
server 'OFFER AUTH XOAUTH2
AUTH * 535 5.7.8 no'
letter | SN_CONF_TOKEN_COMMAND='echo ya29.token' sends
is 'a login that is refused ends it' "$(cat "$T/code")" 77
ok 'and says why' has "$T/out" "did not let 'alice@example.org' in: 535 5.7.8 no"
ok 'without the token' lacks "$T/said" token
rm "$T/state/refused"

# Whom it refuses is us, and not who is to read it.
export SN_CONF_PASSWORD_COMMAND='echo wonderland'
for words in '538 5.7.11 Encryption required' '530 5.7.0 Must issue a STARTTLS command first'; do
    server "OFFER AUTH PLAIN
AUTH * $words"
    letter | sends
    is "a login that wants TLS first is a wrong setting: $words" "$(cat "$T/code") $(cut -f 1 "$T/out")" '78 later'
    ok 'and it is said which' has "$T/said" "security = 'starttls'"
done
server 'OFFER AUTH PLAIN
AUTH * 451 4.7.0 Temporary failure'
letter | sends
is 'a login that fails for now counts for nothing' "$(cat "$T/code") $(ls "$T/state")" '75 '
server 'OFFER AUTH PLAIN
AUTH * 534 5.7.9 Application-specific password required'
letter | sends
is 'another password is wanted' "$(cat "$T/code") $(cut -f 1 "$T/out")" '77 later'
ok 'and it is said where to read of it' has "$T/said" 'socialnet-mail(7)'
rm "$T/state/refused"
server ''
letter | sends
is 'no login is offered' "$(cat "$T/code") $(cut -f 1,2 "$T/out")" "78 later${tab}1"
ok 'and no mail was tried' lacks "$S/log" MAIL
unset SN_CONF_PASSWORD_COMMAND
for event in MAIL RCPT DATA END; do
    server "$event * 530 5.7.0 Authentication required"
    { letter && job 2 envelope carol other; } | sends
    reports "no login was tried, and one is wanted at $event" 'later|1|3600|530 5.7.0 Authentication required' \
        'later|2|3600|530 5.7.0 Authentication required'
    is 'the caller hears of it' "$(cat "$T/code")" 77
    ok 'and of the setting' has "$T/said" 'password-command'
done
server 'RCPT:bob * 554 5.7.1 Relay access denied'
{ letter && job 2 envelope carol other; } | sends
reports 'one domain is not taken from us' 'later|1|3600|554 5.7.1 Relay access denied' 'sent|2'
is 'and it is no fault of the address' "$(cat "$T/code")" 77
for words in '554 5.7.1 <bob@example.org>: Recipient address rejected: Access denied' \
    '553 5.7.1 <alice@example.org>: Sender address rejected: not owned by user bob'; do
    server "RCPT * $words"
    letter | sends
    reports "refused at RCPT, and not for the reader: ${words##*rejected: }" "later|1|3600|$words"
    is 'the caller hears of it' "$(cat "$T/code")" 77
done
# The same words are one reader's own rule where the sender is taken for another.
for words in '554 5.7.1 <bob@example.org>: Recipient address rejected: Access denied' '550 access denied' \
    '554 5.7.1 <alice@example.org>: Sender address rejected: Access denied'; do
    server "RCPT:bob * $words"
    { letter && job 2 envelope carol other; } | sends
    reports "for one reader: $words" "later|1|3600|$words" 'sent|2'
    is 'it is nothing against us' "$(cat "$T/code") $(cat "$T/said")" '0 '
    { letter && job 2 blob bob large && job 3 blob carol large; } | sends
    reports 'in a mail that they share, too' "later|1|3600|$words" "later|2|3600|$words" 'sent|3'
    is 'it is nothing against us' "$(cat "$T/code") $(cat "$T/said")" '0 '
done
server 'MAIL * 550 5.7.0 no mail from there'
{ letter && job 2 envelope carol other; } | sends
reports 'a sender who is refused at MAIL gives up no reader' 'later|1|3600|550 5.7.0 no mail from there' \
    'later|2|3600|550 5.7.0 no mail from there'
is 'and the caller hears of it' "$(cat "$T/code")" 77
letter | SN_CONF_PASSWORD_COMMAND='exit 3' sends
reports 'a command for the password that fails is for later' 'later|1|0|password-command failed: exit status: 3'

# Addresses that want more.
server ''
n=0
for address in 'bob@example.org%0D%0ARCPT%20TO:%3Ccarol@example.org%3E' '-oQ/tmp@example.org' '%22bob%22@example.org' \
    '%3Cbob@example.org%3E' 'bob@example.org?bcc=carol@example.org' 'bob@example.org,carol@example.org' \
    'bob@example.org%0ASubject:x' 'b%C3%B6b@example.org'; do
    n=$((n + 1))
    printf '%s\tenvelope\tmailto:%s\tsmall\n' $n "$address"
done | sends
is 'an address that is more than one is never' "$(grep -c '^never' "$T/out")" 8
ok 'and the server was not even asked' test ! -f "$S/log"
fails 78 'a sender with a line break is refused' env SN_CONF_FROM="alice@example.org
Bcc: carol@example.org" sh -c "printf '1\tenvelope\tmailto:bob@example.org\tsmall\n' | sn-send-mailto"
fails 78 'so is one with a name' env SN_CONF_FROM='Alice <alice@example.org>' \
    sh -c "printf '1\tenvelope\tmailto:bob@example.org\tsmall\n' | sn-send-mailto"

# The day's budget.
export SN_CONF_PER_DAY=3
for who in bob carol dave; do job $who blob $who large; done >"$T/jobs"
job 1 envelope bob small >>"$T/jobs"
sends <"$T/jobs"
ok 'small mails go first' has "$T/out" "sent${tab}1"
is 'and the budget is kept' "$(grep -c '^sent' "$T/out")" 3
ok 'what is over it is later, with a plain sentence' grep -E \
    "^later${tab}dave${tab}[0-9]+${tab}the 3 mails that may be sent in a day" "$T/out"
# What was counted under a clock that is ahead counts today, too: so this holds also if midnight has passed since.
sed -i 's/^[0-9]*/99999/' "$T/state/sent-today"
letter | sends
ok 'the next run remembers' grep "^later${tab}1" "$T/out"
# A shared mail that is refused for its size becomes one for each, and all of them count.
rm "$T/state/sent-today"
server 'END 1 552 5.3.4 too big'
for n in 1 2 3 4 5; do head -c 400$n /dev/urandom >share$n && job $n envelope bob share$n; done | sends
is 'parts of a mail that was too big keep to the budget' "$(grep -c '^sent' "$T/out") $(mails)" '3 3'
is 'the others are later' "$(grep -c '^later.*the 3 mails that may be sent in a day' "$T/out")" 2
unset SN_CONF_PER_DAY

# More connections than one.
server 'GREETING 1 220 welcome
GREETING * 421 4.7.0 one is enough'
n=0
while test $n -lt 40; do n=$((n + 1)) && job $n envelope reader$n small; done >"$T/jobs"
sends <"$T/jobs"
is 'a server that wants one connection gets one' "$(grep -c sent "$T/out")" 40
server ''
SN_CONF_CONNECTIONS=4 sends <"$T/jobs"
is 'one that takes four gets four' "$(grep -c EHLO "$S/log") $(grep -c sent "$T/out")" '4 40'

# The driver as anybody's.
server 'RCPT:later * 450 4.2.0 busy
RCPT:never * 550 5.1.1 no such user'
cd "$T"
SEND_TO=mailto:bob@example.org LATER=mailto:later@example.org NEVER=mailto:never@example.org PATH="$PATH" \
    "$servers/../driver-conformance.sh" mailto >"$T/suite"
ok 'sn-send-mailto conforms' test -z "$(grep '^not ok' "$T/suite")"

plan
