#!/bin/sh
# A file that can't be read, here or at the source, is not a bad one: it stays where it is, and the rest goes on. strace(1) says that the disk is
# broken, or that no more files may be opened.
. tests/lib.sh

account alice bob
meet alice bob
for words in one two; do as alice sn-pack status "$words" | as alice sn-seal --to bob | as alice sn-send; done
as bob sn-recv >"$T/names"
new=$T/bob/inpackets/new
file=$new/$(head -n 1 "$T/names" | sed 's|.*/||')
ls "$new" >"$T/before"

# broken ERROR CODE: bob's file can't be read.
broken() {
    cp -a "$T/bob" "$T/kept"
    fails "$2" "$1 is told" as bob strace -f -qq -o "$T/trace" -P "$file" -e inject=openat:error="$1" sn-ingest
    ok 'with the name of the file' has "$T/said" "cannot open '$file'"
    is 'it stays in new' "$(ls "$new")" "${file##*/}"
    is 'and the rest is read' "$(as bob sn-feed --json | jq -s length)" 1
    is 'nothing is bad' "$(ls "$T/bob/inpackets/bad")" ''
    ok 'a run on a better day' as bob sn-ingest
    is 'reads it' "$(as bob sn-feed --json | jq -r .text | sort | tr '\n' ' ')" 'one two '
    rm -r "$T/bob" && mv "$T/kept" "$T/bob"
}

is 'two packets wait' "$(wc -l <"$T/before")" 2
broken EIO 74
broken EMFILE 74
broken ENOMEM 74
broken EACCES 77

as bob sn-sync
round=$(cat "$T/bob/state/read-to-end")
say alice status three
set -- "$T"/post/bob/*.sn
code=0
as bob strace -f -qq -o "$T/trace" -P "$1" -e inject=openat:error=EACCES sn-recv 2>"$T/said" || code=$?
is 'a file at the source that may not be read is told' "$code" 77
ok 'with its name' has "$T/said" "cannot open '$1'"
is 'it stays there' "$(ls "$T/post/bob")" "${1##*/}"
is 'such a run has not read all' "$(cat "$T/bob/state/read-to-end")" "$round"
ok 'a run on a better day' as bob sn-sync
is 'fetches it' "$(as bob sn-feed --json -n 1 | jq -r .text)" three
is 'and has' "$([ "$(cat "$T/bob/state/read-to-end")" != "$round" ] && echo all)" all

plan
