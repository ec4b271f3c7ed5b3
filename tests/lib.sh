# shellcheck shell=sh
# For the shell tests, which run in the project's folder: results as TAP, which prove(1) reads, a folder that goes away,
# and accounts that talk by folder.
#
#     . tests/lib.sh
#     account alice
#     ok 'a new feed can be read' as alice sn-feed
#     plan
#
# A line that fails outside of a check ends the test, and so does a forgotten `plan`.

set -eu
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
count=0

# result TEXT COMMAND...: one line of TAP; after a failure, what COMMAND wrote.
result() {
    count=$((count + 1)) text=$1
    shift
    if "$@" >"$T/result" 2>&1; then
        echo "ok $count - $text"
    else
        echo "not ok $count - $text"
        sed 's/^/# /' "$T/result"
    fi
}

# ok TEXT COMMAND...: COMMAND succeeds.
ok() { result "$@"; }

# is TEXT GOT WANT: the same words.
is() { result "$1" same "$2" "$3"; }
same() { test "$1" = "$2" || { printf 'got:\n%s\nwant:\n%s\n' "$1" "$2" && false; }; }

# fails CODE TEXT COMMAND...: it fails with CODE, saying why in one line, perhaps with a hint, and writes nothing else.
# What it said is in $T/said.
fails() {
    code=$1 text=$2
    shift 2
    result "$text" refusal "$code" "$@"
}
refusal() {
    want=$1 got=0
    shift
    "$@" >"$T/written" 2>"$T/said" || got=$?
    cat "$T/said"
    test "$got" -eq "$want" || { echo "exit $got, not $want" && false; }
    test ! -s "$T/written" || { echo 'and wrote:' && cat "$T/written" && false; }
    test "$(grep -cv ': hint: ' "$T/said")" -eq 1
}

# has FILE WORDS: the file holds a line with exactly these words in it.
has() { grep -F -e "$2" "$1" || { cat "$1" && false; }; }
# lacks FILE WORDS: it is there, and does not hold them.
lacks() { test -f "$1" && ! grep -F -e "$2" "$1"; }

# plan: how many results there were; the last line of every test.
plan() { echo "1..$count"; }

# as NAME COMMAND...: does it with NAME's account.
as() {
    SN_HOME=$T/$1
    export SN_HOME
    shift
    "$@"
}

# account NAME...: makes accounts whose post lies in folders of their own beneath $T/post.
account() {
    for who; do
        mkdir -p "$T/post/$who"
        as "$who" sn-init --name "$who" --address "file://$T/post/$who"
    done >"$T/result"
}

# meet ONE OTHER: both become contacts by an invitation.
meet() {
    as "$1" sn-contact invite >"$T/invitation"
    as "$2" sn-contact add <"$T/invitation" 2>"$T/said"
    for who in "$2" "$1" "$2" "$1"; do as "$who" sn-sync; done
} >"$T/result"

# say NAME TYPE ARGUMENT...: what sn-pack makes of it, sent to all contacts.
say() {
    author=$1
    shift
    as "$author" sn-pack "$@" | as "$author" sn-seal --to all | as "$author" sn-send
}

# id_of NAME WORDS: of the packet with these words, as it stands in NAME's feed.
id_of() { as "$1" sn-feed --all --json | jq -r --arg text "$2" 'select(.text == $text).id'; }
