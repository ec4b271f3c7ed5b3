#!/bin/sh
# Watching at servers whose IDLE is of little use: one that always has something to say, and one that breaks off.
. tests/lib.sh

set -- bad-imap.py
. tests/misbehaves.sh
cd "$T"
SN_CONF_REPLY_TIMEOUT=60s SN_CONF_FOLDERS=INBOX
export SN_CONF_REPLY_TIMEOUT SN_CONF_FOLDERS
mkfifo "$T/caller"
# watches WHAT COUNT: until the server has heard WHAT so often, or a minute has passed; then the caller goes.
watches() {
    sn-recv-imap --watch "imap://alice@127.0.0.1:$port" "$T/box" <"$T/caller" >names 2>said &
    watcher=$!
    exec 4>"$T/caller"
    tries=0
    until test "$(grep -c "$1" log)" -ge "$2" || test $tries -ge 600; do
        tries=$((tries + 1))
        sleep 0.1
    done
    exec 4>&-
    code=0
    wait $watcher || code=$?
}

behaves idle-talks mail1
SN_CONF_IDLE=1s watches IDLE 3
is 'a server that says that it is still here does not prolong an IDLE' "$code $(cat said)" '0 '
ok 'the folders are read again in between' test "$(grep -c EXAMINE log)" -ge 3

behaves idle-cut mail1
SN_CONF_POLL=1s watches EXAMINE 6
is 'one that breaks off at IDLE is not logged in to over and over' "$code $(grep -c AUTHENTICATE log)" '0 3'
is 'nor asked for IDLE again' "$(grep -c IDLE log)" 2
is 'and told of once' "$(wc -l <said)" 1

behaves crowded mail1
watches EXAMINE 2
is 'a login that is refused after one that went well does not end it' "$code $(grep -c AUTHENTICATE log)" '0 3'
exec 3>&-

plan
