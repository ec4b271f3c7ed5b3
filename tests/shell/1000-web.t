#!/bin/sh
# sn-web answers one browser, and nobody whom another site, a made-up name or a clumsy client sends.
. tests/lib.sh
. tests/web.sh

slow=''
trap 'kill $web $slow 2>/dev/null || :; wait; rm -rf "$T"' EXIT

account alice bob
meet alice bob
# What others write, in every field that is shown.
bad='"><script>window.pwned=1</script><img src=x onerror=window.pwned=1>'"'"
as bob sn-profile set --name "$bad" --about "$bad"
say() { as bob sn-pack "$@" | as bob sn-seal --to all | as bob sn-send; }
printf '<script>window.pwned=1</script>' >"$T/page.jpg"
printf '<svg xmlns="http://www.w3.org/2000/svg" onload="window.pwned=1"/>' >"$T/drawing.svg"
say status "$bad" --file "$T/page.jpg" --file "$T/drawing.svg"
say photo tests/data/ridge.jpg --text "$bad" --alt "$bad"
as alice sn-sync

start alice
is 'it listens on loopback alone' \
    "$(awk -v port="$(printf ':%04X' "$port")" '$4 == "0A" && $2 ~ port "$" { print $2 }' /proc/net/tcp /proc/net/tcp6)" \
    "$(printf '0100007F:%04X' "$port")"
fails 75 'one at a time' as alice sn-web
is 'which is said' "$(as alice sn-web 2>&1)" 'sn-web: another sn-web has this account open'
fails 64 'not too often' as bob sn-web --every 1s

# Who hangs in the middle of a head is sent away at last; nobody waits for them. Told at the end.
python3 - "$port" >"$T/slow" <<'EOF' &
import socket, sys, time
begun = time.monotonic()
slow = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
slow.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
slow.settimeout(120)
answer = slow.recv(4096)
print("gone" if time.monotonic() - begun < 80 else "late", answer.split(b"\r\n")[0].decode())
EOF
slow=$!

# The door.
way=$(sed "s|$here||" "$T/address")
is 'nobody comes in without an address' "$(ask /)" 401
ok 'and is told what to do' has "$T/answer" 'send it the signal USR1'
ok 'not to come here again' sh -c "! grep 'Start here' '$T/answer'"
is 'nor by another one' "$(ask "/enter/$(printf '%064d' 0)")" 403
is 'nor by the beginning of it' "$(ask "${way%????}")" 403
is 'nor whoever asks for the head alone' "$(ask "$way" -I)" 401
is 'nor on behalf of another site' "$(ask "$way" -H 'Sec-Fetch-Site: cross-site')" 403
is 'who has it comes in' "$(ask "$way" -c "$T/jar")" 303
ok 'with a cookie that no script and no other site gets' \
    grep -qiE "^set-cookie: socialnet-$port=[0-9a-f]{64}; HttpOnly; SameSite=Strict; Path=/.?$" "$T/head"
is 'and is inside' "$(inside /)" 200
is 'it opens once' "$(ask "$way")" 403
is 'another cookie is none' "$(ask / -b "socialnet-$port=$(printf '%064d' 0)")" 401
kill -USR1 "$web"
tries=0
until test "$(wc -l <"$T/address")" -eq 2 || test "$tries" -gt 600; do tries=$((tries + 1)) && sleep 0.1; done
way=$(sed -n "2s|$here||p" "$T/address")
is 'a signal opens it for another browser' "$(ask "$way" -c "$T/other")" 303
form=$(secret_of_forms "$T/jar")
ok 'whose forms have another secret' test "$form" != "$(secret_of_forms "$T/other")"
for page in / /photo /people /waiting /search /news /person/x /thread/x/y /file/x/y/1 /nothing; do
    is "without the cookie there is no $page" "$(ask "$page")" 401
done

# Who begins a form and never ends it is told so, too.
python3 - "$port" "$(awk 'END { print $6 "=" $7 }' "$T/jar")" >"$T/unfinished" <<'EOF' &
import socket, sys, time
begun = time.monotonic()
slow = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
here = f"127.0.0.1:{sys.argv[1]}"
slow.sendall(f"POST /status HTTP/1.1\r\nHost: {here}\r\nOrigin: http://{here}\r\nCookie: {sys.argv[2]}\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nform=".encode())
slow.settimeout(120)
answer = slow.recv(4096)
print("told" if time.monotonic() - begun < 80 else "late", answer.split(b"\r\n")[0].decode())
EOF
slow="$slow $!"

