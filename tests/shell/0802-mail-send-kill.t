#!/bin/sh
# sn-send-mailto killed (SIGKILL) at every step of a conversation with Postfix: sent again, everything arrives, once.
#
# strace(1) kills the driver as it enters its Nth call of one of those below, as in 0500-kill.t. Each time it is another
# status, so that Bob's feed tells in the end what became of them.
. tests/lib.sh
. tests/mail.sh

post_office "$@"
mail_account alice bob
meet_by_mail alice bob
head -c 100000 /dev/urandom >"$T/file"
mkdir "$T/drivers"
cat >"$T/drivers/sn-send-mailto" <<'END'
#!/bin/sh
exec strace -f -qq -o "$TRACE" -e trace="$CALL" -e inject="$CALL:signal=KILL:when=$STEP" "$DRIVER"
END
chmod +x "$T/drivers/sn-send-mailto"
DRIVER=$(command -v sn-send-mailto)
export DRIVER TRACE="$T/trace"

kills=0
: >"$T/want"
for call in connect sendto recvfrom write rename; do
    step=1
    while test $step -lt 40; do
        as alice sn-pack status "$call-$step" --file "$T/file" | as alice sn-seal --to bob >"$T/sealed"
        echo "$call-$step true" >>"$T/want"
        CALL=$call STEP=$step SN_DRIVERS=$T/drivers as alice sn-send "$T/sealed" 2>"$T/said" || true
        as alice sn-send -r 2>"$T/said" || cat "$T/said"
        grep -q 'killed by SIGKILL' "$T/trace" || break
        step=$((step + 1)) kills=$((kills + 1))
    done
    ok "$call was reached to its last time" test $step -lt 40
done
ok 'it was killed more than a few times' test $kills -gt 15
is 'nothing waits any more' "$(as alice sn-send -p | grep -c waiting)" 0
rounds bob
as bob sn-feed -n 1000 --json | jq -r '.text + ([.attachments[] | " \(.complete)"] | add // "")' | sort >"$T/got"
sort "$T/want" >"$T/sorted"
ok 'everything arrives, once' diff "$T/sorted" "$T/got"

plan
