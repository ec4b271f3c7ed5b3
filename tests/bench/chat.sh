#!/bin/sh
# Prints five figures, for the table: see chat.py, which PYTHON runs.
#
# usage: PYTHON=... tests/bench/chat.sh [LINE OF POSTFIX'S CONFIGURATION]...
. tests/lib.sh
. tests/mail.sh

post_office "$@"
mail_account alice bob
meet_by_mail alice bob
mkdir "$T/sealed"
for number in $(seq 106); do
    as alice sn-pack status "number $number" | as alice sn-seal --to bob >"$T/sealed/$number"
done
"$PYTHON" tests/bench/chat.py "$T" "$T/sealed" "$IMAPS" "$SMTPS" "$LMTP"
