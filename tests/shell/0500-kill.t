#!/bin/sh
# Killed (SIGKILL) before and after everything that changes the disk: run again, everything arrives, once.
#
# strace(1) kills a command as it enters its Nth call of one of those below, so that what was before it has happened, and
# it has not. N rises until the command gets to its end; then comes the next call. Drivers count for themselves, and are
# killed like the command that runs them.
. tests/lib.sh

calls='rename renameat renameat2 link linkat unlink unlinkat mkdir ftruncate pwrite64 fsync fdatasync syncfs'

account alice bob
meet alice bob
cd "$T"
head -c 100000 /dev/urandom >file
as alice sn-pack status one >clear.xml
as alice sn-pack status two --file file >>clear.xml
want=$(printf 'one\ntwo file true %s' "$(sha256sum <file | cut -c1-64)")

# The way of a packet: who, and what they do.
way() {
    cat <<'END'
alice sn-seal --to bob clear.xml >sealed.pem
alice sn-send sealed.pem
bob sn-recv
bob sn-ingest
END
}

# go LINE: does one step of it.
go() { as "${1%% *}" sh -c "${1#* }" >went 2>&1 || echo "failed: $1"; }

# killed CALL N LINE: does it until the Nth CALL; true if something was killed.
killed() {
    as "${3%% *}" strace -f -qq -o trace -e trace="$1" -e inject="$1:signal=KILL:when=$2" \
        sh -c "${3#* }" >went 2>&1 || true
    grep -q 'killed by SIGKILL' trace
}

# What bob has in the end.
seen() {
    as bob sn-feed --json | jq -r '.text + ([.attachments[] | " \(.name) \(.complete) \(.sha256)"] | add // "")'
}

keep() { rm -rf kept && mkdir kept && cp -a alice bob post kept; }
restore() { rm -rf alice bob post && cp -a kept/alice kept/bob kept/post .; }

way >stages
while IFS= read -r stage <&3; do
    keep
    kills=0
    for call in $calls; do
        step=1
        while killed "$call" "$step" "$stage"; do
            troubles=$(way | sed -n "/^$stage\$/,\$p" | while IFS= read -r line; do go "$line"; done)
            is "'$stage', killed at $call $step, arrives once" "$troubles$(seen)" "$want"
            restore
            step=$((step + 1)) kills=$((kills + 1))
        done
        restore
    done
    ok "'$stage' was killed more than a few times" test "$kills" -gt 5
    troubles=$(go "$stage")
    is "'$stage' goes well by itself" "$troubles" ''
done 3<stages

plan
