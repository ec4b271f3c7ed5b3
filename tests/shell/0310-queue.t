#!/bin/sh
# What becomes of sealed envelopes in the queue. Fake drivers say what real ones say on bad days.
. tests/lib.sh

account carol
carol=$(cat "$T/result")
account bob
bob=$(cat "$T/result")
account alice
meet alice bob
meet alice carol
out=$T/alice/outpackets
export SN_DRIVERS="$T/drivers"
mkdir "$T/drivers"

# driver: the program on standard input carries files from now on.
driver() {
    cat >"$T/drivers/sn-send-file"
    chmod +x "$T/drivers/sn-send-file"
}
# good_driver: one that takes everything and writes down its jobs.
good_driver() {
    driver <<END
#!/bin/sh
while read -r id kind address file; do
    echo "\$kind \$address \$(sha256sum <"\$file" | cut -c 1-64)" >>'$T/carried'
    printf 'sent\t%s\n' "\$id"
done
END
}
# block READER WORDS [CHUNK]...: what sn-seal would print; the queue never looks inside. Its digest is in $T/digest.
block() {
    echo "To: $1"
    printf '%s' "$2" >"$T/der"
    sha256sum <"$T/der" | cut -c 1-64 >"$T/digest"
    shift 2
    for chunk; do echo "Blob: $chunk"; done
    echo '-----BEGIN CMS-----'
    base64 -w 64 "$T/der"
    echo '-----END CMS-----'
}
digest() { cat "$T/digest"; }
# The line of the list that tells of the block made last.
listed() { as alice sn-send -p | grep "^$(cut -c 1-12 "$T/digest")"; }
listed_as() { listed | grep -F -e "$1" || { as alice sn-send -p && false; }; }
where() { (cd "$out" && find new sent failed tmp -name "$(digest)*" | sort | tr '\n' ' '); }
empty() { test -z "$(ls -A "$1")" || { ls -A "$1" && false; }; }

good_driver
block "$bob" hello >"$T/block"
ok 'an envelope is sent' as alice sn-send "$T/block"
is 'it is in sent' "$(where)" "sent/$(digest).pem "
is 'its driver got its bare bytes' "$(cat "$T/carried")" "envelope file://$T/post/bob $(digest)"
ok 'the list says so' listed_as '  bob  envelope  sent'

block "$bob" crlf | sed 's/$/\r/' >"$T/block"
ok 'line ends of another system do no harm' as alice sn-send "$T/block"
is 'and it is sent' "$(where)" "sent/$(digest).pem "

# Bad input.
fails 65 'a block that does not say to whom is refused' as alice sn-send <<END
$(block "$bob" nobody | sed 1d)
END
fails 65 'a block that is not sealed is refused' as alice sn-send <<END
$(block "$bob" key | sed 's/CMS/PRIVATE KEY/')
END
{ block "$bob" broken | sed 's/^-----END.*//' && block "$bob" whole; } >"$T/block"
fails 65 'a broken block is told' as alice sn-send "$T/block"
is 'and the one after it is sent' "$(where)" "sent/$(digest).pem "
fails 74 'a file that is not there is told' as alice sn-send "$T/no-such-file"
ok 'nothing at all is fine' as alice sn-send </dev/null

# Not now. Minutes are rounded down: there are seconds to spare between two commands.
printf '[retry]\nfirst = "359s"\n' >>"$T/alice/config.toml"
driver <<'END'
#!/bin/sh
while read -r id _; do printf 'later\t%s\t5\tthe stick is away\n' "$id"; done
END
block "$bob" waits >"$T/block"
ok 'an envelope that can not leave now is queued with success' as alice sn-send "$T/block"
is 'it is in new' "$(where)" "new/$(digest).pem "
ok 'the list says why and when' listed_as 'waiting    1 try  next in 5 min  the stick is away'
good_driver
ok 'a run before its time' as alice sn-send -q
is 'leaves it there' "$(where)" "new/$(digest).pem "
ok 'sn-send -r' as alice sn-send -r
is 'does not wait' "$(where)" "sent/$(digest).pem "

# Never.
driver <<'END'
#!/bin/sh
while read -r id _ address _; do
    case $address in
    */bob) printf 'never\t%s\tno such \033[31mperson\n' "$id" ;;
    *) printf 'sent\t%s\n' "$id" ;;
    esac
done
END
{ block "$bob" refused && block "$carol" welcome; } >"$T/block"
ok 'two readers, one refusal' as alice sn-send "$T/block" 2>"$T/said"
is 'the other one is sent' "$(where)" "sent/$(digest).pem "
block "$bob" refused >"$T/block"
is 'the refused one is in failed, with its reason' "$(where)" "failed/$(digest).pem failed/$(digest).pem.why "
ok 'which is safe to read' has "$out/failed/$(digest).pem.why" 'no such ␛[31mperson'
good_driver
ok 'given to sn-send again' as alice sn-send "$out/failed/$(digest).pem"
is 'it is sent' "$(where)" "sent/$(digest).pem "

# Drivers that break.
for script in 'exit 0' 'exit 77' 'exit 1' 'echo nonsense' 'printf "sent\t99\n"' 'kill -KILL $$'; do
    printf '#!/bin/sh\ncat >/dev/null\n%s\n' "$script" | driver
    block "$bob" "$script" >"$T/block"
    as alice sn-send "$T/block" 2>"$T/said"
    is "a driver that says '$script' has not sent" "$(where)" "new/$(digest).pem "
