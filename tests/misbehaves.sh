# shellcheck shell=sh
# For shell tests of drivers that fetch, after tests/lib.sh: three packets from bob to alice as mails, and servers of
# tests/servers that misbehave, for one driver in a folder of its own.
#
#     set -- bad-imap.py
#     . tests/misbehaves.sh
#     cd "$T"
#     behaves cut mail1 mail2
#     watches heard IDLE 2

scheme=${1#bad-} scheme=${scheme%.py}
bad=$PWD/tests/servers/$1 mails=$PWD/tests/mails.py
account alice bob
meet alice bob
for number in 1 2 3; do
    as bob sn-pack status "number $number" | as bob sn-seal --to alice >"$T/packet"
    "$mails" attachment "$T/packet" >"$T/mail$number"
done

# behaves BEHAVIOUR MAIL...: a server that does, at $port; the one before ends, and writes no more into the log.
mkfifo "$T/alive"
server=
behaves() {
    behaviour=$1
    shift
    exec 3>&-
    test -z "$server" || wait "$server" || true
    rm -f "$T/port"
    : >"$T/log"
    "$bad" "$behaviour" "$T/port" "$T/log" "$@" <"$T/alive" &
    server=$!
    exec 3>"$T/alive"
    tries=0
    until test -f "$T/port"; do
        tries=$((tries + 1))
        test $tries -lt 600 || exit 1
        sleep 0.1
    done
    port=$(cat "$T/port")
    rm -rf "$T/state" "$T/box"
    mkdir -p "$T/state" "$T/box/tmp" "$T/box/new"
}
SN_STATE=$T/state SN_CONF_PASSWORD_COMMAND='echo secret' SN_CONF_SECURITY=none
export SN_STATE SN_CONF_PASSWORD_COMMAND SN_CONF_SECURITY

# watches COMMAND...: the driver stays until COMMAND succeeds, or a minute has passed; then its caller goes. What it printed and
# said is in $T/names and $T/said, its exit code in $code.
mkfifo "$T/caller"
# shellcheck disable=SC2034
watches() {
    : >"$T/said"
    "sn-recv-$scheme" --watch "$scheme://alice@127.0.0.1:$port" "$T/box" <"$T/caller" >"$T/names" 2>"$T/said" &
    watcher=$!
    exec 4>"$T/caller"
    tries=0
    until "$@" || test $tries -ge 600; do
        tries=$((tries + 1))
        sleep 0.1
    done
    exec 4>&-
    code=0
    wait $watcher || code=$?
}
# heard WORDS COUNT: the server was told that so often.
heard() { test "$(grep -c "$1" "$T/log")" -ge "$2"; }
# gives_up: it has ended by itself; each login that was refused was half an hour ago.
gives_up() {
    if grep -q 'was refused' "$T/said"; then
        echo '4 1000' >"$T/long-ago" && mv "$T/long-ago" "$SN_STATE/refused"
    fi
    ! kill -0 "$watcher" 2>"$T/result"
}
