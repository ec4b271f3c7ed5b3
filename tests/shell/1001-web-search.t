#!/bin/sh
# Looking for a person in a browser: Alice looks for Dave, whom Bob knows; Dave decides; nobody else hears of the secret.
. tests/lib.sh
. tests/web.sh
trap 'kill $web 2>/dev/null || :; wait; rm -rf "$T"' EXIT

account alice bob dave erin
meet alice bob
meet bob dave
meet bob erin
for who in alice bob dave erin; do
    printf '[due]\nrelay = "0s"\nconfirm = "0s"\n[search]\nafter = "0s"\nwithin = "0s"\n' >>"$T/$who/config.toml"
done
bad='"><script>window.pwned=1</script><img src=x onerror=window.pwned=1>'"'"
round() { for who; do as "$who" sn-sync; done; }
# A space belongs to a secret, wherever it stands.
secret='where the beach is '
as dave sn-profile searchable add --secret-command "printf '$secret'" name='Dave Miller' town=Portmeirion >"$T/said" 2>&1
round dave bob dave

# goes: waits until all that is to leave by itself has left.
goes() {
    tries=0
    until inside /news >"$T/said" && test "$(jq .running "$T/answer")" = false; do
        tries=$((tries + 1))
        test "$tries" -lt 600 || { cat "$T/log" && exit 1; }
        sleep 0.1
    done
}
# enters NAME: opens sn-web of somebody.
enters() {
    start "$1"
    ask "$(sed "s|$here||" "$T/address")" -c "$T/jar" >"$T/said"
    form=$(secret_of_forms "$T/jar")
}
leaves() { kill "$web" && wait "$web" && web=''; }
searches() { as alice sn-search --list --json; }
# search WORDS...: sends the form for a search.
search() {
    for field; do
        shift
        set -- "$@" --data-urlencode "$field"
    done
    send /search-begin "$@"
}

enters alice
is 'there is a page for it' "$(inside /searches)" 200
ok 'well-formed' xmllint --noout "$T/answer"
ok 'which has the form' has "$T/answer" 'action="/search-begin"'
is 'nobody else has' "$(ask /searches)" 401
forged() { inside /search-begin "$@" -d 'mail=dave@example.org'; }
is 'a form of another site is refused' "$(forged -H 'Origin: http://evil.example' -d "form=$form")" 403
is 'and one without its own secret' "$(forged -H "Origin: $here" -d form=x)" 403
is 'a search is for something' "$(search "secret=$secret" "note=$bad")" 400
ok 'what was written is not lost' has "$T/answer" '&#60;script&#62;window.pwned'
ok 'and the secret not shown' lacks "$T/answer" "$secret"
is 'a number has its country' "$(search phone=02079460018)" 400
ok 'as the page says' has "$T/answer" 'write it with its country'
is 'only what has a name is looked for' "$(search more=colour=blue)" 400
is 'none of them was begun' "$(searches)" ''

is 'Alice looks for Dave' "$(search 'name=MILLER, Dave' town=portmeirion "secret=$secret" "note=$bad")" 303
is 'by a button that was pressed twice' \
    "$(search 'name=MILLER, Dave' town=portmeirion "secret=$secret" "note=$bad")" 303
is 'once' "$(searches | jq -r '"\(.number) \(.details) \(.asked)"')" "1 name='dave miller' town=portmeirion 1"
is 'it is listed' "$(inside /searches)" 200
ok 'in a page' xmllint --noout "$T/answer"
ok 'with its details' has "$T/answer" 'dave miller'
ok 'its words are text' has "$T/answer" '&#60;script&#62;window.pwned'
ok 'nobody has answered' has "$T/answer" 'Nobody has answered.'
goes
leaves
secret_kept() { grep -rlaF "$secret" "$T/alice" "$T/log" "$T/answer"; }
is 'the secret is kept nowhere' "$(secret_kept)" ''
round bob dave

enters dave
is 'Dave sees who searches' "$(inside /people)" 200
ok 'in a page' xmllint --noout "$T/answer"
ok 'by what' has "$T/answer" 'in search of you, by name=&#39;dave miller&#39; town=portmeirion'
ok 'through whom' has "$T/answer" '<dt>Introduced by</dt><dd><bdi>bob</bdi></dd>'
ok 'with which words, which are text' has "$T/answer" '&#60;script&#62;window.pwned'
is 'and no script' "$(grep -c '<script' "$T/answer")$(grep -o '<img src=x' "$T/answer")" 1
ok 'and what he can do' has "$T/answer" 'action="/search-stop"'
alices=$(as dave sn-contact requests --json | jq -r .fingerprint)
is 'he accepts' "$(send /accept -d "who=$alices")" 303
goes
leaves
as alice sn-sync

enters alice
inside /searches >"$T/said"
ok 'Alice sees who has answered' has "$T/answer" 'waits for you to decide'
ok 'by what' has "$T/answer" '<bdi>name=&#39;dave miller&#39; town=portmeirion</bdi>'
daves=$(as alice sn-contact requests --json | jq -r .fingerprint)
inside /people >"$T/said"
ok 'among those who wait, too' has "$T/answer" 'found by your search for'
ok 'whom there is nothing to stop' lacks "$T/answer" 'search-stop'
is 'she accepts' "$(send /accept -d "who=$daves")" 303
goes
is 'they are friends' "$(as alice sn-contact show dave --json | jq -r '"\(.state) \(.grade)"')" 'friend introduced'
is 'the search is ended' "$(send /search-end -d number=1)" 303
is 'another there is not' "$(send /search-end -d number=2)" 404
is 'by its number' "$(send /search-end -d number=x)" 400
is 'and so it is' "$(searches | jq -r .ended)" true
leaves

search_of_erin() { as erin sn-search --secret-command "printf '$secret'" name='Dave Miller' town=Portmeirion; }
search_of_erin | as erin sn-seal | as erin sn-send
round bob dave
enters dave
who=$(as dave sn-contact requests --json | jq -r .fingerprint)
is 'Erin is to be brought no more' "$(send /search-stop -d "who=$who")" 303
goes
is 'and waits no more' "$(as dave sn-contact requests)" ''
bobs=$(as dave sn-contact show bob --json | jq -r .fingerprint)
is 'who does not search can not be stopped' "$(send /search-stop -d "who=$bobs")" 400
leaves
round bob
is 'Bob is told' "$(sqlite3 "$T/bob/socialnet.db" 'SELECT count(*) FROM search_stopped')" 1

plan
