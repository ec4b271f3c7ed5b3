#!/bin/sh
# Boxes on a web server: our drivers conform, another one in POSIX sh does, and the server says plainly what it takes.
. tests/lib.sh

suite=$PWD/tests/driver-conformance.sh
httpd=$PWD/tests/servers/httpd.sh
page=$PWD/man/socialnet-driver.7
# Nothing of this machine's own may come in between.
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
trap '"$httpd" kill "$T/web"; rm -rf "$T"' EXIT

tests/servers/ca.sh "$T/ca"
"$httpd" start "$T/web" "metrics = '127.0.0.1:0'" 'limits.requests-per-minute = 100000' 'limits.items = 50' \
    "tls = { certificate = '$T/ca/good.pem', key = '$T/ca/good.key' }"
port=$(sed 's/.*://' "$T/web/address")
web=https://localhost:$port
mkdir "$T/web/boxes/bobs" "$T/web/boxes/carols"
echo correct-horse >"$T/web/boxes/bobs/secret"

conforms() { "$suite" "$1" >"$T/suite" && ! grep '^not ok' "$T/suite" && ! grep '# SKIP' "$T/suite"; }
export SEND_TO="$web/in/bobs" RECEIVE_FROM="$web/in/bobs" LATER=https://localhost:1/in/bobs NEVER="$web/in/nobodys"
export SN_CONF_CA_FILE="$T/ca/ca.pem" SN_CONF_ALLOW_PRIVATE=localhost SN_CONF_PASSWORD_COMMAND='echo correct-horse'
ok 'sn-send-http and sn-recv-http conform' conforms http

# The drivers that socialnet-driver(7) shows, as the reader sees them.
mkdir "$T/drivers"
for driver in sn-send-https sn-recv-https; do
    mandoc -T utf8 -O width=200 "$page" | sed 's/.\x08//g' | grep -B 1 -A 40 "^ *# $driver" |
        sed 's/^           //' | sed '/^$/q' >"$T/drivers/$driver"
    chmod +x "$T/drivers/$driver"
done
export CURL_CA_BUNDLE="$T/ca/ca.pem"
PATH="$T/drivers:$PATH" ok 'and so do the drivers with curl that the page shows' conforms https

# ask METHOD PATH [OPTION]...: the status; the answer is in $T/answer, its headers in $T/head.
ask() {
    method=$1 path=$2
    shift 2
    curl -q -sS --path-as-is -X "$method" -D "$T/head" -o "$T/answer" -w '%{http_code}' "$@" "$web$path"
}
envelope='Content-Type: application/pkcs7-mime'
bearer='Authorization: Bearer correct-horse'
printf 'sealed' >"$T/sealed"
name=$(sha256sum <"$T/sealed" | cut -c1-64)

is 'what is sent is taken' "$(ask POST /in/bobs -H "$envelope" --data-binary "@$T/sealed")" 202
is 'and is in the box' "$(cat "$T/web/boxes/bobs/new/$name")" sealed
is 'the same again is taken, too' "$(ask POST /in/bobs -H "$envelope" --data-binary "@$T/sealed")" 202
is 'and is there once' "$(ls "$T/web/boxes/bobs/new")" "$name"
is 'nothing else is left' "$(ls "$T/web/boxes/bobs/tmp")" ''
is 'it is for the owner of the files alone' "$(stat -c %a "$T/web/boxes/bobs/new/$name")" 600

is 'who shows nothing is not let in' "$(ask GET /in/bobs)" 401
is 'nor who shows something else' "$(ask GET /in/bobs -H 'Authorization: Bearer correct-horsf')" 401
is 'nor who shows less' "$(ask GET /in/bobs -H 'Authorization: Bearer correct')" 401
is 'nor who shows nothing of it' "$(ask GET /in/bobs -H 'Authorization: Bearer ')" 401
is 'nor who shows it in another way' "$(ask GET /in/bobs -u correct-horse:correct-horse)" 401
is 'not for an item either' "$(ask GET "/in/bobs/$name")" 401
is 'nor to delete it' "$(ask DELETE "/in/bobs/$name")" 401
is 'a box without secret or owner lets nobody in' "$(ask GET /in/carols -H 'Authorization: Bearer ')" 401
is 'with the secret it is listed' "$(ask GET /in/bobs -H "$bearer")$(cat "$T/answer")" "200$name"
is 'and fetched' "$(ask GET "/in/bobs/$name" -H "$bearer")$(cat "$T/answer")" 200sealed
ok 'as bytes that no browser takes for a page' grep -qi '^x-content-type-options: nosniff' "$T/head"
is 'and deleted' "$(ask DELETE "/in/bobs/$name" -H "$bearer")" 204
is 'twice, if need be' "$(ask DELETE "/in/bobs/$name" -H "$bearer")" 204
is 'then it is gone' "$(ask GET "/in/bobs/$name" -H "$bearer")$(ls "$T/web/boxes/bobs/new")" 404

