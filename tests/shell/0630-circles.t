#!/bin/sh
# A thousand people who search for one another: whom they reach, and who along the way could say for whom it is.
# tests/search/circles has the story; ten thousand are for `circles 10000`.
. tests/lib.sh

circles --seed 1 >"$T/table"
circles --seed 1 >"$T/again"
ok 'the same dice fall alike' cmp "$T/table" "$T/again"

# column NUMBER LINE: of all lines for such searches, the least and the most, rounded down.
column() {
    sed -n "s/^  $2  *//p" "$T/table" | sed 's/ %//g' | awk -v at="$1" '
        NR == 1 || $at < least { least = $at }
        $at > most { most = $at }
        END { printf "%d %d\n", least, most }'
}
once='once known: three steps away, to all'
is 'who was once known is always reached at two hops' "$(column 2 "$once")" '100 100'
# between VALUES LEAST MOST
between() {
    echo "$1"
    test "${1% *}" -ge "$2" && test "${1#* }" -le "$3"
}
ok 'and by some at one' between "$(column 1 "$once")" 25 60
ok 'if each passes it on to four only, most are' between "$(column 2 'once known: three steps away, to 4')" 70 95
ok 'which is a quarter to a half of the packets' \
    between "$(column 3 'once known: three steps away, to 4')" 40 80
ok 'of those whom it came to, few could say for whom it is' between "$(column 6 "$once")" 1 10
ok 'and fewer also by whom' between "$(column 7 "$once")" 0 3
sed 's/^/# /' "$T/table"

plan
