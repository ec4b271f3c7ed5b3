#!/bin/sh
# Somebody with two addresses is reached through the second when the first is gone, and their friends learn where they
# have moved to.
. tests/lib.sh

account alice bob
meet alice bob
post=$T/post
for to in second third; do
    mkdir "$post/$to"
    printf '[[receive]]\nsource = "file://%s"\n' "$post/$to" >>"$T/bob/config.toml"
done
printf '[retry]\nfirst = "1s"\nnext-address = "0s"\n' >>"$T/alice/config.toml"

# says WORDS: Alice says something.
says() { as alice sn-pack status "$1" | as alice sn-seal --to bob | as alice sn-send; }
# comes FOLDER: runs Alice's queue until something is there, at most for a minute.
comes() {
    tries=0
    until test -n "$(find "$1" -type f)"; do
        tries=$((tries + 1))
        test "$tries" -le 60 || { as alice sn-send -p && return 1; }
        sleep 1
        as alice sn-send -q
    done
}
# moves TO...: Bob has these addresses from now on, and tells his friends.
moves() {
    for to; do
        set -- "$@" --address "file://$post/$to"
        shift
    done
    as bob sn-profile set "$@"
    as bob sn-sync && as alice sn-sync
}

moves bob second
is 'both of his addresses are known' \
    "$(as alice sn-contact show bob | grep -c -e "file://$post/bob" -e "file://$post/second")" 2
says first
ok 'the first address is taken' test -n "$(find "$post/bob" -type f)"
as bob sn-sync 2>"$T/said"
mv "$post/bob" "$post/gone"
says second
is 'a folder that is gone puts it off' "$(as alice sn-send -p | grep -c waiting)" 1
ok 'then it comes through the second address' comes "$post/second"
as bob sn-sync 2>"$T/said" || true
as bob sn-feed >"$T/list"
ok 'and is read' has "$T/list" second

mkdir "$post/bob"
moves third
says third
ok 'who has moved is reached there' test -n "$(find "$post/third" -type f)"
is 'and nowhere else' "$(find "$post/bob" "$post/second" -type f)" ''

# Refused, the next one is asked at once.
moves bob second
export SN_DRIVERS="$T/drivers"
mkdir "$T/drivers"
cat >"$T/drivers/sn-send-file" <<END
#!/bin/sh
while read -r id _ address _; do
    echo "\${address##*/}" >>'$T/asked'
    case \$address in
    */bob) printf 'never\t%s\tno such person\n' "\$id" ;;
    *) printf 'sent\t%s\n' "\$id" ;;
    esac
done
END
chmod +x "$T/drivers/sn-send-file"
says fourth
is 'an address that refuses is followed by the next at once' "$(tr '\n' ' ' <"$T/asked")" 'bob second '

plan
