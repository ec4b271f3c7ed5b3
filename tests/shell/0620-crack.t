#!/bin/sh
# What a contact could find out who tries: tests/search/crack guesses from a list of likely people.
. tests/lib.sh

# Twenty-five people who are likely, one of whom is meant.
for name in Ada Bella Clara Dora Emma; do
    for town in London York Ely Bath Rye; do printf 'name=%s Lovelace\ttown=%s\n' "$name" "$town"; done
done >"$T/list"
printf 'ship\nrose\n' >"$T/secrets"
guesses() { crack guess "$@" <"$T/held"; }

crack bait town=LONDON name='Lovelace, Ada' >"$T/held"
is 'what is in a list is found, whatever is held of it' "$(guesses "$T/list" | sort)" \
    "bottle: name='ada lovelace' town=london
h: name='ada lovelace' town=london
search: name='ada lovelace' town=london"

crack bait --secret 'we sailed in the Brigadier' name='Ada Lovelace' town=London >"$T/held"
fails 1 'with a secret nothing is' guesses "$T/list"
ok 'after all of the list' has "$T/said" 'nothing fits, after 25 guesses'

head -n 2 "$T/list" >"$T/few"
crack bait --secret rose name='Ada Lovelace' town=London >"$T/held"
is 'a secret that is in a list is a longer list and no more' "$(guesses --secrets "$T/secrets" "$T/few" | wc -l)" 3

crack price --guesses 1 "$T/list" >"$T/price"
is 'the price is said for each thing that a contact holds' \
    "$(grep -cE '^  (h|search|bottle) +[0-9.]+ +[0-9.]+ +[0-9]+$' "$T/price")" 3
ok 'and for the list' has "$T/price" 'the list of 25 '

plan
