#!/bin/sh
# Dovecot on loopback, with a configuration, ports, users and mails of its own in one folder, and without root: run by
# root it becomes `nobody`.
#
# usage: tests/servers/dovecot.sh start FOLDER CERTIFICATE KEY [LINE OF CONFIGURATION]...
#        tests/servers/dovecot.sh stop FOLDER
#        tests/servers/dovecot.sh put FOLDER USER [MAILDIR FOLDER] <mail
#        tests/servers/dovecot.sh doveadm FOLDER ARGUMENT...
#
# Users are alice, bob, carol and dave; the password of each is NAME-password. After `start`, FOLDER/ports can be sourced: it
# sets IMAP, IMAPS, POP3, POP3S (ports), LMTP (a socket that takes mail for any of them) and AUTH (a socket at which
# Postfix checks passwords). Mails lie in FOLDER/mail/USER/Maildir.

set -eu
action=$1 folder=$2
shift 2

if test "$(id -u)" -eq 0; then
    user=nobody group=$(id -gn nobody)
    drop="setpriv --reuid=nobody --regid=$group --clear-groups"
    own() { chown -R "$user:$group" "$@"; }
else
    user=$(id -un) group=$(id -gn) drop=
    own() { :; }
fi
uid=$(id -u "$user") gid=$(id -g "$user")

# alive PID: it runs; one that nobody has waited for so far does not.
alive() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

configuration() {
    cat <<CONFIGURATION
base_dir = $folder/run
state_dir = $folder/state
log_path = $folder/log
protocols = imap pop3 lmtp
listen = 127.0.0.1
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_plugins =
mail_max_userip_connections = 100
ssl = yes
ssl_cert = <$folder/server.crt
ssl_key = <$folder/server.key
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u $folder/users
}
userdb {
  driver = static
  args = uid=$uid gid=$gid home=$folder/mail/%n allow_all_users=yes
}
namespace inbox {
  inbox = yes
  mailbox Spam {
    special_use = \\Junk
    auto = create
  }
}
service anvil {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $IMAP
  }
  inet_listener imaps {
    port = $IMAPS
    ssl = yes
  }
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = $POP3
  }
  inet_listener pop3s {
    port = $POP3S
    ssl = yes
  }
}
service lmtp {
  unix_listener $folder/lmtp {
    mode = 0666
  }
}
service auth {
  unix_listener $folder/auth {
    mode = 0666
  }
}
CONFIGURATION
    for line; do echo "$line"; done
}

case $action in
start)
    certificate=$1 key=$2
    shift 2
    rm -f "$folder/log"
    mkdir -p "$folder/run" "$folder/state" "$folder/mail"
    cp "$certificate" "$folder/server.crt"
    cp "$key" "$folder/server.key"
    for name in alice bob carol dave; do
        echo "$name:$name-password"
        mkdir -p "$folder/mail/$name/Maildir/new" "$folder/mail/$name/Maildir/cur" "$folder/mail/$name/Maildir/tmp"
    done >"$folder/users"
    "${0%/*}/ports.py" IMAP IMAPS POP3 POP3S >"$folder/ports"
    printf 'LMTP=%s\nAUTH=%s\n' "$folder/lmtp" "$folder/auth" >>"$folder/ports"
    # shellcheck disable=SC1091
    . "$folder/ports"
    configuration "$@" >"$folder/dovecot.conf"
    own "$folder"
    # Words are meant to be split: the command with its options, or nothing.
    # shellcheck disable=SC2086
    $drop dovecot -F -c "$folder/dovecot.conf" >"$folder/out" 2>&1 &
    echo $! >"$folder/pid"
    tries=0
    until grep -q 'starting up' "$folder/log" 2>/dev/null; do
        tries=$((tries + 1))
        if test $tries -gt 600 || ! kill -0 "$(cat "$folder/pid")" 2>/dev/null; then
            cat "$folder/out" "$folder/log" >&2
            exit 1
        fi
        sleep 0.1
    done
    ;;
stop)
    pid=$(cat "$folder/pid")
    kill "$pid" 2>/dev/null || exit 0
    tries=0
    while alive "$pid"; do
        tries=$((tries + 1))
        test $tries -lt 600 || exit 1
        sleep 0.1
    done
    ;;
put)
    maildir=$folder/mail/$1/Maildir${2:+/.$2}
    mkdir -p "$maildir/tmp" "$maildir/new" "$maildir/cur"
    name=$(python3 -c 'import uuid; print(uuid.uuid4().hex)')
    cat >"$maildir/tmp/$name"
    own "$maildir"
    mv "$maildir/tmp/$name" "$maildir/new/$name"
    ;;
doveadm)
    # shellcheck disable=SC2086
    $drop doveadm -c "$folder/dovecot.conf" "$@"
    ;;
*)
    sed -n '/^# usage/,/^#$/s/^# //p' "$0" >&2
    exit 64
    ;;
esac
