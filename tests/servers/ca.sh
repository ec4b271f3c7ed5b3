#!/bin/sh
# A private certification authority.
#
# usage: tests/servers/ca.sh FOLDER            makes FOLDER/ca.pem, and FOLDER/good.{pem,key} for localhost
#        tests/servers/ca.sh FOLDER wrong      makes FOLDER/{expired,elsewhere,self}.{pem,key} as well: one that has
#                                              ended, one for another host, one that nobody signed

set -eu
folder=$1

# request NAME HOST: a key and a request for its certificate.
request() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$folder/$1.key" -out "$folder/$1.csr" \
        -subj "/CN=$2" -addext "subjectAltName=$3" 2>/dev/null
}
# sign NAME DAYS: its certificate, valid so many days from now.
sign() {
    openssl x509 -req -in "$folder/$1.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial \
        -copy_extensions copy -days "$2" -out "$folder/$1.pem" 2>/dev/null
}

mkdir -p "$folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$folder/ca.key" \
    -out "$folder/ca.pem" -subj '/CN=Private CA of a test' -days 2 2>/dev/null
request good localhost DNS:localhost,IP:127.0.0.1
sign good 2
if test "${2-}" = wrong; then
    request expired localhost DNS:localhost,IP:127.0.0.1
    sign expired -1
    request elsewhere mail.example.net DNS:mail.example.net
    sign elsewhere 2
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$folder/self.key" \
        -out "$folder/self.pem" -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 2 2>/dev/null
fi
