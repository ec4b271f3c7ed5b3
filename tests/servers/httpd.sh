#!/bin/sh
# sn-httpd on loopback, in one folder.
#
# usage: tests/servers/httpd.sh start FOLDER [LINE OF SETTINGS]...
#        tests/servers/httpd.sh stop FOLDER      as its operator does
#        tests/servers/httpd.sh kill FOLDER      as the power does
#
# Boxes are folders of FOLDER/boxes. After `start`, FOLDER/address has HOST:PORT, and FOLDER/counters as well if the
# settings have metrics. Started again it listens on the same port.

set -eu
action=$1 folder=$2
shift 2

# told WORDS: what follows these words in the log.
told() { sed -n "s/^sn-httpd: $1 //p" "$folder/log" | head -n 1; }

# alive PID: it runs; one that nobody has waited for so far does not.
alive() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

case $action in
start)
    mkdir -p "$folder/boxes"
    {
        echo "boxes = '$folder/boxes'"
        echo "listen = ['$(cat "$folder/address" 2>/dev/null || "${0%/*}/ports.py" 127.0.0.1 | tr '=' ':')']"
        printf '%s\n' "$@"
    } >"$folder/httpd.toml"
    : >"$folder/log"
    sn-httpd "$folder/httpd.toml" >>"$folder/log" 2>&1 </dev/null &
    echo $! >"$folder/pid"
    tries=0
    until grep -q '^sn-httpd: ready' "$folder/log"; do
        tries=$((tries + 1))
        if test $tries -ge 600 || ! alive $!; then
            cat "$folder/log" >&2
            exit 1
        fi
        sleep 0.1
    done
    told 'listening on' >"$folder/address"
    told 'counters on' >"$folder/counters"
    ;;
stop | kill)
    # Not there: it was stopped before.
    test -f "$folder/pid" || exit 0
    pid=$(cat "$folder/pid")
    if test "$action" = stop; then kill "$pid"; else kill -KILL "$pid"; fi
    tries=0
    while alive "$pid"; do
        tries=$((tries + 1))
        test $tries -lt 600 || exit 1
        sleep 0.1
    done
    rm "$folder/pid"
    ;;
esac
