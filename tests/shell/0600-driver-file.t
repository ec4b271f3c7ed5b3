#!/bin/sh
# The drivers for folders keep to socialnet-driver(7).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/post"
SEND_TO="file://$folder/post" RECEIVE_FROM="file://$folder/post" \
    LATER="file://$folder/nowhere/post" NEVER=file://elsewhere/post \
    tests/driver-conformance.sh file
