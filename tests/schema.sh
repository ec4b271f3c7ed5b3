#!/bin/sh
# The RELAX NG schema and the vectors of packets, with xmllint; TAP on standard output.
#
# The schema accepts every packet that must be read, and no packet that must not be understood. Of those that must be
# refused it refuses all but the ones that say `schema: accepts`, which it can't tell from good ones.

set -eu
cd "$(dirname "$0")/.."
schema=lib/schema/packet-1.rng

# body FILE: what follows the first empty line, byte for byte.
body() { sed '1,/^$/d' "$1"; }

# accepts FILE: well-formed for xmllint, and valid.
accepts() { body "$1" | xmllint --nonet --noout --relaxng "$schema" - >"$said" 2>&1; }

said=$(mktemp)
trap 'rm -f "$said"' EXIT
count=0
for vector in tests/vectors/packet/*; do
    want=refused
    if sed '/^$/q' "$vector" | grep -qx -e 'expect: read' -e 'schema: accepts'; then want=accepted; fi
    got=refused
    if accepts "$vector"; then got=accepted; fi
    count=$((count + 1))
    if test "$got" = "$want"; then
        echo "ok $count - ${vector##*/} is $want"
    else
        echo "not ok $count - ${vector##*/} is $got, not $want"
        sed 's/^/# /' "$said"
    fi
done
echo "1..$count"
