#!/bin/sh
# Brings what `make test` or `make bench` needs and this machine lacks: by apt-get as root or through sudo. Where
# neither is possible it names the packages and fails; nothing is skipped for want of a tool.
#
# usage: tests/needs.sh test|bench

missing=

# need COMMAND PACKAGE: the reason stands beside each call.
need() {
    command -v "$1" >/dev/null || missing="$missing $2"
}

# need_module MODULE PACKAGE: the same for a module of python3.
need_module() {
    python3 -c "import $1" 2>/dev/null || missing="$missing $2"
}

case ${1-} in
test)
    need prove perl                         # runs the shell tests
    need mandoc mandoc                      # lints the manual pages; the tour is read out of one
    need shellcheck shellcheck              # lints the scripts
    need xmllint libxml2-utils              # packets against the RELAX NG schema; pages as XML
    need file file                          # what is in a picture
    need openssl openssl                    # peels what we sealed, with somebody else's code
    need jq jq                              # reads JSON lines
    need time time                          # tells how much memory a command took
    need sixel2png libsixel-bin             # sees pictures for terminals
    need exiftool libimage-exiftool-perl    # looks for what a photograph still says of its maker
    need argon2 argon2                      # a backup is opened by hand
    need sqlite3 sqlite3                    # looks into a database with somebody else's eyes
    need zbarimg zbar-tools                 # reads the QR code of an invitation
    need strace strace                      # kills a command at a chosen system call
    need mbsync isync                       # fills a Maildir from a mailbox
    need setpriv util-linux                 # root without the right to write everywhere
    need faketime faketime                  # lets weeks go by, also for the network of thirty accounts
    need_module ensurepip python3-venv      # brings it its packages
    need zsh zsh                            # reads its completions
    need fish fish                          # reads its completions
    need python3 python3                    # servers that misbehave as a script says, and the second implementation
    need curl curl                          # another client for boxes
    need ip iproute2                        # makes a network of one machine, with public addresses
    need /usr/bin/chromium chromium         # a browser as people use it
    need /usr/bin/chromedriver chromium-driver # presses its buttons
    need /usr/sbin/nginx nginx              # stands in front of our web server
    need /usr/sbin/postfix postfix          # takes mail by SMTP
    need /usr/lib/dovecot/imap dovecot-imapd # gives it out, and checks passwords
    need /usr/lib/dovecot/pop3 dovecot-pop3d # as imap
    need /usr/lib/dovecot/lmtp dovecot-lmtpd # takes it from Postfix
    ;;
bench)
    need time time                          # tells how much memory a command took
    need gpg gnupg                          # signs and encrypts one by one, as mail programs do
    need age age                            # encrypts files
    need openssl openssl                    # CMS from the command line
    need notmuch notmuch                    # indexes a Maildir
    need python3 python3                    # sends mails on one connection, and delays them
    need msmtp msmtp                        # sends mails one by one
    need /usr/sbin/smtp-sink postfix        # takes any mail
    need curl curl                          # posts one by one
    need /usr/sbin/nginx nginx              # takes uploads without syncing them
    need /usr/lib/dovecot/imap dovecot-imapd # gives mail out
    need /usr/lib/dovecot/pop3 dovecot-pop3d # as imap
    need /usr/lib/dovecot/lmtp dovecot-lmtpd # takes mail in
    need mbsync isync                       # fetches it by IMAP
    need fetchmail fetchmail                # fetches it by POP3
    need python3 python3                    # finds free ports
    ;;
*)
    echo "usage: $0 test|bench" >&2
    exit 64
    ;;
esac

test -n "$missing" || exit 0

if test "$(id -u)" -eq 0; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root='sudo -n'
else
    echo "$0: these Debian packages are missing:$missing" >&2
    echo "$0: hint: apt-get install$missing" >&2
    exit 69
fi

# Words are meant to be split: packages, and sudo with its option.
# shellcheck disable=SC2086
{
    $as_root apt-get -qq update &&
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get -qq install --no-install-recommends $missing
} </dev/null >/dev/null
