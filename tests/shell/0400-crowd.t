#!/bin/sh
# A hundred thousand files in outpackets: they are listed, tried and cancelled in little memory.
. tests/lib.sh

account alice bob
meet alice bob
to=$(as bob sn-profile show --json | jq -r .fingerprint)
out=$T/alice/outpackets

# peak COMMAND...: does it with Alice's account and says how many KiB of memory it took.
peak() { SN_HOME=$T/alice env time -q -f %M -o "$T/peak" "$@" >"$T/list" && cat "$T/peak"; }

perl -MDigest::SHA=sha256_hex -MMIME::Base64 -e '
    my ($to, $folder) = @ARGV;
    for my $number (1 .. 100_000) {
        my $der = "letter $number";
        open my $file, ">", "$folder/" . sha256_hex($der) . ".pem" or die $!;
        print $file "To: $to\n-----BEGIN CMS-----\n", encode_base64($der), "-----END CMS-----\n";
    }' "$to" "$out/new"
# There is no way to Bob now, so all have to wait.
sed -i '/^.send.file/d; /^roots/d' "$T/alice/config.toml"
ok 'the queue is run in 64 MiB' test "$(peak sn-send -q)" -lt 65536
is 'all of them wait' "$(find "$out/new" -type f | wc -l)" 100000
ok 'they are listed in 64 MiB' test "$(peak sn-send -p)" -lt 65536
is 'each with its reason' "$(grep -c 'waiting .* no \[send.file\]' "$T/list")" 100000
find "$out/new" -type f -delete
ok 'deleted files are cancelled in 64 MiB' test "$(peak sn-send -r)" -lt 65536
is 'and no longer listed' "$(as alice sn-send -p | grep -c waiting)" 0

plan
