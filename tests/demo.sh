#!/bin/sh
# Alice, Bob and Carol meet and exchange a few packets, on one machine and in a temporary folder. Every line after a
# prompt is run as it stands, by the one whose name is in the prompt: the demo is also the tutorial.
#
# It is run in the project's folder, with the commands on the PATH: `make demo`.
set -eu

picture=$(pwd)/tests/data/ridge.jpg
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cp "$picture" ridge.jpg
export POST="$folder/post"
mkdir "$POST"
export LC_ALL=C.UTF-8 TZ=UTC

bold='' dim='' plain=''
if test -t 1 && test -z "${NO_COLOR-}"; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[m')
fi

# tell TEXT: what comes next, and why.
tell() { printf '\n%s# %s%s\n' "$dim" "$1" "$plain"; }

# at NAME LINE: shows LINE at NAME's prompt and runs it with NAME's account.
at() {
    printf '%s%s$ %s%s\n' "$bold" "$1" "$2" "$plain"
    SN_HOME="$folder/$1" sh -euc "$2"
}
