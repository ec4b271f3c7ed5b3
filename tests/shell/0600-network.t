#!/bin/sh
# Thirty accounts, weeks of bad weather: in the end everybody has what the model says, once. tests/network has the story;
# what is printed when it fails ends with the seed and the folder in which everything still lies.
. tests/lib.sh

# Addresses of a driver that is nobody's: found by its name, as any.
mkdir "$T/post"
ok 'the driver of the story is a driver' env SEND_TO="lossy:$T/post" LATER="lossy:$T/nowhere" NEVER=lossy:post \
    RECEIVE_FROM="lossy:$T/post" prove tests/driver-conformance.sh :: lossy

ok 'everybody sees what they must, once, and every delivery is confirmed or explained' \
    timeout 1200 faketime -m -f +0 network 1
sed 's/^/# /' "$T/result"

plan
