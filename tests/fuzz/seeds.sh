#!/bin/sh
# Makes the first corpus of each target from the vectors: fuzzing begins where the tests end.
set -eu
cd "$(dirname "$0")"

for vector in ../vectors/seal/*/*.pem; do
    group=${vector%/*} name=$(basename "$vector" .pem)
    case $group in
    */opens | */not-opened) targets='seal pem' ;;
    *) targets='signed seal pem' ;;
    esac
    for target in $targets; do
        mkdir -p "corpus/$target"
        case $target in
        pem) cp "$vector" "corpus/pem/$name" ;;
        *) sed '1,/^-----BEGIN/d; /^-----END/d' "$vector" | base64 -d >"corpus/$target/$name" ;;
        esac
    done
done
for target in packet envelope invitation; do
    mkdir -p "corpus/$target" corpus/clear_stream
    for vector in ../vectors/"$target"/*; do
        test -f "$vector" || continue
        LC_ALL=C sed '1,/^$/d' "$vector" >"corpus/$target/${vector##*/}"
        cp "corpus/$target/${vector##*/}" corpus/clear_stream/
    done
done
mkdir -p corpus/bottle corpus/canon
number=0
while read -r line; do
    number=$((number + 1))
    printf '%s' "$line" | jq -r .bottle | base64 -d >"corpus/bottle/$number"
done <../vectors/search/bottle.jsonl
number=0
while read -r line; do
    number=$((number + 1))
    printf '%s' "$line" | jq -rj .value >"corpus/canon/$number"
done <../vectors/search/canon.jsonl
mkdir -p corpus/blob
printf 'a short file' >corpus/blob/short
alice=$(printf 'a%.0s' $(seq 52))
nonce=$(printf '0a%.0s' $(seq 32))
mkdir -p corpus/login
printf 'example.net:8443 9fj3 %s' "$nonce" >corpus/login/challenge
printf '<box-login xmlns="urn:socialnet:box-login:1" from="%s" host="[::1]" box="9fj3" created="%s" nonce="%s"/>' \
    "$alice" 2026-11-22T10:15:00Z "$nonce" >corpus/login/form
mkdir -p corpus/succession corpus/backup
printf '<succession xmlns="urn:socialnet:succession:1" from="%s" to="%s" created="2026-11-22T10:15:00Z"/>' \
    "$alice" "$(printf 'b%.0s' $(seq 52))" >corpus/succession/one
# After the beginning: a short piece, the end of pieces, a tag, the end of all.
printf '\004\005words\0\0\0\0\004\020sixteen-byte-tag\0\0\0\0\0\0' >corpus/backup/pieces
cat >corpus/envelope/two-packets <<X
<envelope xmlns="urn:socialnet:envelope:1" from="$alice" to="$alice" sent="2026-11-22T10:15:00Z" stream="00112233445566778899aabbccddeeff" counter="7">
  <received>ffeeddccbbaa99887766554433221100:1-57,59</received>
  <blob sha256="$(printf '%064d' 0)"/>
  <signed>MAA=</signed>
  <signed>MAEA</signed>
</envelope>
X
