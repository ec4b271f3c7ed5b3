#!/bin/sh
# Killed (SIGKILL) before and after everything that changes the disk: run again, everything arrives, once.
#
# strace(1) kills a command as it enters its Nth call of those below, so that the call before was the last to happen. N
# rises until the command gets to its end. Drivers count for themselves, and are killed like the command that runs them.
. tests/lib.sh

calls=rename,renameat,renameat2,link,linkat,unlink,unlinkat,ftruncate,pwrite64,fsync,fdatasync,syncfs

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

# killed N LINE: does it until the Nth call; true if something was killed.
killed() {
    as "${2%% *}" strace -f -qq -o trace -e trace="$calls" -e inject="$calls:signal=KILL:when=$1" \
        sh -c "${2#* }" >went 2>&1 || true
    grep -q 'killed by SIGKILL' trace
}

# What bob has in the end.
seen() {
    as bob sn-feed --json | jq -r '.text + (.attachments[]? // empty | " \(.name) \(.complete) \(.sha256)")'
}

keep() { rm -rf kept && mkdir kept && cp -a alice bob post kept; }
restore() { rm -rf alice bob post && cp -a kept/alice kept/bob kept/post .; }

way >stages
while IFS= read -r stage <&3; do
    keep
    step=1
    while killed "$step" "$stage"; do
        troubles=$(way | sed -n "/^$stage\$/,\$p" | while IFS= read -r line; do go "$line"; done)
        is "'$stage', killed at step $step, arrives once" "$troubles$(seen)" "$want"
        restore
        step=$((step + 1))
    done
    ok "'$stage' was killed more than once" test "$step" -gt 3
done 3<stages

plan
