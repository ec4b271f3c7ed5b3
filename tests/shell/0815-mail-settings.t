#!/bin/sh
# Settings that do not fit real servers, in words that say which one to change; and a password where none belongs.
. tests/lib.sh
. tests/mail.sh

mailboxes
dovecot stop
dovecot start "$T/ca/good.pem" "$T/ca/good.key" 'mail_plugins = quota' 'protocol imap {' \
    '  mail_plugins = quota imap_quota' '}' 'plugin {' '  quota = maildir:User quota' '  quota_rule = *:storage=100K' '}'
# shellcheck disable=SC1091
. "$T/dovecot/ports"
"$servers/postfix.sh" start "$T/postfix" "$T/ca/good.pem" "$T/ca/good.key"
# shellcheck disable=SC1091
. "$T/postfix/ports"
mkdir -p "$T/mailbox/tmp" "$T/mailbox/new" "$T/state" "$T/desk"
export SN_STATE="$T/state" SN_CONF_CA_FILE="$T/ca/ca.pem" SN_CONF_PASSWORD_COMMAND='echo alice-password'
# code COMMAND...: how it ends; what it said is in $T/said.
code() {
    code=0
    "$@" >"$T/out" 2>"$T/said" </dev/null || code=$?
    echo "$code"
}
fetch() { sn-recv-"$1" "$2" "$T/mailbox"; }
send() {
    echo x >"$T/desk/x"
    (cd "$T/desk" && printf '1\tenvelope\tmailto:bob@example.org\tx\n' |
        SN_CONF_HOST=localhost SN_CONF_FROM=alice@example.org SN_CONF_SECURITY=$1 SN_CONF_PORT=$2 sn-send-mailto)
}

# A mailbox that is nearly full.
head -c 90000 /dev/zero | tr '\0' '\n' >"$T/large"
printf 'Subject: large\n\n' | cat - "$T/large" | dovecot put alice
is 'how full the mailbox is' "$(code sn-recv-imap --check "imaps://alice@localhost:$IMAPS") $(grep '^full=' "$T/out")" \
    '0 full=88'

# TLS at once, where it comes after a command.
is 'imaps: at a port for imap:' "$(code fetch imap "imaps://alice@localhost:$IMAP")" 78
ok 'it is said in words' has "$T/said" "'localhost' port $IMAP does not begin with TLS"
ok 'and what to write' has "$T/said" 'imap: or pop3: for imaps: or pop3s:'
is 'pop3s: at a port for pop3:' "$(code fetch pop3 "pop3s://alice@localhost:$POP3")" 78
ok 'it is said in words' has "$T/said" "'localhost' port $POP3 does not begin with TLS"
is 'tls at a port for starttls' "$(code send tls "$SUBMISSION")" 78
ok 'it is said in words' has "$T/said" "'localhost' port $SUBMISSION does not begin with TLS"
ok 'and what to set' has "$T/said" "security = 'starttls', or port = 465"
ok 'the mail waits' grep -q '^later	1	' "$T/out"

# And the other way about: both wait for each other.
export SN_CONF_REPLY_TIMEOUT=1s
is 'imap: at a port for imaps:' "$(code fetch imap "imap://alice@localhost:$IMAPS")" 75
ok 'silence is said to be one' has "$T/said" "'localhost' port $IMAPS said nothing for too long"
ok 'and what to write' has "$T/said" 'imaps: or pop3s: for imap: or pop3:'
is 'pop3: at a port for pop3s:' "$(code fetch pop3 "pop3://alice@localhost:$POP3S")" 75
ok 'and what to write' has "$T/said" 'imaps: or pop3s: for imap: or pop3:'
is 'starttls at a port for tls' "$(code send starttls "$SMTPS")" 75
ok 'and what to set' has "$T/said" "set security = 'tls'"
is 'a port that everybody knows needs no waiting' "$(code fetch imap imap://alice@localhost:993)" 78
ok 'and is told' has "$T/said" 'port 993 begins with TLS, and the settings do not'
unset SN_CONF_REPLY_TIMEOUT

# A password in a source: in no message, no file, no command line.
account alice
unset SN_CONF_PASSWORD_COMMAND
for source in imaps://alice:canarybird7@localhost:"$IMAPS" pop3s://alice:canarybird7@localhost imaps:alice:canarybird7@localhost \
    imaps://alice:canarybird/7@localhost imaps://alice:canarybird7 https://alice:canarybird7@localhost/in/box \
    nosuch://alice:canarybird7@localhost; do
    printf "[[receive]]\nsource = '%s'\n" "$source" >"$T/alice/config.toml"
    {
        is "sn-recv fetches by no such source: ${source%%:*}" "$(code as alice env SN_DEBUG=driver sn-recv)" 78
        cat "$T/said" "$T/out" >"$T/all"
        ok 'and says what to do' has "$T/said" 'password-command'
        is 'so does sn-check' "$(code as alice sn-check)" 78
        cat "$T/said" "$T/out" >>"$T/all"
        is 'and for programs' "$(code as alice sn-check --json)" 78
        cat "$T/said" "$T/out" >>"$T/all"
        ok 'it is shown nowhere' lacks "$T/all" canarybird
        is 'and written nowhere' "$(grep -rl canarybird "$T/alice")" "$T/alice/config.toml"
    }
done
for run in 'sn-recv-imap imaps' 'sn-recv-pop3 pop3s' 'sn-recv-http https' 'sn-recv-file file'; do
    is "${run% *} by hand" "$(code "${run% *}" "${run#* }://alice:canarybird7@localhost2/x" "$T/mailbox")" 78
    ok 'shows none either' lacks "$T/said" canarybird
done
plan