# What is not what it is called stays where it is, and is in nobody's way.
ask POST /in/bobs -H "$envelope" --data-binary "@$T/sealed" >/dev/null
printf 'other' >"$T/web/boxes/bobs/new/$(printf 'another' | sha256sum | cut -c1-64)"
mkdir "$T/mailbox" "$T/mailbox/tmp" "$T/mailbox/new"
ok 'what is right is fetched' sn-recv-http "$web/in/bobs" "$T/mailbox" </dev/null
is 'and nothing else' "$(ls "$T/mailbox/new")" "$name"
is 'what is wrong is left alone' "$(cat "$T/web/boxes/bobs/new"/*)" other
rm "$T/web/boxes/bobs/new"/*

# A long poll ends as soon as there is something.
somebody_waits() {
    tries=0
    until curl -q -sS "http://$(cat "$T/web/counters")/metrics" | grep -qx 'socialnet_waiting 1'; do
        tries=$((tries + 1))
        test $tries -lt 600 || break
        sleep 0.1
    done
}
{ curl -q -sS -m 60 -H "$bearer" "$web/in/bobs?wait=50" >"$T/polled"; date +%s >"$T/ended"; } &
somebody_waits
begun=$(date +%s)
ask POST /in/bobs -H "$envelope" --data-binary "@$T/sealed" >/dev/null
wait $!
is 'who waits is told of what comes' "$(cat "$T/polled")" "$name"
ok 'at once' test $(($(cat "$T/ended") - begun)) -lt 40
is 'who waits for nothing is answered when the time has passed' \
    "$(ask DELETE "/in/bobs/$name" -H "$bearer")$(ask GET '/in/bobs?wait=1' -H "$bearer")$(cat "$T/answer")" 204200
is 'a wait that is no number is refused' "$(ask GET '/in/bobs?wait=long' -H "$bearer")" 400

# Nothing but a box is a box.
mkdir "$T/web/new" "$T/web/tmp" "$T/web/boxes/UPPER" && echo secret >"$T/web/secret"
for path in /in/nobodys /in/.. /in/../in/../.. /in/%2e%2e /in/..%2f..%2fweb /in/bobs%00 /in/UPPER '/in/bobs/../carols' \
    /in//bobs /in/ /in/-x "/in/bobs/" /in/bobs/new/x /etc/passwd //in/bobs '/in/bobs;x' "/in/$(printf '%065d' 0)"; do
    status=$(ask POST "$path" -H "$envelope" --data-binary "@$T/sealed")
    ok "'$path' is no box ($status)" sh -c "case $status in 40[0-5]) ;; *) exit 1 ;; esac"
done
for item in .. ../secret %2e%2e%2fsecret "$name/../../secret" secret ../../carols/secret; do
    status=$(ask GET "/in/bobs/$item" -H "$bearer")
    is "'$item' is no item" "$status" 404
    ok "and '$item' was not read" lacks "$T/answer" correct
done
is 'nothing came by one of these ways' "$(find "$T/web" -newer "$T/polled" -type f -name "$name" | wc -l)" 0

is 'what is empty is refused' "$(ask POST /in/bobs -H "$envelope" --data-binary '')" 400
is 'and so is a form' "$(ask POST /in/bobs -d a=b)" 415
is 'another method is refused' "$(ask PUT /in/bobs -H "$envelope" --data-binary x)" 405
is 'what is too long is refused' "$(head -c 8388609 /dev/zero | ask POST /in/bobs -H "$envelope" --data-binary @-)" 413
ok 'in words' has "$T/answer" 'at most 8388608 bytes'
is 'also when its length is not told' \
    "$(head -c 8388609 /dev/zero | ask POST /in/bobs -H "$envelope" -H 'Transfer-Encoding: chunked' -T -)" 413
is 'what is just as long is taken' "$(head -c 8388608 /dev/zero | ask POST /in/bobs -H "$envelope" --data-binary @-)" 202
number=1
while test $number -lt 50; do
    printf 'number %s' $number >"$T/item"
    ask POST /in/bobs -H "$envelope" --data-binary "@$T/item" >/dev/null
    number=$((number + 1))
done
is 'a full box takes no more' "$(ask POST /in/bobs -H "$envelope" --data-binary last)" 507
ok 'in words' has "$T/answer" 'the box is full'
ask DELETE "/in/bobs/$(sha256sum <"$T/item" | cut -c1-64)" -H "$bearer" >/dev/null
is 'and what fits again' "$(ask POST /in/bobs -H "$envelope" --data-binary last)" 202

is 'there is no profile' "$(ask GET /profile/bobs)" 404
echo 'a profile' >"$T/web/boxes/bobs/profile.pem"
is 'until there is one' "$(ask GET /profile/bobs)$(cat "$T/answer")" '200a profile'
is 'it is well' "$(ask GET /healthz)$(cat "$T/answer")" 200ok
is 'there is nothing else here' "$(ask GET /)" 404
ok 'the counters are on a port of their own' grep -q '^socialnet_stored_items_total [1-9]' <<COUNTERS
$(curl -q -sS "http://$(cat "$T/web/counters")/metrics")
COUNTERS
is 'and not here' "$(ask GET /metrics)" 404

ok 'the log tells of requests' grep -qE '^sn-httpd: POST box 202 [0-9]+ms$' "$T/web/log"
ok 'not of addresses' sh -c "! sed '/ on 127/d' '$T/web/log' | grep -E '127\.0\.0\.1|localhost'"
ok 'nor of boxes or secrets' sh -c "! grep -E 'bobs|horse|$name' '$T/web/log'"

# One who waits is answered when the server stops.
echo correct-horse >"$T/web/boxes/carols/secret"
{ curl -q -sS -m 60 -H "$bearer" -o "$T/polled" -w '%{http_code}' "$web/in/carols?wait=50" >"$T/status" || true; } &
somebody_waits
ok 'it stops when it is told to' "$httpd" stop "$T/web"
wait $!
is 'who waited was answered' "$(cat "$T/status")" 200
ok 'it says so' has "$T/web/log" 'sn-httpd: stopping'

# Settings that are wrong are named.
httpd() { printf '%s\n' "boxes = '$T/web/boxes'" "$@" >"$T/wrong.toml" && sn-httpd "$T/wrong.toml"; }
fails 78 'without TLS it listens to this machine only' httpd "listen = ['0.0.0.0:0']"
fails 78 'it needs somewhere to listen' httpd
fails 78 'an address that is none is refused' httpd "listen = ['somewhere']"
fails 78 'a certificate that is none is refused' httpd "listen = ['127.0.0.1:0']" \
    "tls = { certificate = '$T/wrong.toml', key = '$T/wrong.toml' }"
fails 78 'and so is a key that is not there' httpd "listen = ['127.0.0.1:0']" \
    "tls = { certificate = '$T/ca/good.pem', key = '$T/none.key' }"
ok 'which is said' has "$T/said" "No such file or directory"
ok 'settings can be checked' sn-httpd --check "$T/web/httpd.toml"
fails 78 'and are found wrong' sn-httpd --check "$T/ca/ca.pem"
check() { printf '%s\n' "boxes = '$T/web/boxes'" "$@" >"$T/wrong.toml" && sn-httpd --check "$T/wrong.toml"; }
fails 78 'what the server would refuse is found wrong, too' check "listen = ['0.0.0.0:8080']"
ok 'and why' has "$T/said" 'no TLS on 0.0.0.0:8080'
ok 'what systemd opens need not be there' check 'hosts = ["localhost"]'

plan
