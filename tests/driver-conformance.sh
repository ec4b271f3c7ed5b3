#!/bin/sh
# Tries anybody's drivers for one scheme against socialnet-driver(7); results as TAP.
#
#     SEND_TO=file:///tmp/post RECEIVE_FROM=file:///tmp/post LATER=file:///tmp/nowhere NEVER=file://elsewhere/x \
#         tests/driver-conformance.sh file
#
# SEND_TO        an address that takes everything
# RECEIVE_FROM   the source at which that arrives
# LATER          an address that can't be reached now
# NEVER          an address that refuses for good
# SN_CONF_*      settings, as the drivers expect them
#
# What is not set is not tried, and said so. Drivers are looked for in PATH.

set -u
export LC_ALL=C
scheme=${1:?usage: SEND_TO=URI RECEIVE_FROM=URI LATER=URI NEVER=URI $0 SCHEME}
send=sn-send-$scheme
receive=sn-recv-$scheme
TAB=$(printf '\t')
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
count=0

ok() {
    count=$((count + 1)) text=$1
    shift
    if "$@" >"$T/result" 2>&1; then
        echo "ok $count - $text"
    else
        echo "not ok $count - $text"
        sed 's/^/# /' "$T/result"
    fi
}
skip() { count=$((count + 1)) && echo "ok $count - $1 # SKIP $2 is not set"; }
same() { cmp "$1" "$2" || { od -c "$1" | head -n 20 && false; }; }
has() { grep -qE "$2" "$1" || { cat "$1" && false; }; }
only() { ! grep -vE "$2" "$1"; }
empty() { test -z "$(ls -A "$1")"; }
digest() { sha256sum "$1" | cut -d ' ' -f 1; }
named_by_digest() {
    for file in "$1"/*; do test "$(digest "$file")" = "${file##*/}" || { echo "$file" && return 1; }; done
}

# Surroundings as the caller makes them: an empty working folder, a state, a mailbox.
mkdir "$T/work" "$T/state" "$T/mailbox" "$T/mailbox/tmp" "$T/mailbox/new"
export SN_STATE="$T/state"
cd "$T/work" || exit

# driver COMMAND...: runs it; its exit code is in $T/code, what it printed in $T/out.
driver() {
    timeout 120 "$@" >"$T/out" 2>"$T/said"
    echo $? >"$T/code"
}
code() { test "$(cat "$T/code")" -eq "$1" || { echo "exit $(cat "$T/code")" && cat "$T/said" && false; }; }

# jobs ADDRESS FILE...: job lines with rising numbers.
jobs() {
    address=$1 id=0
    shift
    for file; do
        id=$((id + 1))
        printf '%s\tenvelope\t%s\t%s\n' "$id" "$address" "$file"
    done
}

# Bytes of all kinds: every value, line ends that a careless carrier changes, a line of one dot, a From line, nothing
# but one byte, and 4 MiB.
awk 'BEGIN { for (i = 0; i < 256; i++) printf "%c", i }' >all
printf 'a\r\nb\nc\rd\n.\n..\nFrom alice\n\n' >lines
printf 'x' >one
head -c 4194304 /dev/urandom >large
head -c 3000 /dev/urandom >again

