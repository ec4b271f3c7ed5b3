# shellcheck shell=sh
# For shell tests by mail, after tests/lib.sh: Postfix and Dovecot of their own, which are stopped in the end, and accounts
# at example.org that send by one and fetch from the other.
#
#     . tests/mail.sh
#     post_office
#     mail_account alice bob

servers=$PWD/tests/servers mails=$PWD/tests/mails.py
close_office() {
    test ! -d "$T/postfix" || "$servers/postfix.sh" stop "$T/postfix" || true
    dovecot stop || true
    rm -rf "$T"
}
# dovecot ACTION WORD...: what tests/servers/dovecot.sh can do.
dovecot() {
    action=$1
    shift
    "$servers/dovecot.sh" "$action" "$T/dovecot" "$@"
}

# mailboxes: starts Dovecot, with a certificate by the CA of tests/servers/ca.sh. Sets IMAP, IMAPS, POP3, POP3S, LMTP and AUTH.
mailboxes() {
    trap close_office EXIT
    # The servers are other users, and their folders are in here.
    chmod 711 "$T"
    "$servers/ca.sh" "$T/ca" wrong
    dovecot start "$T/ca/good.pem" "$T/ca/good.key"
    # shellcheck disable=SC1091
    . "$T/dovecot/ports"
}

# post_office [LINE]...: starts the servers, with these lines in Postfix's configuration. Sets SMTPS, SUBMISSION, IMAPS.
post_office() {
    mailboxes
    export AUTH LMTP
    "$servers/postfix.sh" start "$T/postfix" "$T/ca/good.pem" "$T/ca/good.key" "$@"
    # shellcheck disable=SC1091
    . "$T/postfix/ports"
}

# mbsync_settings NAME: for mbsync(1), in $T/mbsyncrc: NAME's mails are brought to the Maildir $T/local/inbox.
mbsync_settings() {
    mkdir "$T/local"
    cat >"$T/mbsyncrc" <<END
IMAPAccount $1
Host localhost
Port $IMAPS
User $1
Pass $1-password
SSLType IMAPS
CertificateFile $T/ca/ca.pem

IMAPStore far
Account $1

MaildirStore near
Path $T/local/
Inbox $T/local/inbox

Channel $1
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState *
END
}

# settings NAME PORT SECURITY [LINE]...: how NAME sends and receives.
settings() {
    name=$1
    cat <<END
[send.mailto]
host = 'localhost'
port = $2
security = '$3'
from = '$name@example.org'
user = '$name'
password-command = 'echo $name-password'
ca-file = '$T/ca/ca.pem'
END
    shift 3
    for line; do echo "$line"; done
    cat <<END
[[receive]]
source = 'imaps://$name@localhost:$IMAPS'
password-command = 'echo $name-password'
ca-file = '$T/ca/ca.pem'
END
}

# delivered: all that Postfix has taken is in somebody's mailbox. A notice that is written, or a mail that is tried again,
# while one look is on its way goes from where it will look to where it has looked: nothing does so twice.
delivered() {
    tries=0
    until queue_is_empty && queue_is_empty; do
        tries=$((tries + 1))
        test $tries -lt 600 || { cat "$T/postfix/log" && return 1; }
        sleep 0.1
    done
}
queue_is_empty() {
    queue=$T/postfix/queue
    test -z "$(find "$queue/incoming" "$queue/active" "$queue/deferred" -type f)"
}

# rounds NAME...: each does a round, after what was sent before it has been delivered.
rounds() {
    for who; do delivered && as "$who" sn-sync 2>>"$T/troubles" || return; done
}

# mail_account NAME...: makes accounts.
mail_account() {
    for who; do
        as "$who" sn-init --name "$who" --address "mailto:$who@example.org"
        settings "$who" "$SMTPS" tls >"$T/$who/config.toml"
    done >"$T/result"
}

# meet_by_mail ONE OTHER: both become contacts by an invitation.
meet_by_mail() {
    as "$1" sn-contact invite >"$T/invitation"
    as "$2" sn-contact add <"$T/invitation" 2>"$T/said"
    rounds "$2" "$1" "$2" "$1"
}