done
rm "$out/new"/*
ok 'a deleted file is a cancelled delivery' as alice sn-send -r
ok 'and no longer listed' test -z "$(as alice sn-send -p | grep waiting)"
block "$bob" 'waits for long' >"$T/block"
as alice sn-send "$T/block" 2>"$T/said"
rm "$out/new/$(digest).pem"
ok 'one that is not due yet' as alice sn-send -q
ok 'is no longer listed either' test -z "$(listed)"
good_driver

# By hand.
{ block "$bob" 'by hand' && block "$carol" 'by hand, too'; } >"$out/new/My letters.txt"
echo '<packet/>' >"$out/new/clear.xml"
echo 'Dear Bob' >"$out/new/clear.txt"
ln -s /etc/passwd "$out/new/link"
mkfifo "$out/new/pipe"
as alice sn-send -q 2>"$T/said"
is 'dropped blocks are sent' "$(where)" "sent/$(digest).pem "
is 'a clear packet stays for sn-seal' "$(ls "$out/new")" clear.xml
for name in clear.txt link pipe; do
    ok "'$name' is given up with a reason" test -s "$out/failed/$name.why"
done
rm "$out/new/clear.xml" "$out/failed"/*
block "$bob" renamed >"$out/new/$(printf %064d 7).pem"
as alice sn-send -q 2>"$T/said"
ok 'a block under the name of another is given up' test -s "$out/failed/$(printf %064d 7).pem.why"

# Whom it may go to.
block "$(echo "$bob" | tr a-y b-z)" stranger >"$T/block"
fails 65 'a fingerprint with a typing error is none' as alice sn-send "$T/block"
block "$(printf %052d 0 | tr 0 a)" stranger >"$T/block"
as alice sn-send "$T/block" 2>"$T/said"
ok 'a reader who is no contact fails' has "$out/failed/$(digest).pem.why" 'no contact'
as alice sn-contact block carol
block "$carol" blocked >"$T/block"
as alice sn-send "$T/block" 2>"$T/said"
ok 'a reader who is blocked fails' has "$out/failed/$(digest).pem.why" 'blocked'

sed -i '/^roots/d' "$T/alice/config.toml"
block "$bob" outside >"$T/block"
as alice sn-send "$T/block" 2>"$T/said"
ok 'an address outside of roots is not used' listed_as 'not beneath a folder of roots'
sed -i '/^.send/d' "$T/alice/config.toml"
as alice sn-send -r
ok 'nor a scheme that the settings do not name' listed_as 'the settings have no [send.file]'
printf '[send.file]\nroots = ["%s"]\n' "$T/post" >>"$T/alice/config.toml"
as alice sn-send -r
is 'allowed, it leaves' "$(where)" "sent/$(digest).pem "

# Chunks.
head -c 3000 /dev/urandom >"$T/chunk"
chunk=$(sha256sum <"$T/chunk" | cut -c 1-64)
cp "$T/chunk" "$T/alice/blobs/$chunk"
block "$bob" 'with a chunk' "$chunk" >"$T/block"
ok 'an envelope with a chunk' as alice sn-send "$T/block"
ok 'brings the chunk along' has "$T/carried" "blob file://$T/post/bob $chunk"
is 'and is sent' "$(where)" "sent/$(digest).pem "
block "$bob" 'with a lost chunk' "$(printf %064d 8)" >"$T/block"
as alice sn-send "$T/block" 2>"$T/said"
ok 'without its chunk it fails' has "$out/failed/$(digest).pem.why" "there is no"

# Killed.
driver <<'END'
#!/bin/sh
kill -KILL $PPID
cat
END
block "$bob" 'killed' >"$T/block"
as alice sn-send "$T/block" 2>"$T/said" || true
is 'killed while a driver runs, it is still in new' "$(where)" "new/$(digest).pem "
good_driver
as alice sn-send -q
is 'and the next run sends it' "$(where)" "sent/$(digest).pem "
as alice sn-send -p >"$T/before"
mv "$out/sent/$(digest).pem" "$out/new"
as alice sn-send -q
# Nobody confirms what was never counted: once it is sent, there is nothing to keep it for.
is 'killed before the rename, the next run finishes it' "$(where)" ''
ok 'and sends nothing twice' test "$(grep -c "$(digest)" "$T/carried")" -eq 1
block "$bob" 'no rows' >"$T/block"
cp "$T/block" "$out/new/$(digest).pem"
as alice sn-send -q
is 'killed before the rows, they are made from the file' "$(where)" "sent/$(digest).pem "
ok 'nothing is left in tmp' empty "$out/tmp"
ok 'nothing is left of working folders' test -z "$(find "$T/alice/state" -name '*.work')"

# Two runs.
block "$bob" 'not overlapping' >"$T/block"
SN_HOME=$T/alice flock "$T/alice/state/queue.lock" sn-send "$T/block"
is 'while another run is at it, mail stays in new' "$(where)" "new/$(digest).pem "
as alice sn-send -q
is 'for the next run' "$(where)" "sent/$(digest).pem "

as alice sn-send -p --json >"$T/list"
ok 'the list is JSON, too' grep -q "\"reader\":\"$bob\",\"petname\":\"bob\",\"kind\":\"envelope\"" "$T/list"
chmod 750 "$T/alice"
fails 77 'an account that others may enter is refused' as alice sn-send -q
chmod 700 "$T/alice"
echo 'colour = "red"' >"$T/alice/config.toml"
fails 78 'a setting that nobody knows is told' as alice sn-send -q
ok 'with its line' has "$T/said" "config.toml' line 1: unknown field"

plan
