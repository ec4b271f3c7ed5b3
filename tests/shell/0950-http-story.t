#!/bin/sh
# Two people meet by an invitation that names an https address, and exchange everything. Alice runs a web server; Bob, who
# can't be reached, only ever fetches from a box there. A third looks at all that passes by.
. tests/lib.sh

httpd=$PWD/tests/servers/httpd.sh
ridge=$PWD/tests/data/ridge.jpg
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
trap '"$httpd" kill "$T/web"; rm -rf "$T"' EXIT

tests/servers/ca.sh "$T/ca"
mkdir -p "$T/web/boxes/alices" "$T/web/boxes/bobs"
tests/servers/ports.py 127.0.0.1 | tr '=' ':' >"$T/web/address"
host=localhost:$(sed 's/.*://' "$T/web/address")
serve() {
    "$httpd" start "$T/web" "hosts = ['$host']" "tls = { certificate = '$T/ca/good.pem', key = '$T/ca/good.key' }"
}
serve

as alice sn-init --name Alice --address "https://$host/in/alices" >/dev/null 2>"$T/said"
as bob sn-init --name Bob --address "https://$host/in/bobs" >"$T/web/boxes/bobs/owner" 2>"$T/said"
ok 'Bob is told what is left to be done' has "$T/said" "the fingerprint into the file 'owner' of that box"
ln -s "$T/alice/inpackets" "$T/web/boxes/alices/inpackets"
# Alice's server puts packets right here. Else it is the settings of sn-init, and who vouches for the server.
sed -i '/^\[\[receive\]\]/,$d' "$T/alice/config.toml"
for who in alice bob; do
    sed -i -e "/^\[send.https\]/a allow-private = ['localhost']" -e "/^\[send.https\]\|^source/a ca-file = '$T/ca/ca.pem'" \
        "$T/$who/config.toml"
done

# round: everybody does what cron would do, twice.
round() { for who in bob alice bob alice; do as $who sn-sync; done; }

as alice sn-contact invite >"$T/invitation.pem"
ok 'Bob adds whom he was invited by' as bob sn-contact add <"$T/invitation.pem"
round
is 'they know each other' "$(as alice sn-contact list --json | jq -r .name) $(as bob sn-contact list --json | jq -r .name)" 'bob alice'

send() {
    who=$1
    shift
    as "$who" sh -ec 'sn-pack "$@" >clear && sn-seal --to all <clear >sealed && sn-send <sealed' - "$@"
}
cd "$T"
ok 'Alice says something' send alice status 'Hello from the server.'
ok 'and shows a photograph' send alice photo "$ridge" --text 'The ridge at dawn'
head -c 5000000 /dev/urandom >film
ok 'Bob sends a large file' send bob status 'A film.' --file film
round
is 'Bob has the words' "$(as bob sn-feed --json | jq -r .text | grep -cxF 'Hello from the server.')" 1
is 'and the photograph, whole' \
    "$(as bob sn-feed --json | jq -r 'select(.text == "The ridge at dawn") | .attachments[].complete')" true
is 'Alice has the film, whole' "$(as alice sn-feed --json | jq -r 'select(.text == "A film.") | .attachments[] | "\(.complete) \(.sha256)"')" \
    "true $(sha256sum <film | cut -c1-64)"
is 'nothing is left in the box' "$(find "$T/web/boxes/bobs/new" -type f | wc -l)" 0
is 'nor on the way' "$(as alice sn-send -p | grep -c waiting)$(as bob sn-send -p | grep -c waiting)" 00

# While the server is away nothing is lost.
"$httpd" stop "$T/web"
ok 'Bob says something while the server is away' send bob status 'Can you hear me?'
as bob sn-sync 2>"$T/said" || true
ok 'and is told that it waits' has "$T/said" 'sn-recv-http'
serve
ok 'when it is back, what waited goes' as bob sn-send -r
round
is 'Alice hears' "$(as alice sn-feed --json | jq -r .text | grep -cxF 'Can you hear me?')" 1

# What is public is what the owner says is.
as alice sn-profile export >"$T/web/boxes/alices/profile.pem"
curl -q -sS --cacert "$T/ca/ca.pem" "https://$host/profile/alices" >"$T/fetched.pem"
ok 'the profile that anybody gets is hers' cmp "$T/web/boxes/alices/profile.pem" "$T/fetched.pem"

# Nobody else gets into Bob's box.
as carol sn-init --name Carol >/dev/null
as carol sn-profile set --address "https://$host/in/carols" >"$T/lacks" 2>"$T/said"
cat "$T/lacks" >>"$T/carol/config.toml"
is 'Carol, who moves to a box later, is given the settings for it' \
    "$(as carol sn-profile set --address "https://$host/in/carols") $(grep -c '^source' "$T/lacks")" ' 1'
mkdir "$T/mailbox" "$T/mailbox/tmp" "$T/mailbox/new"
fails 77 'Carol is not let into it' env SN_STATE="$T" SN_CONF_CA_FILE="$T/ca/ca.pem" \
    SN_CONF_TOKEN_COMMAND="SN_HOME=$T/carol sn-profile login" sn-recv-http "https://$host/in/bobs" "$T/mailbox"
fails 77 "nor into Alice's inpackets" env SN_STATE="$T" SN_CONF_CA_FILE="$T/ca/ca.pem" \
    SN_CONF_PASSWORD_COMMAND='echo x' sn-recv-http "https://$host/in/alices" "$T/mailbox"
# One form, shown twice, and at another box.
nonce=$(curl -q -sS --cacert "$T/ca/ca.pem" "https://$host/login/bobs")
echo "$host bobs $nonce" | as bob sn-profile login >"$T/form"
log_in() {
    curl -q -sS --cacert "$T/ca/ca.pem" -o "$T/answer" -w '%{http_code}' -H 'Content-Type: text/plain' \
        --data-binary "@$T/form" "https://$host/login/$1"
}
is 'a login holds for no other box' "$(log_in alices)" 401
is 'it holds for this one' "$(log_in bobs)" 200
is 'once' "$(log_in bobs)" 401

plan
