#!/bin/sh
# Friends by mail, from the first command: servers found by themselves, looked at by the doctor, and everything that friends
# exchange, a set of photographs of 20 MB among it, by IMAP, by POP3 and by a Maildir that mbsync fills.
. tests/lib.sh
. tests/mail.sh

post_office 'message_size_limit = 30000000'
provider() {
    cat <<END
<clientConfig version="1.1"><emailProvider id="example.org">
<incomingServer type="$1"><hostname>localhost</hostname><port>$2</port><socketType>SSL</socketType>
<username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication></incomingServer>
<outgoingServer type="smtp"><hostname>localhost</hostname><port>$SMTPS</port><socketType>SSL</socketType>
<username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication></outgoingServer>
</emailProvider></clientConfig>
END
}
mkdir "$T/web"
provider imap "$IMAPS" >"$T/web/imap.xml"
provider pop3 "$POP3S" >"$T/web/pop3.xml"
"$servers/https-files.py" "$T/web" "$T/ca/good.pem" "$T/ca/good.key" >"$T/port" 2>"$T/asked" &
web=$!
trap 'kill $web || true; close_office' EXIT
tries=0
until test -s "$T/port"; do
    tries=$((tries + 1))
    test $tries -lt 600 || exit 1
    sleep 0.1
done

# join NAME PROTOCOL: an account out of a mail address.
join() {
    as "$1" sn-init --name "$1" --email "$1@example.org" --ca-file "$T/ca/ca.pem" \
        --autoconfig "https://localhost:$(cat "$T/port")/$2.xml" --password-command "echo $1-password"
}
ok 'Alice needs her address and where her password is' join alice imap
ok 'so does Bob, whose provider has POP3' join bob pop3
ok 'and Carol' join carol imap

# Carol's mail is fetched by mbsync, beside her other mail.
mbsync_settings carol
sed -i '/^source/,$d' "$T/carol/config.toml"
echo "source = 'maildir:$T/local/inbox'" >>"$T/carol/config.toml"

# The doctor.
# doctor NAME WORD...: what it says, in $T/doctor, and how it ends, in $T/code.
doctor() {
    who=$1
    shift
    echo 0 >"$T/code"
    as "$who" sn-check "$@" >"$T/doctor" 2>"$T/said" || echo $? >"$T/code"
}
doctor alice --send
is 'the doctor finds nothing wrong' "$(cat "$T/code" "$T/said")" 0
ok 'tells what the way out takes' grep -E '^ok    \[send.mailto\]: works, 8.4 MB at once$' "$T/doctor"
ok 'what the mailbox has' grep -E '^ok    imaps://alice@localhost.* reads INBOX, Spam, .*\(IDLE\)' "$T/doctor"
ok 'and that mail comes back' grep -E '^ok    mailto:alice@example.org: a packet to yourself came back' "$T/doctor"
is 'of which nothing is left' "$(find "$T/alice/inpackets" -type f)" ''
mbsync -q -c "$T/mbsyncrc" carol
doctor carol
is 'a Maildir is looked at, too' "$(cat "$T/code" "$T/said")" 0
doctor bob --send --json
is 'and POP3' "$(cat "$T/code" "$T/said")" 0
is 'for programs, as JSON' "$(jq -r 'select(.about == "mailto:bob@example.org") | .level' "$T/doctor")" ok

cp "$T/alice/config.toml" "$T/good.toml"
sed -i "s/echo alice-password/echo wonderland/" "$T/alice/config.toml"
doctor alice
is 'a wrong password' "$(cat "$T/code")" 77
ok 'is said of the way out' grep -E "^WRONG \[send.mailto\]: 'localhost' did not let 'alice' in" "$T/doctor"
ok 'and of the way in' grep -E "^WRONG imaps://.*: login as 'alice' was refused" "$T/doctor"
ok 'but not told to anybody' sh -c "! grep -r wonderland '$T/doctor' '$T/said'"
cp "$T/good.toml" "$T/alice/config.toml"
sed -i "s/^source/folders = ['INBOX', 'Nowhere']\nsource/" "$T/alice/config.toml"
doctor alice
is 'a folder that is not there' "$(cat "$T/code")" 78
ok 'is named' grep -E "^WRONG imaps://.*: there is no folder 'Nowhere'" "$T/doctor"
ok 'and one that should be read' grep -E "^hint  imaps://.*: the folder for spam, 'Spam', is not read" "$T/doctor"
cp "$T/good.toml" "$T/alice/config.toml"
chmod 644 "$T/alice/identity/identity.key"
doctor alice
is 'a key that others can read' "$(cat "$T/code") $(grep -c '^WRONG.*identity.key' "$T/doctor")" '77 1'
chmod 600 "$T/alice/identity/identity.key"

# fetched NAME...: each does a round, Carol after mbsync.
fetched() {
    for who; do
        test "$who" != carol || { delivered && mbsync -q -c "$T/mbsyncrc" carol; } || return
        rounds "$who" || return
    done
}
# friends ONE OTHER: by an invitation.
friends() {
    as "$1" sn-contact invite >"$T/invitation"
    as "$2" sn-contact add <"$T/invitation" 2>"$T/said"
    fetched "$2" "$1" "$2" "$1"
}
ok 'Alice and Bob become friends' friends alice bob
ok 'so do Alice and Carol' friends alice carol
doctor alice
ok 'to whom there is a way' grep -qx 'ok    contacts: there is a way to every friend (2)' "$T/doctor"

# Everything, photographs among it: a set of 20 MB.
photos='' options=''
for number in 1 2 3 4 5; do
    { cat tests/data/ridge.jpg && head -c 4000000 /dev/urandom; } >"$T/$number.jpg"
    photos="$photos $T/$number.jpg" options="$options --file $T/$number.jpg"
done
# shellcheck disable=SC2086
as alice sn-pack status 'Five pictures of the ridge' $options | as alice sn-seal --to all | as alice sn-send
is 'the set leaves' "$(as alice sn-send -p | grep -c waiting)" 0
fetched bob carol
# sums NAME: of the attachments in the feed, if they are whole.
sums() { as "$1" sn-feed --json | jq -r '.attachments[] | select(.complete) | .sha256' | sort; }
# shellcheck disable=SC2086
sha256sum $photos | cut -d ' ' -f 1 | sort >"$T/want"
for who in bob carol; do
    sums $who >"$T/got"
    ok "the set arrives at $who's" diff "$T/want" "$T/got"
done
is 'each chunk travelled once for both' "$(grep -c 'nrcpt=2 (queue active)' "$T/postfix/log")" \
    "$(find "$T/alice/blobs" -maxdepth 1 -type f | wc -l)"

post=$(as bob sn-feed --json | jq -r 'select(.type == "status") | .id')
as bob sn-pack comment --about "$post" 'Where was that?' | as bob sn-seal | as bob sn-send
fetched alice
as alice sn-pack reaction --about "$post" '+1' | as alice sn-seal | as alice sn-send
as carol sn-pack message --to alice 'Just between us' | as carol sn-seal | as carol sn-send
fetched alice bob carol
ok 'a comment by POP3' sh -c "SN_HOME='$T/alice' sn-feed | grep -q 'Where was that?'"
ok 'a message out of a Maildir' sh -c "SN_HOME='$T/alice' sn-feed | grep -q 'Just between us'"
is 'all is handed over' "$(for who in alice bob carol; do as $who sn-send -p; done | grep 'waiting\|failed')" ''

plan
