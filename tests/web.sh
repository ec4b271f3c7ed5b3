# shellcheck shell=sh disable=SC2034,SC2154
# For tests of sn-web: a browser that can be told what to send.
#
#     . tests/lib.sh
#     . tests/web.sh
#     trap 'kill $web 2>/dev/null || :; wait; rm -rf "$T"' EXIT

unset http_proxy https_proxy all_proxy no_proxy
web=''

# start NAME: runs it with the account; where it is, is in $here, its process in $web, and the way in in $T/address.
start() {
    : >"$T/address"
    SN_HOME="$T/$1" sn-web >"$T/address" 2>"$T/log" &
    web=$!
    until_there
    here=$(sed 's|/enter.*||' "$T/address")
    port=${here##*:}
}
until_there() {
    tries=0
    until test -s "$T/address"; do
        tries=$((tries + 1))
        test "$tries" -lt 600 || { cat "$T/log" && exit 1; }
        sleep 0.1
    done
}
# ask PATH [OPTION]...: the status; the answer is in $T/answer, its headers in $T/head.
ask() {
    path=$1
    shift
    curl -q -sS --max-time 30 --path-as-is -D "$T/head" -o "$T/answer" -w '%{http_code}' "$@" "$here$path" 2>"$T/curl" ||
        true
}
inside() { ask "$@" -b "$T/jar"; }
# secret_of_forms JAR: that of the forms, for whoever has this cookie.
secret_of_forms() { ask /people -b "$1" >/dev/null && sed -n 's/.*name="form" value="\([0-9a-f]*\)".*/\1/p' "$T/answer" | sed q; }
# send PATH [OPTION]...: a form as a page of ours sends it, whose secret is $form.
send() {
    path=$1
    shift
    inside "$path" -H "Origin: $here" -d "form=$form" "$@"
}
