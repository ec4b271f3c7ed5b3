#!/bin/sh
# Killed (SIGKILL) before and after everything that changes the disk: run again, everything arrives, once.
#
# N rises until the command gets to its end; then comes the next call. So it goes for drivers, and for the commands of a
# pipe.
. tests/lib.sh
. tests/kill.sh

people='alice bob carol'
account alice bob carol
meet alice bob
meet alice carol
cd "$T"

# The ways of packets: who, and what they do. In the end $reader has seen what $want says.
what_is_said() {
    head -c 100000 /dev/urandom >file
    as alice sn-pack status one >clear.xml
    as alice sn-pack status two --file file >>clear.xml
    reader=bob
    want=$(printf 'one\ntwo file true %s' "$(sha256sum <file | cut -c1-64)")
    cat >way <<'END'
alice sn-seal --to bob clear.xml >sealed.pem
alice sn-send sealed.pem
bob sn-recv
bob sn-ingest
END
}

# What alice owes carol: bob's comment, and a message that was put into outpackets. What nobody took is owed again at once.
what_is_owed() {
    printf '[due]\nrelay = "0s"\nagain = "0s"\n' >>alice/config.toml
    as alice sn-pack status root >root.xml
    as alice sn-seal --to all root.xml | as alice sn-send
    for who in bob carol; do as "$who" sn-recv >went && as "$who" sn-ingest; done
    root=$(sed 's/.* id="\([^"]*\)".*/\1/;q' root.xml)
    as bob sn-pack comment --about "$root" reply | as bob sn-seal | as bob sn-send
    as alice sn-recv >went && as alice sn-ingest
    as alice sn-pack message --to carol 'by hand' >alice/outpackets/new/note.xml
    reader=carol
    want=$(printf 'by hand\nreply\nroot')
    cat >way <<'END'
alice sn-seal --due | sn-send
carol sn-recv
carol sn-ingest
END
}

# What the reader has in the end; envelopes that were sealed in different seconds come in any order.
seen() {
    as "$reader" sn-feed --json | jq -r '.text + ([.attachments[] | " \(.name) \(.complete) \(.sha256)"] | add // "")' |
        sort
}

what_is_said
everywhere 1 2 3 4
what_is_owed
everywhere 1

plan
