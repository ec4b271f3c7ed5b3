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
few='once known: three steps away, to 4' many='once known: three steps away, to 8'
# between VALUES LEAST MOST
between() {
    echo "$1"
    test "${1% *}" -ge "$2" && test "${1#* }" -le "$3"
}
ok 'who was once known is found through one contact by some' between "$(column 1 "$few")" 25 60
ok 'through two by most' between "$(column 2 "$few")" 60 90
ok 'by almost all, if each passes it on to eight' between "$(column 2 "$many")" 80 95
ok 'which takes some sixty searches, each of which makes one request' between "$(column 4 "$few")" 40 80
ok 'or twice as many' between "$(column 4 "$many")" 90 160
ok 'a stranger is found more seldom' between "$(column 2 'anybody, to 4')" 15 60
ok 'of those whom it came to, few could say for whom it is' between "$(column 7 "$few")" 1 10
ok 'and fewer also by whom' between "$(column 8 "$few")" 0 4
sed 's/^/# /' "$T/table"

plan
