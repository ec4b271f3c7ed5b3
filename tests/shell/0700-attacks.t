#!/bin/sh
# What should not be in a mailbox stops nothing: the post beside it is read and sent.
. tests/lib.sh

account alice
account bob
meet alice bob
in=$T/bob/inpackets out=$T/alice/outpackets
long=$(printf '%0255d' 7)
# soon SECONDS COMMAND...: it ends by itself.
soon() { timeout "$@" || { test $? -ne 124 || echo 'it hangs'; false; }; }
# odd FOLDER: one of everything that a program or a person may leave there by mistake.
odd() {
    mkdir "$1/folder" && echo mine >"$1/folder/notes"
    : >"$1/$(printf 'not-utf8-\377')"
    mkfifo "$1/pipe"
    ln -s /dev/zero "$1/link"
    echo 'garbage, and longer than a chance' >"$1/$long"
    echo 'garbage, and longer than a chance' >"$1/$(printf 'two\nlines\033[31m')"
}
says() { as "$1" sn-feed | grep -F -e "$2" || { as "$1" sn-feed && false; }; }
status() { as alice sn-pack status "$1" | as alice sn-seal --to bob | as alice sn-send && as bob sn-recv; }
left() { find "$1" -mindepth 1 -printf '%f\n' | sort; }
mistakes=$(printf 'folder\nnot-utf8-\377\nnotes')

odd "$in/new"
ok 'a status arrives beside them' status 'Read me.'
as bob soon 20 sn-ingest 2>"$T/said" || true
ok 'and is read' says bob 'Read me.'
is 'what is no file, or has no name, is left alone' "$(left "$in/new")" "$mistakes"
ok 'and told' has "$T/said" "left alone: '$in/new/folder' is a folder"
is 'nothing that was told moves the cursor' "$(tr -d '\n' <"$T/said" | tr -d '[:print:]␛␊�')" ''
ok 'the rest is in bad with the reason' has "$in/bad/pipe.why" 'is not a regular file'
long_in_bad=$(printf %s "$long" | sha256sum | cut -c 1-64)
ok 'also what had no room for it' has "$in/bad/$long_in_bad.why" 'neither a sealed packet nor a chunk'

# A folder in bad or held was the oldest there when something had to go.
mkdir "$in/bad/folder" "$in/held/folder"
truncate -s 70M "$in/bad/huge"
rm -r "$in/new/folder" "$in/new"/not-utf8*
ok 'a full folder is emptied around a folder' as bob sn-ingest
is 'the too large is gone, the folder is not' "$(find "$in/bad" -name huge -o -name folder)" "$in/bad/folder"

odd "$out/new"
as alice sn-pack message --to bob 'Seal me.' >"$out/new/clear"
as alice soon 20 sn-seal --due >"$T/sealed"
ok 'a clear packet beside them is sealed' has "$T/sealed" 'BEGIN CMS'
is 'and gone' "$(find "$out/new" -name clear)" ''
as alice soon 20 sn-send <"$T/sealed" 2>"$T/said" || true
is 'what is no file, or has no name, is left alone' "$(left "$out/new")" "$mistakes"
ok 'and told' has "$T/said" "left alone: '$out/new/folder' is a folder"
ok 'the rest is in failed with the reason' has "$out/failed/link.why" 'is a symbolic link'
ok 'also what had no room for it' has "$out/failed/$long_in_bad.why" 'neither sealed PEM nor a clear packet'
as bob sn-sync >"$T/result"
ok 'the message has come' says bob 'Seal me.'

# A clear packet that can't be sealed is not lost.
echo '<packet/>' >"$out/new/broken"
fails 65 'a dropped packet that is none is told' as alice sn-seal --due
ok 'and is in failed with the reason' has "$out/failed/broken.why" 'the root element is not <packet>'
ok 'with its words' has "$out/failed/broken" '<packet/>'

# Settings that no clock can follow.
cp "$T/alice/config.toml" "$T/config"
printf '[due]\nconfirm = "1000000w"\n' >>"$T/alice/config.toml"
fails 78 'a debt that waits for ever is refused' as alice sn-ingest
cp "$T/config" "$T/alice/config.toml"
plan
