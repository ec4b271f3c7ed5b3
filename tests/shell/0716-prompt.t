#!/bin/sh
# Whoever is asked for a passphrase and thinks better of it has a terminal that shows what they type.
. tests/lib.sh

account alice
asks=$PWD/tests/prompt.py
cd "$T"
for signal in INT QUIT TERM; do
    is "SIG$signal ends the question, and the terminal is as before" \
        "$(as alice python3 "$asks" $signal sn-backup create alice.backup)" "echo -echo
SIG$signal echo"
    ok 'nothing is left of it' sh -c '! ls | grep backup'
done
is 'one that is stopped goes on' "$(as alice python3 "$asks" type 'correct horse' sn-backup create alice.backup)" \
    'echo -echo
stopped echo
again -echo
exit 0 echo'
ok 'with what was typed' as alice sn-backup verify --passphrase-command 'echo correct horse' alice.backup
as bob sn-init --name bob --recovery-key stick.pem --passphrase-command 'echo correct horse' >bob.is
is 'a recovery key is asked for in the same way' \
    "$(as carol python3 "$asks" INT sn-init --succeed bob --recovery-key stick.pem)" 'echo -echo
SIGINT echo'

plan
