#!/bin/sh
# Alice sends Bob a large file, which goes slowly: what she says meanwhile does not wait for the end of it.
. tests/lib.sh

account alice bob carol
meet alice bob
meet alice carol
for who in carol alice bob; do as $who sn-sync; done
mkdir "$T/drivers"
export SN_DRIVERS="$T/drivers"
cat >"$T/drivers/sn-send-file" <<END
#!/bin/sh
# While the first chunk is under way, Alice has something to say to Carol.
while read -r id kind address file; do
    if [ "\$kind" = blob ] && [ ! -e '$T/hello' ]; then
        touch '$T/hello'
        SN_HOME='$T/alice' sn-pack status 'Hello, Carol.' | SN_HOME='$T/alice' sn-seal --to carol | SN_HOME='$T/alice' sn-send
    fi
    echo "\$kind \${address##*/}" >>'$T/order'
    if [ -e '$T/away' ] && [ "\$kind" = blob ]; then
        printf 'later\t%s\t0\taway\n' "\$id"
    else
        printf 'sent\t%s\n' "\$id"
    fi
done
END
chmod +x "$T/drivers/sn-send-file"

head -c 40M /dev/zero >"$T/film"
film() { as alice sn-pack status --file "$T/film" 'A film' | as alice sn-seal --to bob | as alice sn-send; }
ok 'a large file' film
is 'goes in parts, and what was said meanwhile goes between them' "$(uniq -c "$T/order" | xargs)" \
    '1 envelope bob 4 blob bob 1 envelope carol 7 blob bob'

: >"$T/order"
touch "$T/away"
film 2>"$T/said"
is 'who has put off one part is not asked for the others in the same run' "$(uniq -c "$T/order" | xargs)" \
    '1 envelope bob 4 blob bob'
is 'all of which wait with the reason' "$(as alice sn-send -p | grep -c 'waiting .* away$')" 11
rm "$T/away"
ok 'asked again, they leave' as alice sn-send -r
is 'all of them' "$(as alice sn-send -p | grep -c 'waiting')" 0

plan
