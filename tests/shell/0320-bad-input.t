#!/bin/sh
# What bad input gets at the command line: one line that says why, the right exit code, nothing lost or half-written.
# The vectors in tests/vectors go through the formats byte by byte; here are the things that people and disks do.
. tests/lib.sh

account alice bob carol
meet alice bob
meet bob carol
meet alice carol
cd "$T"

# packet BODY: a status of Alice's in clear, with BODY in it.
alice=$(as alice sn-profile show --json | jq -r .fingerprint)
packet() {
    printf '<packet xmlns="urn:socialnet:packet:1" id="01a2029f-6cca-7675-8a46-932fced0637e" type="status" '
    printf 'from="%s" created="2026-11-22T10:15:00Z">%s</packet>\n' "$alice" "$1"
}
# refused TEXT BODY: sn-seal takes no packet with BODY.
refused() {
    packet "$2" >clear.xml
    fails 65 "$1 is refused" as alice sn-seal --to bob clear.xml
}

# XML that is none, or not ours.
{ echo '<!DOCTYPE packet [<!ENTITY a "aaaaaaaaaa">]>' && packet '<text>&a;</text>'; } >clear.xml
fails 65 'a DTD is refused' as alice sn-seal --to bob clear.xml
refused 'an entity of one'"'"'s own' '<text>&a;</text>'
refused 'a processing instruction' '<text><?php x ?></text>'
refused 'a control character' "<text>$(printf 'a\033[31mb')</text>"
refused 'what is not UTF-8' "<text>$(printf '\377')</text>"
refused 'a packet with no end' '<text>'
refused 'too much text' "<text>$(head -c 70000 /dev/zero | tr '\0' a)</text>"
refused 'a path as the name of a file' \
    '<attachment name="../../evil" type="text/plain" size="1" sha256="ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"><content>YQ==</content></attachment>'
echo 'Dear Bob' >clear.xml
fails 65 'what is no packet is refused' as alice sn-seal --to bob clear.xml
as bob sn-pack status 'I am Bob' >clear.xml
fails 77 'a packet by somebody else is not signed' as alice sn-seal --to bob clear.xml

# Floods from outside: memory stays small.
peak() { as bob env time -q -f %M -o peak "$@" >flood.out 2>&1 || true; tail -n 1 peak; }
yes '<a>' | head -c 200000000 >flood
ok 'endless depth is refused in 64 MiB' test "$(peak sn-seal --to alice flood)" -lt 65536
{ echo '<packet' && yes 'a="b"'; } | head -c 200000000 >flood
ok 'endless attributes are refused in 64 MiB' test "$(peak sn-seal --to alice flood)" -lt 65536
{ echo '-----BEGIN CMS-----' && yes MIIB; } | head -c 200000000 >flood
ok 'an endless PEM block is refused in 64 MiB' test "$(peak sn-open flood)" -lt 65536
head -c 200000000 /dev/zero >flood
for command in sn-open sn-send sn-show 'sn-contact add'; do
    # Its words are meant to be split.
    # shellcheck disable=SC2086
    ok "$command refuses endless zeros in 64 MiB" test "$(peak $command flood)" -lt 65536
done
rm flood

# Sealed packets on wrong ways.
as alice sn-pack status 'For Bob alone.' | as alice sn-seal --to bob >sealed.pem
fails 77 'an envelope for somebody else can not be opened' as carol sn-open sealed.pem
sed 's/^MII/MIX/' sealed.pem >broken.pem
fails 65 'an envelope with a byte changed is refused' as bob sn-open broken.pem
head -n 30 sealed.pem >broken.pem
fails 65 'half an envelope is refused' as bob sn-open broken.pem
as bob sn-open --signed sealed.pem >signed.xml
as bob sn-seal --to carol signed.xml >forwarded.pem 2>said || true
as carol sn-ingest forwarded.pem 2>said || true
is 'what Bob hands on without leave is not in the feed of Carol' "$(as carol sn-feed)" ''
cp sealed.pem bob/inpackets/new/again
as bob sn-ingest sealed.pem
as bob sn-ingest
is 'an envelope twice is one packet' "$(as bob sn-feed --json | wc -l)" 1
echo 'not a packet, and too long to be the end of a blob' >bob/inpackets/new/junk
as bob sn-ingest 2>said || true
ok 'junk in inpackets goes to bad with a reason' test -s bob/inpackets/bad/junk.why
is 'and is not read again' "$(as bob sn-ingest 2>&1)" ''

# Text that plays tricks with the reader.
as alice sn-pack status "$(printf 'left \342\200\256thgir')" | as alice sn-seal --to bob | as alice sn-send
as bob sn-sync
is 'a right-to-left override is shown as a mark' "$(as bob sn-feed | grep -c "$(printf '\342\200\256')")" 0
printf x >"$(printf 'a\342\200\256gpj.exe')"
as alice sn-pack status names --file a*exe | as alice sn-seal --to bob | as alice sn-send
as bob sn-sync
is 'in the name of a file, too' "$(as bob sn-feed | grep -c "$(printf '\342\200\256')")" 0

# Addresses that lead astray.
as bob sn-profile set --address "file://$T/outside/bob"
mkdir -p outside/bob
as bob sn-sync
as alice sn-sync
as alice sn-pack status 'Where to?' | as alice sn-seal --to bob | as alice sn-send
is 'an address outside of roots gets nothing' "$(find outside -type f)" ''
ok 'the list says why' sh -c 'SN_HOME=alice sn-send -p | grep "not beneath a folder of roots"'
as bob sn-profile set --address 'gopher://example.org/bob' --address "file://$T/post/bob"
as bob sn-sync
as alice sn-sync
as alice sn-send -r
is 'an address that may not be used is passed over' "$(as alice sn-send -p | grep -c waiting)" 0