# Names and other sites.
for host in evil.example "evil.example:$port" 127.0.0.1 "127.0.0.1.evil.example:$port" "127.0.0.1:$((port - 1))" ''; do
    is "it is not '$host'" "$(inside / -H "Host: $host")" 421
done
is 'nor what a whole URI says' "$(inside / --request-target http://evil.example/)" 421
is 'it is localhost' "$(ask / -H "Host: localhost:$port")" 401
for site in cross-site same-site; do
    is "nothing is shown to what is $site" "$(inside / -H "Sec-Fetch-Site: $site")" 403
    is "nor any part of the program" "$(ask /style.css -H "Sec-Fetch-Site: $site")" 403
done
is 'a page of ours may ask' "$(inside / -H 'Sec-Fetch-Site: same-origin')" 200

before=$(as alice sn-feed --json | wc -l)
post() { inside /status -d "form=$form" -d to=all -d text=forged "$@"; }
for origin in http://evil.example null "http://127.0.0.1:$((port - 1))" "http://localhost:$port" "https://127.0.0.1:$port"; do
    is "a form from '$origin' is refused" "$(post -H "Origin: $origin")" 403
done
is 'so is one from nowhere' "$(post)" 403
is 'and one that a browser says is from elsewhere' "$(post -H "Origin: $here" -H 'Sec-Fetch-Site: cross-site')" 403
is 'and one typed into the address' "$(post -H 'Sec-Fetch-Site: none')" 403
is 'without the cookie nothing is done' "$(ask /status -H "Origin: $here" -d "form=$form" -d text=forged)" 401
other=$(secret_of_forms "$T/other")
for wrong in '' "form=" "form=${form%?}" "form=$other" "form=$(printf '%064d' 0)"; do
    is "a form with '$(printf %.9s "$wrong")' is not ours" \
        "$(inside /status -H "Origin: $here" -d "$wrong" -d to=all -d text=forged)" 403
done
is 'a form is a form' "$(post -H "Origin: $here" -H 'Content-Type: text/plain')" 400
is 'an upload, too' "$(inside /photo -H "Origin: $here" -d "form=$form")" 400
upload() { inside /photo -H "Origin: $here" "$@"; }
is 'one without the secret is refused' "$(upload -F to=all -F photo1=@tests/data/ridge.jpg)" 403
is 'and one that says it last' "$(upload -F photo1=@tests/data/ridge.jpg -F "form=$form")" 403
is 'and one with the wrong one' "$(upload -F "form=$other" -F photo1=@tests/data/ridge.jpg)" 403
is 'nothing of all that was written' "$(as alice sn-feed --json | wc -l)" "$before"
is 'nor kept' "$(ls "$T/alice/state/web")" ''

# What is done.
is 'our own form is taken' "$(send /status -d to=all --data-urlencode "text=$(printf 'Two\r\nlines: %s' "$bad")")" 303
as alice sn-feed -n 1 --json >"$T/said"
is 'and said as it was typed' "$(jq -r .text "$T/said")" "$(printf 'Two\nlines: %s' "$bad")"
id=$(jq -r .id "$T/said") me=$(jq -r .from.fingerprint "$T/said")
is 'a photograph is taken' "$(upload -F "form=$form" -F to=all -F 'photo1=@tests/data/ridge.jpg;filename=../../../x/ridge.jpg' \
    -F alt1=A\ ridge -F 'photo2=;filename=' -F alt2= -F text=Dawn)" 303
