#!/bin/sh
# What the guard lets through, the openssl command reads as well: whatever its version, it peels the outer layer of every
# good vector with one of the keys beside them, and finds one of the two layers that socialnet-seal(5) has inside.
. tests/lib.sh
cd tests/vectors/seal

# peel FILE: the outer layer's content, in $T/inside.
peel() {
    for key in keys/sealing-*.p256.key keys/meeting-*.p256.key; do
        if openssl cms -decrypt -binary -inform PEM -in "$1" -inkey "$key" -out "$T/inside" 2>"$T/said"; then
            return
        fi
    done
    cat "$T/said"
    false
}

# content_type FILE WORDS: the CMS content type in $T/inside.
content_type() {
    openssl asn1parse -inform DER -in "$T/inside" 2>&1 | sed -n '2s/.*://p' >"$T/type"
    has "$T/type" "$1"
}

for vector in opens/*.pem; do
    name=${vector#opens/} name=${name%.pem}
    ok "openssl peels $name" peel "$vector"
    case $(sed -n 's/^Layers: //p' "$vector") in
    two) ok "$name has the inner layer" content_type id-smime-ct-authEnvelopedData ;;
    one) ok "$name has SignedData" content_type pkcs7-signedData ;;
    esac
done

# A certificate that was issued here holds for everybody.
for key in keys/*.p256.crt; do
    ok "${key#keys/} is issued by the identity" \
        openssl verify -attime 1795342500 -CAfile keys/identity.crt "$key"
done
plan