# Accounts that are not private, or not there.
for command in 'sn-feed' 'sn-send -q' 'sn-recv' 'sn-ingest' 'sn-contact list' 'sn-profile show' 'sn-pack status x' \
    'sn-seal --due' 'sn-open sealed.pem' 'sn-get 000000'; do
    chmod 750 alice
    # shellcheck disable=SC2086
    fails 77 "an account that others may read is refused by $command" as alice $command
    chmod 700 alice
    # shellcheck disable=SC2086
    fails 78 "one that is not there is told by $command" as nobody $command
done
fails 73 'an account is not made over another' as alice sn-init --name Mallory

# Disks that are full.
for command in 'sn-feed' 'sn-pack status x' 'sn-contact list' 'sn-contact invite' 'sn-profile export' 'sn-send -p' \
    'sn-seal --to bob full.xml' 'sn-show full.xml'; do
    as alice sn-pack status 'full' >full.xml
    # shellcheck disable=SC2086
    fails 74 "$command tells that its output is full" as alice sh -c '$0 "$@" >/dev/full' $command
done

as bob sn-sync

# A limit on the size of files fails as a full disk does, and needs no disk of one's own.
full() { sh -c 'trap "" XFSZ && ulimit -f 1 && exec "$@"' - "$@"; }
as alice sn-pack status 'After the flood.' | as alice sn-seal --to bob >sealed.pem
before=$(find alice/outpackets -type f | sort)
fails 74 'sn-send tells that the disk is full' as alice full sn-send sealed.pem
is 'and leaves nothing half-written' "$(find alice/outpackets -type f | sort)" "$before"
as alice sn-send sealed.pem
as bob full sn-recv >received 2>said || true
is 'a driver on a full disk leaves the post where it is' "$(find post/bob -type f | wc -l)" 1
as bob sn-recv >received
fails 74 'sn-ingest tells that the disk is full' as bob full sn-ingest
as bob sn-ingest
is 'with room again, it arrives' "$(as bob sn-feed --json -n 1 | jq -r .text)" 'After the flood.'

# Mailboxes that can't be written to. Root may do what it likes, so it gives that right up here.
plainly() {
    if test "$(id -u)" -eq 0; then
        setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search "$@"
    else
        "$@"
    fi
}
unable() { ! as "$@"; }
as alice sn-pack status 'Behind the door.' | as alice sn-seal --to bob >sealed.pem
chmod 500 alice/outpackets/tmp
fails 77 'sn-send tells that outpackets is read-only' as alice plainly sn-send sealed.pem
chmod 700 alice/outpackets/tmp
as alice sn-send sealed.pem
chmod 500 bob/inpackets/tmp bob/inpackets/new
ok 'sn-recv fails when inpackets is read-only' unable bob plainly sn-recv
is 'and the post stays where it is' "$(find post/bob -type f | wc -l)" 1
chmod 700 bob/inpackets/tmp bob/inpackets/new
as bob sn-recv >received
chmod 500 bob/inpackets/new
ok 'sn-ingest fails when it can not tidy up' unable bob plainly sn-ingest
chmod 700 bob/inpackets/new
as bob sn-ingest
is 'and yet it arrives once' "$(as bob sn-feed --json | jq -r .text | grep -c 'Behind the door')" 1

as alice sn-pack status 'Sealed by nobody.' >clear.xml
fails 65 'sn-send does not swallow a packet that nobody sealed' as alice sn-send clear.xml
fails 65 'nor does sn-open' as alice sn-open clear.xml

# Of several files one can't be read: it is named, and the others are done.
for words in one two; do
    as alice sn-pack status "$words" | as alice sn-seal --to bob >"$words.pem"
done
# goes_on NAME COMMAND...: COMMAND does one file and another one; between them stand a folder and a file that is not there.
# What it wrote is in $T/out.
goes_on() {
    who=$1 code=0
    shift
    as "$who" "$@" one.pem post missing two.pem >out 2>said || code=$?
    is "$1 fails when a file of several can't be read" "$code" 74
    is 'and names each' "$(sed -n "s/^$1: \(cannot [a-z]* \)*'*\(post\|missing\)'*: /\2: /p" said | tr '\n' ';')" \
        'post: Is a directory;missing: No such file or directory;'
}
goes_on bob sn-open
is 'and opens the others' "$(grep -c '<text>\(one\|two\)</text>' out)" 2
goes_on bob sn-show
is 'and explains the others' "$(grep -c '^\(one\|two\).pem: ' out)" 2
goes_on alice sn-send
is 'and sends the others' "$(find post/bob -name '*.sn' | wc -l)" 2
as bob sn-sync
for words in one two; do as alice sn-pack status "$words" >"$words.pem"; done
goes_on alice sn-seal --to bob
is 'and seals the others' "$(grep -c '^To: ' out)" 2

# On a stick, chunks may stand before the envelope that lists them.
head -c 100000 /dev/urandom >large
as alice sn-pack status --file large 'On a stick.' | as alice sn-seal --to bob | as alice sn-send
find post/bob -type f -size +64k | while read -r chunk; do as bob sn-ingest "$chunk"; done
find post/bob -type f -size -64k | while read -r envelope; do as bob sn-ingest "$envelope"; done
is 'a chunk taken in by hand before its packet is not lost' \
    "$(as bob sn-feed -n 1 --json | jq '.attachments[0].complete')" true

plan
