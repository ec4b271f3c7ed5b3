#!/bin/sh
# A search, killed (SIGKILL) wherever it changes a disk, at whoever has it: run again, one request arrives, nothing is counted
# twice, and nothing is taken for something that came before.
. tests/lib.sh
. tests/kill.sh

people='alice bob dave'
account alice bob dave
meet alice bob
meet bob dave
cd "$T"
for who in $people; do
    printf '[due]\nrelay = "0s"\nagain = "0s"\n[search]\npass-on = 0\nafter = "0s"\nwithin = "0s"\n' >>"$who/config.toml"
done
as dave sn-profile searchable add name='Dave Miller' town=Portmeirion >went 2>&1
for who in dave bob; do as "$who" sn-sync; done

cat >way <<'END'
alice sn-search name='Dave Miller' town=Portmeirion | sn-seal | sn-send
bob sn-recv
bob sn-ingest
bob sn-seal --due | sn-send
dave sn-recv
dave sn-ingest
dave sn-contact list | grep -q "^alice *asked" || sn-contact accept alice
dave sn-seal --due | sn-send
alice sn-recv
alice sn-ingest
END

# At every rename; and at the first, second, fourth, eighth … of the other calls of a kind, which are many.
after() {
    case $1 in
    rename*) echo $(($2 + 1)) ;;
    *) echo $(($2 * 2)) ;;
    esac
}
count() { sqlite3 "$1/socialnet.db" "SELECT count(*) FROM $2"; }
# A search that was killed and begun anew is another one: of each that came, one request has left, and nothing is to.
seen() {
    as alice sn-contact requests --json | jq -r '"\(.name) \(.came) \(.grade)"'
    as alice sn-search --list --json | jq -rs '[.[].answers[].name] | join(" ")'
    as dave sn-contact list --json | jq -rs 'map("\(.name) \(.state)") | sort | join(", ")'
    taken=$(count bob search_taken)
    test "$taken" -ge 1 && test "$taken" -le "$(count alice own_search)" && echo "taken"
    test "$(count bob search_brought)" -eq "$taken" || echo 'not one request for each'
    test "$(count bob search) $(count bob search_leaving)" = '0 0' || echo 'more is to leave'
}
want='dave found introduced
dave
alice asked, bob friend
taken'

everywhere 1 3 4 6 7 8 10

plan
