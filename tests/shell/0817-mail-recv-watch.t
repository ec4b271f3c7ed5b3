#!/bin/sh
# Watching at servers whose IDLE is of little use: one that always has something to say, and one that breaks off.
. tests/lib.sh

set -- bad-imap.py
. tests/misbehaves.sh
cd "$T"
SN_CONF_REPLY_TIMEOUT=60s SN_CONF_FOLDERS=INBOX
export SN_CONF_REPLY_TIMEOUT SN_CONF_FOLDERS

behaves idle-talks mail1
SN_CONF_IDLE=1s watches heard IDLE 3
is 'a server that says that it is still here does not prolong an IDLE' "$code $(cat said)" '0 '
ok 'the folders are read again in between' test "$(grep -c EXAMINE log)" -ge 3

behaves idle-cut mail1
SN_CONF_POLL=1s watches heard EXAMINE 6
is 'one that breaks off at IDLE is not logged in to over and over' "$code $(grep -c AUTHENTICATE log)" '0 3'
is 'nor asked for IDLE again' "$(grep -c IDLE log)" 2
is 'and told of once' "$(wc -l <said)" 1

behaves crowded mail1
watches heard EXAMINE 2
is 'a login that is refused after one that went well does not end it' "$code $(grep -c AUTHENTICATE log)" '0 3'

behaves revoked mail1
watches gives_up
is 'one that is refused over and over does' "$code $(sed -n '1s/.*: //p' said)" '77 the server hung up'
ok 'and is told of at once, also behind a connection that broke' test "$(grep -c "login as 'alice' was refused" said)" -eq 2

# Whichever connection it is that somebody waits at: it ends when the caller goes.
behaves stalls mail1
watches heard 'UID FETCH' 1
is 'in the middle of a round' "$code $(grep -c AUTHENTICATE log) $(cat said)" '0 1 '
is 'of which no mail is to blame' "$(find state -type f)" ''
behaves cut-at-folder mail1
SN_CONF_IDLE=5s SN_CONF_FOLDERS='INBOX
Friends' watches heard IDLE 1
is 'on a connection that took the place of another' "$code $(grep -c 'AUTHENTICATE' log)" '75 2'
is 'at once, and not once an IDLE is over' "$(grep -c 'EXAMINE "INBOX"' log) $(grep -c DONE log || true)" '1 0'
exec 3>&-

plan