as alice sn-feed -n 1 --json >"$T/said"
is 'described, under a harmless name' "$(jq -r '.attachments[] | .name + ", " + .alt' "$T/said")" '_.._.._x_ridge.jpg, A ridge'
is 'the upload is gone' "$(ls "$T/alice/state/web")" ''
is 'a comment leads to its conversation' "$(send /comment -d "about=$me/$id" -d text=Yes)" 303
ok 'and to its place there' grep -q "^location: /thread/$me/$id#$id-" "$T/head"
is 'a sign, too' "$(send /reaction -d "about=$me/$id" --data-urlencode sign=🎉)" 303
is 'pressed twice' "$(send /reaction -d "about=$me/$id" --data-urlencode sign=🎉)" 303
is 'it is given once' "$(as alice sn-feed --type reaction --json | wc -l)" 1
for _ in 1 2; do is 'words, too' "$(send /status -d to=all -d text=Once)" 303; done
is 'they are said once' "$(as alice sn-feed --json | jq -r .text | grep -cx Once)" 1
is 'other words are others' "$(send /status -d to=all -d text=Twice)$(send /status -d to=all -d text=Once)" 303303
is 'and so are the same ones later' "$(as alice sn-feed --json | jq -r .text | grep -cx Once)" 2
# The second press ends the connection of the first.
python3 - "$port" "$(awk '/socialnet-/ { print $6 "=" $7 }' "$T/jar")" "$form" <<'EOF'
import socket, sys
port, cookie, form = sys.argv[1:]
body = f"form={form}&to=all&text=Pressed+hard"
with socket.create_connection(("127.0.0.1", int(port))) as browser:
    browser.sendall(
        f"POST /status HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
EOF
is 'nor are they when the browser did not wait' "$(send /status -d to=all -d 'text=Pressed hard')" 303
is 'but once' "$(as alice sn-feed --json | jq -r .text | grep -cx 'Pressed hard')" 1
is 'nothing can be said of what is not there' "$(send /comment -d "about=ffffffff" -d text=Lost)" 404
ok 'and what was written is not lost' has "$T/answer" '>Lost</textarea>'
is 'nor to nobody' "$(send /status -d to=@nobody -d text=Kept)" 400
ok 'nor is that lost' has "$T/answer" '>Kept</textarea>'
is 'nor nothing of something' "$(send /comment -d "about=$me/$id" -d text=%20)" 400
is 'what is taken back' "$(send /retract -d "about=$me/$id")" 303
is 'is gone' "$(as alice sn-feed --thread "$id" --json | jq -r 'select(.id == $id) | .gone' --arg id "$id")" retracted
bobs=$(as alice sn-contact show bob --json | jq -r .fingerprint)
is 'somebody is muted' "$(send /mute -d "who=$bobs")" 303
is 'and not shown' "$(as alice sn-feed --from bob)" ''
is 'and shown again' "$(send /unmute -d "who=$bobs")" 303
is 'an invitation is made' "$(send /invite -d days=7 -d form-of=short)" 200
ok 'with a picture of it' has "$T/answer" '<svg '
is 'not for ever' "$(send /invite -d days=31)" 400
is 'not for nothing' "$(send /invite -d days=x)" 400
account carol
as carol sn-contact invite >"$T/carols"
is 'an invitation is accepted' "$(send /add --data-urlencode "invitation@$T/carols" -d name=carol)" 303
is 'so that they are asked' "$(as alice sn-contact show carol --json | jq -r .state)" asked
is 'what is none is not' "$(send /add -d invitation=nonsense)" 400
ok 'and is shown once more' has "$T/answer" '>nonsense</textarea>'
is 'nor one from somebody else' "$(send /add --data-urlencode "invitation@$T/carols" -d "is=$bobs")" 403
is 'somebody is blocked' "$(send /block -d "who=$(as alice sn-contact show carol --json | jq -r .fingerprint)")" 303
is 'for good' "$(as alice sn-contact show carol --json | jq -r .state)" blocked
is 'nobody is nobody' "$(send /block -d who=../x)" 400
is 'sending and fetching' "$(send /sync)" 303

# What is shown: XML as well as HTML, and nothing of a stranger's in it but text.
as alice sn-feed --from bob --type photo --json >"$T/photo"
as alice sn-feed --from bob --type status --json >"$T/files"
photo=$(jq -r '.from.fingerprint + "/" + .id' "$T/photo") files=$(jq -r '.from.fingerprint + "/" + .id' "$T/files")
for page in / "/?before=3" /photo /people /waiting /search "/search?q=script" "/person/$bobs" "/person/$me" "/thread/$photo"; do
    is "$(printf %.16s "$page") is shown" "$(inside "$page")" 200
    ok 'as well-formed XML' xmllint --noout "$T/answer"
    is 'without a script of others' "$(grep -c '<script' "$T/answer")$(grep -o '<img src=x' "$T/answer")" 1
    ok 'and may load from here alone' grep -qi "^content-security-policy: default-src 'none'; img-src 'self'" "$T/head"
done
ok 'bob is there' has "$T/answer" '&#60;script&#62;window.pwned'
for sought in '"' 'text:' 'NOT' 'NEAR(' '*' '(a OR' 'a"b' "'; DROP TABLE packet" '{x}: y' '^a' '-' "$bad"; do
    is "'$(printf %.12s "$sought")' are words" "$(inside /search -G --data-urlencode "q=$sought")" 200
    ok 'in a page' xmllint --noout "$T/answer"
done

# Files.
type_of() { sed -n 's/^content-type: \([^;]*\).*/\1/ip' "$T/head" | tr -d '\r'; }
is 'a photograph is one' "$(inside "/file/$photo/1")$(type_of)" 200image/jpeg
ok 'the very one' cmp "$T/answer" "$(as alice sn-get "${photo##*/}" -o "$T/ridge.jpg" && echo "$T/ridge.jpg")"
is 'so is its preview' "$(inside "/preview/$photo/1")$(type_of)" 200image/jpeg
for number in 1 2; do
    is 'what is only called one is saved' "$(inside "/file/$files/$number")$(type_of)" 200application/octet-stream
    ok 'as a file' grep -qi "^content-disposition: attachment; filename\*=UTF-8''" "$T/head"
    ok 'in which nothing runs' grep -qi "^content-security-policy: default-src 'none'; sandbox" "$T/head"
    ok 'whatever a browser thinks it is' grep -qi '^x-content-type-options: nosniff' "$T/head"
done
ok 'and nothing is kept' grep -qi '^cache-control: no-store' "$T/head"

# Paths and methods.
for path in /../../../../etc/passwd /file/../../../etc/passwd /file/%2e%2e/%2e%2e/1 "/file/$photo/0" "/file/$photo/99999999999" \
    "/file/$photo/-1" "/file/$photo/1/" "/thread/$photo/.." "/preview/$files/1" //style.css /static/web.js /enter /people/ \
    "/person/$bobs%00" "/thread/$bobs/%3Cscript%3E"; do
    is "$path is nothing" "$(inside "$path")" 404
done
is 'rows are numbers' "$(inside '/?before=x')" 404
is 'a page has a head of its own' "$(inside / -I)$(type_of)" 200text/html
for method in PUT DELETE OPTIONS TRACE; do
    is "$method is not done here" "$(inside / -X "$method")" 405
done
is 'nothing is done by reading' "$(inside /status)" 404

# Clients that take too much.
long() { head -c 1200000 /dev/zero | tr '\0' a | send /status -d to=all -d text=long --data-urlencode rest@- "$@"; }
is 'a form has an end' "$(long)" 400
is 'whether or not it says so first' "$(long -H 'Transfer-Encoding: chunked')" 400
is 'a head, too' "$(inside / -H "X-Long: $(head -c 20000 /dev/zero | tr '\0' a)")" 431
is 'a packet, as ever' "$(head -c 70000 /dev/zero | tr '\0' a | send /status -d to=all --data-urlencode text@-)" 400
truncate -s 68M "$T/large"
is 'a photograph is not that large' "$(upload -F "form=$form" -F "photo1=@$T/large")" 400
is 'nor something else' "$(upload -F "form=$form" -F "photo1=@$T/page.jpg")" 400
ok 'which is said of it by its name' grep -q "Cannot attach .*[^/]page\.jpg.*: not a JPEG" "$T/answer"
ok 'and not by where it was kept, nor with a command' sh -c "! grep -e state/web -e sn-pack '$T/answer'"
set --
for number in 1 2 3 4 5; do set -- "$@" -F "photo$number=@tests/data/ridge.jpg"; done
is 'there are not that many' "$(upload -F "form=$form" "$@")" 400
set --
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do set -- "$@" -F "field$number=x"; done
is 'nor that many fields' "$(upload -F "form=$form" "$@")" 400
is 'nothing of them is kept' "$(ls "$T/alice/state/web")" ''
ok 'memory stays below 64 MiB' \
    awk '/^VmHWM/ { print; found = $2 <= 65536 } END { exit !found }' "/proc/$web/status"
# Two words: two that are waited for.
# shellcheck disable=SC2086
wait $slow
slow=
is 'who hangs is sent away' "$(cut -d ' ' -f 1 "$T/slow")" gone
is 'and who does not end' "$(cut -d ' ' -f 1,3 "$T/unfinished")" 'told 503'

# The end.
is 'who leaves' "$(send /leave)" 200
ok 'is told so' has "$T/answer" 'You have left.'
is 'is out' "$(inside /)" 401
is 'the other is not' "$(ask / -b "$T/other")" 200
kill "$web"
ended=0
wait "$web" || ended=$?
is 'it ends when it is told to' "$ended" 0
is 'in few words' "$(cat "$T/log")" 'sn-web: stopping'
touch "$T/alice/state/web/left-by-a-crash"
start alice
is 'an upload that was killed is cleared away' "$(ls "$T/alice/state/web")" ''
is 'an old cookie lets nobody in' "$(ask / -b "$T/other")" 401
kill "$web"
web=

plan
