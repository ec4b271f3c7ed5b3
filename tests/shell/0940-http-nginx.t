#!/bin/sh
# sn-httpd behind nginx as sn-httpd(1) shows it, on a socket that somebody else opened for it.
. tests/lib.sh

suite=$PWD/tests/driver-conformance.sh
page=$PWD/man/sn-httpd.1
clients=$PWD/tests/http-clients.py
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY
PATH=$PATH:/usr/sbin
httpd='' nginx=''
trap 'kill $httpd $nginx 2>/dev/null || true; wait; rm -rf "$T"' EXIT

tests/servers/ca.sh "$T/ca"
tests/servers/ports.py HTTPS HTTP >"$T/ports"
# shellcheck disable=SC1091
. "$T/ports"
cd "$T"
mkdir -p boxes/bobs
echo correct-horse >boxes/bobs/secret

# As systemd does: the socket is descriptor 3, and the process number is told.
cat >settings.toml <<END
boxes = '$T/boxes'
behind-proxy = true
log = 'full'
hosts = ['localhost:$HTTPS']
limits = { requests-per-minute = 1000000 }
END
python3 - sn-httpd settings.toml >log 2>&1 <<'PYTHON' &
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind("http.sock")
listener.listen(64)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[1], sys.argv[1:])
PYTHON
httpd=$!

# The page's own lines, with this test's names in them; the same without TLS for what speaks by hand.
mandoc -T utf8 -O width=200 "$page" | sed 's/.\x08//g' | sed -n '/^ *server {$/,/^           }$/p' |
    sed "s:/run/socialnet/http.sock:$T/http.sock:; s/example.net/localhost/" >page.conf
sed "s/listen 443 ssl;/listen 127.0.0.1:$HTTPS ssl; ssl_certificate ca\/good.pem; ssl_certificate_key ca\/good.key;/" \
    page.conf >secure.conf
sed "s/listen 443 ssl;/listen 127.0.0.1:$HTTP;/" page.conf >plain.conf
cat >nginx.conf <<END
daemon off;
master_process off;
pid nginx.pid;
error_log nginx.log;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include $T/secure.conf;
    include $T/plain.conf;
}
END
ok 'nginx takes the lines of the page' nginx -q -t -p "$T" -c nginx.conf -e nginx.log
nginx -p "$T" -c nginx.conf -e nginx.log 2>nginx.said &
nginx=$!
web=https://localhost:$HTTPS
tries=0
until test "$(curl -q -s --cacert ca/ca.pem -o answer -w '%{http_code}' "$web/profile/bobs")" = 404 || test $tries -ge 600; do
    sleep 0.1
    tries=$((tries + 1))
done

conforms() { "$suite" http >suite.tap && ! grep '^not ok' suite.tap && ! grep '# SKIP' suite.tap; }
export SEND_TO="$web/in/bobs" RECEIVE_FROM="$web/in/bobs" LATER=https://localhost:1/in/bobs NEVER="$web/in/nobodys"
export SN_CONF_CA_FILE="$T/ca/ca.pem" SN_CONF_ALLOW_PRIVATE=true SN_CONF_PASSWORD_COMMAND='echo correct-horse'
ok 'our drivers conform through it' conforms

echo sealed >sealed
ask() { curl -q -sS --cacert ca/ca.pem -m 30 -H 'Authorization: Bearer correct-horse' -o answer -w '%{http_code}' "$@"; }
curl -q -sS --cacert ca/ca.pem -m 30 -H 'Authorization: Bearer correct-horse' "$web/in/bobs?wait=20" >polled &
poll=$!
ask -H 'Content-Type: application/octet-stream' --data-binary @sealed "$web/in/bobs" >status
wait $poll
is 'who waits is told through it' "$(cat status polled)" "202$(sha256sum <sealed | cut -c1-64)"
is 'what the server does not show is not shown' "$(ask "$web/healthz")" 404
is 'what is too long is refused' "$(head -c 9000000 /dev/zero | ask -H 'Content-Type: application/octet-stream' \
    --data-binary @- "$web/in/bobs")" 413
ask -H 'X-Forwarded-For: 192.0.2.7' "$web/profile/bobs" >/dev/null
ok 'the server is told who asks' grep -qE '^sn-httpd: 127\.0\.0\.1 GET /profile/bobs 404 ' log
ok 'and not by whoever asks' lacks log 192.0.2.7
"$clients" double_lengths "127.0.0.1:$HTTP" /in/bobs >lengths || true
ok 'nothing is smuggled past it' sh -c '! grep -r smuggled boxes'
kill $httpd
ok 'it ends well' wait $httpd
httpd=

plan
