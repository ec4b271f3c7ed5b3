#!/bin/sh
# sn-init --email: from a mail address to settings that work, by a company's own autoconfiguration server.
. tests/lib.sh

servers=$PWD/tests/servers
web=
trap 'test -z "$web" || kill "$web" 2>/dev/null || true; rm -rf "$T"' EXIT
"$servers/ca.sh" "$T/ca"
mkdir "$T/web"
"$servers/https-files.py" "$T/web" "$T/ca/good.pem" "$T/ca/good.key" >"$T/port" 2>"$T/asked" &
web=$!
tries=0
until test -s "$T/port"; do
    tries=$((tries + 1))
    test $tries -lt 600 || exit 1
    sleep 0.1
done
base=https://localhost:$(cat "$T/port")

# server KIND HOST PORT SOCKET USER [WAY IN]: as a provider describes it.
server() {
    element=incomingServer
    test "$1" != smtp || element=outgoingServer
    printf '<%s type="%s"><hostname>%s</hostname><port>%s</port><socketType>%s</socketType>' "$element" "$1" "$2" "$3" "$4"
    printf '<username>%s</username><authentication>%s</authentication></%s>\n' "$5" "${6:-password-cleartext}" "$element"
}
# provider FILE: what standard input says, as a document.
provider() {
    { echo '<clientConfig version="1.1"><emailProvider id="example.org">' && cat &&
        echo '</emailProvider></clientConfig>'; } >"$T/web/$1"
}
# init NAME WORD...: makes, or equips, NAME's account.
init() {
    who=$1
    shift
    as "$who" sn-init --ca-file "$T/ca/ca.pem" --email "$who@example.org" "$@"
}
settings() { grep -vE '^ *(#|$)' "$T/$1/config.toml"; }

{
    server imap plain.example.org 143 plain '%EMAILADDRESS%'
    server pop3 pop.example.org 995 SSL '%EMAILADDRESS%'
    server imap imap.example.org 993 SSL '%EMAILLOCALPART%'
    server smtp smtp.example.org 587 STARTTLS '%EMAILADDRESS%'
} | provider best.xml
ok 'an account is made with an address alone' init alice --name Alice --autoconfig "$base/best.xml"
is 'the best servers with TLS are in its settings' "$(settings alice)" "[send.mailto]
host = \"smtp.example.org\"
security = \"starttls\"
from = \"alice@example.org\"
password-command = \"pass show alice@example.org\"
ca-file = \"$T/ca/ca.pem\"
[[receive]]
source = \"imaps://alice@imap.example.org\"
password-command = \"pass show alice@example.org\"
ca-file = \"$T/ca/ca.pem\""
is 'and for its owner alone' "$(stat -c %a "$T/alice/config.toml")" 600
ok 'friends are told of the address' sh -c "SN_HOME='$T/alice' sn-profile | grep -qF mailto:alice@example.org"
cp "$T/alice/config.toml" "$T/before"
ok 'once more changes nothing' init alice --incoming imaps://other.example.org \
    --outgoing smtps://other.example.org
cp "$T/result" "$T/said"
ok 'nor do other servers' cmp "$T/alice/config.toml" "$T/before"
ok 'which is said' has "$T/said" "alice@example.org is set up there already, and nothing is changed: '$T/alice/config.toml'"
is 'and nothing is there twice' "$(grep -c '^\[send' "$T/alice/config.toml")" 1
ok 'another address needs a hand' sh -c "! SN_HOME='$T/alice' sn-init --email other@example.org \
    --incoming imaps://imap.example.org --outgoing smtps://smtp.example.org 2>'$T/said'"
ok 'which is said' has "$T/said" 'the settings have a [send.mailto] already'

# An account that is there.
account bob
cp "$T/bob/config.toml" "$T/before"
ok 'an account that is there gets mail' init bob --autoconfig "$base/best.xml" --password-command "echo it's"
ok 'what the owner has written stays' sh -c "head -n $(wc -l <"$T/before") '$T/bob/config.toml' | cmp - '$T/before'"
is 'with a command of the owner'"'"'s' "$(settings bob | grep -c "password-command = \"echo it's\"")" 2
is 'behind the addresses it has' "$(as bob sn-profile show --json | jq -r '.addresses[]')" \
    "file://$T/post/bob
mailto:bob@example.org"

# By hand.
ok 'servers named by hand are believed' init carol --name Carol --incoming pop3://c@pop.example.org:1110 \
    --outgoing smtps://mail.example.org --token-command 'oama access carol'
is 'as they are named' "$(settings carol | grep -E '^(host|source|token)' | sort -u)" 'host = "mail.example.org"
source = "pop3://c@pop.example.org:1110"
token-command = "oama access carol"'

# Nothing without TLS, nothing elsewhere, nothing half made.
server imap imap.example.org 143 plain '%EMAILADDRESS%' | provider plain.xml
ok 'servers without TLS are not taken' sh -c "! SN_HOME='$T/dave' sn-init --name Dave --email dave@example.org \
    --ca-file '$T/ca/ca.pem' --autoconfig '$base/plain.xml' </dev/null 2>'$T/said'"
ok 'and the options to give are named' has "$T/said" '--incoming imaps://HOST --outgoing smtps://HOST'
ok 'before anything is made' test ! -e "$T/dave"
echo "$base/best.xml" >"$T/web/moved.location"
ok 'a redirect is followed' init dave --name Dave --autoconfig "$base/moved"
echo "http://localhost:1/best.xml" >"$T/web/down.location"
fails 77 'but not to plain http' init erin --name Erin --autoconfig "$base/down"
echo "https://127.0.0.1:$(cat "$T/port")/best.xml" >"$T/web/inside.location"
fails 75 'nor to another host of a private network' init erin --name Erin --autoconfig "$base/inside"
echo "$base/loop" >"$T/web/loop.location"
fails 75 'nor for ever' init erin --name Erin --autoconfig "$base/loop"
head -c 300000 /dev/zero | tr '\0' x >"$T/web/long.xml"
fails 65 'an answer without an end is no answer' init erin --name Erin --autoconfig "$base/long.xml"
fails 75 'a certificate of an unknown authority is not trusted' as erin sn-init --name Erin \
    --email erin@example.org --autoconfig "$base/best.xml"
server imap "x'; rm -rf ~ #" 993 SSL '%EMAILADDRESS%' | provider evil.xml
ok 'a name that is none is not taken' sh -c "! SN_HOME='$T/erin' sn-init --name Erin --email erin@example.org \
    --ca-file '$T/ca/ca.pem' --autoconfig '$base/evil.xml' </dev/null 2>'$T/said'"
fails 69 'a provider that lets no mail program in is known' as erin sn-init --name Erin --email erin@Proton.me
fails 64 'an address is one' as erin sn-init --name Erin --email 'erin@example.org, x@example.org'
fails 64 'whatever else is said' as erin sn-init --name Erin --email 'erin@example.org, x@example.org' \
    --incoming imaps://erin@imap.example.org --outgoing smtps://erin@smtp.example.org
ok 'nothing is made then' test ! -e "$T/erin"

plan
