#!/bin/sh
# The conformance suite: the drivers that come with the project pass, wrong ones don't.
. tests/lib.sh

suite=$PWD/tests/driver-conformance.sh
conforms() { "$suite" "$1" >"$T/suite" && ! grep '^not ok' "$T/suite" && ! grep '# SKIP' "$T/suite"; }

mkdir "$T/post" "$T/drivers"
export SEND_TO="file://$T/post" RECEIVE_FROM="file://$T/post" LATER="file://$T/nowhere" NEVER=file://elsewhere/x
ok 'sn-send-file and sn-recv-file conform' conforms file

# wrong TEXT: the sending driver on standard input does not conform, at the check called TEXT.
export PATH="$T/drivers:$PATH"
wrong() {
    cat >"$T/drivers/sn-send-wrong"
    chmod +x "$T/drivers/sn-send-wrong"
    SEND_TO=wrong:x RECEIVE_FROM='' LATER='' NEVER='' "$suite" wrong >"$T/suite" || true
    ok "a wrong driver fails: $1" grep "^not ok .* $1\$" "$T/suite"
}
wrong 'each is reported once, as sent' <<'END'
#!/bin/sh
while read -r id _; do printf 'sent %s\n' "$id"; done
END
wrong 'a report is flushed at once' <<'END'
#!/bin/sh
cut -f 1 | sed 's/^/sent	/'
END
wrong 'sn-send-wrong --capabilities says version=1' <<'END'
#!/bin/sh
END

plan
