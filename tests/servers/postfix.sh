#!/bin/sh
# Postfix on loopback, with a configuration, ports, a queue and mailboxes of its own in one folder. It needs root, as
# it gives each of its parts a user of its own: without root, through sudo.
#
# usage: tests/servers/postfix.sh start FOLDER CERTIFICATE KEY [LINE OF CONFIGURATION]...
#        tests/servers/postfix.sh stop FOLDER
#
# Mail for alice, bob, carol and dave at example.org goes into the Maildir FOLDER/mail/NAME/, or to the socket that
# LMTP names in the environment; any other address there is unknown. With AUTH, a socket of Dovecot's, users must log in
# before they send. After `start`, FOLDER/ports can be sourced: it sets SMTPS and SUBMISSION (ports). What Postfix says is
# in FOLDER/log.

set -eu
action=$1 folder=$2
shift 2

if test "$(id -u)" -eq 0; then as_root=; else as_root='sudo -n'; fi

main_cf() {
    cat <<CONFIGURATION
compatibility_level = 3.6
queue_directory = $folder/queue
data_directory = $folder/data
maillog_file = $folder/log
maillog_file_prefixes = $folder
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mydestination =
alias_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_base = $folder/mail
virtual_mailbox_maps = texthash:$folder/mailboxes
virtual_minimum_uid = 1
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
virtual_mailbox_limit = 0
message_size_limit = 20000000
smtpd_tls_cert_file = $folder/server.crt
smtpd_tls_key_file = $folder/server.key
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_client_connection_count_limit = 0
smtpd_recipient_restrictions = reject_unauth_destination
CONFIGURATION
    if test -n "${LMTP-}"; then
        echo "virtual_transport = lmtp:unix:$LMTP"
    fi
    if test -n "${AUTH-}"; then
        echo smtpd_sasl_auth_enable = yes
        echo smtpd_sasl_type = dovecot
        echo "smtpd_sasl_path = $AUTH"
        echo smtpd_relay_restrictions = permit_sasl_authenticated, reject
    fi
    for line; do echo "$line"; done
}

master_cf() {
    cat <<CONFIGURATION
127.0.0.1:$SMTPS inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
127.0.0.1:$SUBMISSION inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
flush unix n - n 1000? 0 flush
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
CONFIGURATION
    for service in rewrite:trivial-rewrite verify proxymap error retry:error lmtp anvil; do
        echo "${service%:*} unix - - n - - ${service#*:}"
    done
    for service in bounce defer trace; do echo "$service unix - - n - 0 bounce"; done
    echo 'virtual unix - n n - - virtual'
}

case $action in
start)
    certificate=$1 key=$2
    shift 2
    mkdir -p "$folder/queue" "$folder/data" "$folder/mail"
    cp "$certificate" "$folder/server.crt"
    cp "$key" "$folder/server.key"
    for name in alice bob carol dave; do echo "$name@example.org $name/"; done >"$folder/mailboxes"
    "${0%/*}/ports.py" SMTPS SUBMISSION >"$folder/ports"
    # shellcheck disable=SC1091
    . "$folder/ports"
    main_cf "$@" >"$folder/main.cf"
    master_cf >"$folder/master.cf"
    $as_root chown root "$folder/queue" "$folder/main.cf" "$folder/master.cf"
    $as_root chown postfix "$folder/data"
    $as_root chown nobody "$folder/mail"
    # It runs without a terminal and says in its log how it goes.
    $as_root postfix -c "$folder" start </dev/null >"$folder/out" 2>&1 || {
        cat "$folder/out" "$folder/log" >&2
        exit 1
    }
    ;;
stop)
    $as_root postfix -c "$folder" stop </dev/null >>"$folder/out" 2>&1
    ;;
*)
    sed -n '/^# usage/,/^#$/s/^# //p' "$0" >&2
    exit 64
    ;;
esac