if command -v "$send" >/dev/null; then
    driver "$send" --capabilities </dev/null
    ok "$send --capabilities succeeds" code 0
    ok "$send --capabilities says version=1" has "$T/out" '^version=1$'
    ok "$send --capabilities says nothing but key=value" only "$T/out" '^[a-z][a-z-]*=[ -~]*$'

    driver "$send" </dev/null
    ok "$send without jobs succeeds" code 0
    ok "$send without jobs reports nothing" test ! -s "$T/out"

    if test -n "${SEND_TO-}"; then
        jobs "$SEND_TO" all lines one large again again >"$T/jobs"
        driver "$send" <"$T/jobs"
        ok "$send hands over six jobs" code 0
        sort "$T/out" >"$T/sorted"
        printf 'sent\t%s\n' 1 2 3 4 5 6 >"$T/want"
        ok 'each is reported once, as sent' same "$T/sorted" "$T/want"

        { jobs "$SEND_TO" all && printf '2\tblob\t%s\tone\n' "$SEND_TO"; } >"$T/jobs"
        driver "$send" <"$T/jobs"
        sort "$T/out" >"$T/sorted"
        printf 'sent\t%s\n' 1 2 >"$T/want"
        ok 'envelopes and blobs travel together' same "$T/sorted" "$T/want"

        printf 'x9\tenvelope\t%s\tone\n' "$SEND_TO" >"$T/jobs"
        mkfifo "$T/pipe"
        "$send" <"$T/pipe" >"$T/out" 2>"$T/said" &
        exec 3>"$T/pipe"
        cat "$T/jobs" >&3
        # Its input stays open: a report that waits for its end never comes.
        tries=0
        while test ! -s "$T/out" && kill -0 $! 2>/dev/null && test $tries -lt 600; do
            sleep 0.1
            tries=$((tries + 1))
        done
        ok 'a report is flushed at once' has "$T/out" "^sent${TAB}x9\$"
        exec 3>&-
        wait
    else
        skip "$send hands over" SEND_TO
    fi

    if test -n "${LATER-}"; then
        jobs "$LATER" one >"$T/jobs"
        driver "$send" <"$T/jobs"
        ok 'an address that can not be reached now is later' has "$T/out" "^later${TAB}1${TAB}[0-9]{1,10}${TAB}"
        ok 'and one report is all' test "$(wc -l <"$T/out")" -eq 1
    else
        skip 'an address that can not be reached now is later' LATER
    fi
    if test -n "${NEVER-}"; then
        jobs "$NEVER" one >"$T/jobs"
        driver "$send" <"$T/jobs"
        ok 'an address that refuses is never' has "$T/out" "^never${TAB}1${TAB}"
    else
        skip 'an address that refuses is never' NEVER
    fi
    if test -n "${NEVER-}" && test -n "${SEND_TO-}"; then
        { jobs "$NEVER" one && printf '2\tenvelope\t%s\tall\n' "$SEND_TO"; } >"$T/jobs"
        driver "$send" <"$T/jobs"
        ok 'one refusal does not hold up the next' has "$T/out" "^sent${TAB}2\$"
    else
        skip 'one refusal does not hold up the next' 'NEVER or SEND_TO'
    fi
else
    echo "# there is no $send"
fi

if command -v "$receive" >/dev/null && test -n "${RECEIVE_FROM-}"; then
    driver "$receive" "$RECEIVE_FROM" "$T/mailbox" </dev/null
    ok "$receive reads its source to the end" code 0
    ok 'it prints names only' only "$T/out" '^[0-9a-f]{64}$'
    sort -u "$T/out" >"$T/printed"
    (cd "$T/mailbox/new" && find . -type f | sed 's:^\./::' | sort) >"$T/there"
    ok 'it prints exactly what it delivered' same "$T/printed" "$T/there"
    ok 'each name is the SHA-256 of the bytes' named_by_digest "$T/mailbox/new"
    ok 'nothing is left in tmp' empty "$T/mailbox/tmp"
    if test -n "${SEND_TO-}"; then
        for file in all lines one large again; do
            ok "'$file' arrived as it was" same "$file" "$T/mailbox/new/$(digest "$file")"
        done
    fi
    driver "$receive" "$RECEIVE_FROM" "$T/mailbox" </dev/null
    ok 'what was fetched does not come again' test ! -s "$T/out"

    if test -n "${SEND_TO-}"; then
        jobs "$SEND_TO" one >"$T/jobs"
        driver "$send" <"$T/jobs"
        rmdir "$T/mailbox/tmp" && echo 'no folder' >"$T/mailbox/tmp"
        driver "$receive" "$RECEIVE_FROM" "$T/mailbox" </dev/null
        ok 'what can not be delivered is a failure' test "$(cat "$T/code")" -ne 0
        rm "$T/mailbox/tmp" && mkdir "$T/mailbox/tmp"
        driver "$receive" "$RECEIVE_FROM" "$T/mailbox" </dev/null
        ok 'and is still at the source' has "$T/out" "^$(digest one)\$"

        # Killed at any moment: nothing may be gone from the source that is not in the mailbox.
        rm -f "$T/mailbox/new"/*
        jobs "$SEND_TO" all lines one large again >"$T/jobs"
        driver "$send" <"$T/jobs"
        for pause in 0.001 0.003 0.006 0.01 0.02; do
            timeout -s KILL "$pause" "$receive" "$RECEIVE_FROM" "$T/mailbox" </dev/null >"$T/out" 2>&1
        done
        driver "$receive" "$RECEIVE_FROM" "$T/mailbox" </dev/null
        for file in all lines one large again; do
            ok "'$file' survives a receiver that is killed" same "$file" "$T/mailbox/new/$(digest "$file")"
        done
    fi

    # The end of the caller's pipe ends a driver that watches.
    sleep 1 | timeout 60 "$receive" --watch "$RECEIVE_FROM" "$T/mailbox" >"$T/out" 2>"$T/said"
    echo $? >"$T/code"
    ok 'one that watches ends with its caller' code 0
elif command -v "$receive" >/dev/null; then
    skip "$receive fetches" RECEIVE_FROM
else
    echo "# there is no $receive"
fi

echo "1..$count"
