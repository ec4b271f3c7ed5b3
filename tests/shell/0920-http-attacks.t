#!/bin/sh
# sn-httpd and clients that mean harm: it answers others meanwhile, keeps nothing half, and stays small.
. tests/lib.sh

httpd=$PWD/tests/servers/httpd.sh
attack=$PWD/tests/http-clients.py
trap '"$httpd" kill "$T/web"; "$httpd" kill "$T/large.web"; umount "$T/disk" 2>/dev/null || true; rm -rf "$T"' EXIT

mkdir -p "$T/web/boxes/bobs"
"$httpd" start "$T/web" 'limits.head-time = "3s"' 'limits.body-time = "6s"' 'limits.idle-time = "2s"' \
    'limits.requests-per-minute = 600'
web=$(cat "$T/web/address")
pid=$(cat "$T/web/pid")
new=$T/web/boxes/bobs/new tmp=$T/web/boxes/bobs/tmp

# nothing_half: nothing is left of uploads that broke off, as soon as the server has noticed.
nothing_half() {
    tries=0
    until test -z "$(ls "$1")" || test $tries -ge 600; do
        sleep 0.1
        tries=$((tries + 1))
    done
    test -z "$(ls "$1")"
}

# came TEXT WANT ATTACK: what came of it, and that the server is well.
came() {
    is "$1" "$("$attack" "$3" "$web" /in/bobs)" "$2"
    is 'the server is well' "$(curl -q -sS -m 60 "http://$web/healthz")" ok
    ok 'nothing half is left' nothing_half "$tmp"
}
came '500 clients that never finish a head hold up nobody' '202 quickly 0 open' slow_heads
came '100 clients that send a byte now and then are sent away' '0 still served' slow_bodies
came 'bodies that stop in the middle are answered' '408 408 gone' half_open
came 'a chunked body without end is refused' '413 soon' endless_chunks
came '100 MB are refused' '413 early' hundred_megabytes
is 'nothing of them was kept' "$(find "$new" -type f | wc -l)" 1
"$attack" double_lengths "$web" /in/bobs >"$T/lengths"
is 'two lengths are none' "$(sort -u "$T/lengths")" "once
refused"
ok 'and what was smuggled was not served' sh -c "! grep -r smuggled '$new'"
came 'heads without end are refused' '431 431 ' long_heads
came 'one address has so many connections' '72 turned away, another: 202' many_connections
came 'and so many requests' '429 in time, wait told, another: 202' many_requests
ok 'all that in 64 MiB' test "$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status")" -lt 65536
"$httpd" stop "$T/web"

# Who holds on to a connection does not keep the server from its end.
"$httpd" start "$T/web"
"$attack" holding_on "$(cat "$T/web/address")" /in/bobs >"$T/holding" &
tries=0
until test -s "$T/holding" || test $tries -ge 600; do
    sleep 0.1
    tries=$((tries + 1))
done
ok 'it ends when it is told to' timeout 50 "$httpd" stop "$T/web"
wait
is 'and sends away who is not done' "$(xargs <"$T/holding")" 'on gone'

# A shell's usual limit on open files is not the server's.
sh -c 'ulimit -Sn 256 && exec "$@"' - "$httpd" start "$T/web" 'limits.head-time = "2m"'
came '300 connections that say nothing leave room' '300 idle, another: 202' idle_connections
"$httpd" kill "$T/web"
sh -c 'ulimit -n 256 && exec "$@"' - "$httpd" start "$T/web"
ok 'a limit that is too low is told' has "$T/web/log" '4096 connections need 8704 open files, and 256 are allowed'

# What is kept of uploads that are not finished has a limit, too.
"$httpd" stop "$T/web"
"$httpd" start "$T/web" 'limits.bytes = 3000000'
is 'a box has room for so much that is not finished' "$("$attack" unfinished "$(cat "$T/web/address")" /in/bobs)" \
    '507 some; then: 202'

# Inpackets of somebody else.
mkdir -p "$T/carol/inpackets/new" "$T/web/boxes/carols" && ln -s "$T/carol/inpackets" "$T/web/boxes/carols/inpackets"
if chown 65534 "$T/carol/inpackets" 2>"$T/said"; then
    is 'what their owner could not read is not taken' "$(curl -q -sS -o "$T/answer" -w '%{http_code}' -d x \
        -H 'Content-Type: application/octet-stream' "http://$(cat "$T/web/address")/in/carols")" 500
    is 'nothing is there' "$(find "$T/carol" -type f)" ''
    ok 'the log says why' has "$T/web/log" "inpackets' belongs to another user"
else
    ok "inpackets of another user # SKIP $(cat "$T/said")" true
fi
"$httpd" stop "$T/web"

# Where nothing more can be written: nothing is taken that is not kept, and nothing half is left.
head -c 300000 /dev/urandom >"$T/large"
post() {
    curl -q -sS -o "$T/answer" -w '%{http_code}' -H 'Content-Type: application/octet-stream' --data-binary "@$1" \
        "http://$(cat "$1.web/address")/in/bobs"
}
mkdir -p "$T/large.web/boxes/bobs"
# A limit on the size of files fails as a full disk does, and needs no disk of one's own.
sh -c 'trap "" XFSZ && ulimit -f 100 && exec "$@"' - "$httpd" start "$T/large.web"
is 'what can not be written is not taken' "$(post "$T/large")" 507
ok 'in words' has "$T/answer" 'no room here'
is 'nothing of it is there' "$(find "$T/large.web/boxes" -type f)" ''
echo small >"$T/small" && ln -s large.web "$T/small.web"
is 'what can be written is taken' "$(post "$T/small")" 202
"$httpd" kill "$T/large.web"
rm "$T/large.web/address"

# A disk of one's own, where that is allowed.
mkdir "$T/disk"
if mount -t tmpfs -o size=2m none "$T/disk" 2>"$T/said"; then
    mkdir "$T/disk/bobs" && rm -r "$T/large.web/boxes" && ln -s "$T/disk" "$T/large.web/boxes"
    "$httpd" start "$T/large.web"
    taken=0 status=202
    while test "$status" = 202 && test $taken -lt 20; do
        echo $taken >>"$T/large"
        status=$(post "$T/large")
        test "$status" != 202 || taken=$((taken + 1))
    done
    is 'a full disk takes no more' "$status" 507
    is 'what was taken is there' "$(find "$T/disk/bobs/new" -type f | wc -l)" $taken
    ok 'whole' sh -c "cd '$T/disk/bobs/new' && for it in *; do echo \"\$it  \$it\"; done | sha256sum -c --quiet"
    is 'nothing half is left' "$(ls "$T/disk/bobs/tmp")" ''
    rm "$T/disk/bobs/new/"*
    is 'with room it goes on' "$(post "$T/large")" 202
    "$httpd" stop "$T/large.web"
    umount "$T/disk"
else
    ok "a disk that is full # SKIP $(cat "$T/said")" true
fi

plan
