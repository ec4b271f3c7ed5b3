#!/bin/sh
# Alice, Bob and Carol meet and exchange a few packets, on one machine and in a temporary folder. Every line after a
# prompt is run as it stands, by the one whose name is in the prompt: the demo is also the tutorial.
#
# It is run in the project's folder, with the commands on the PATH: `make demo`.
set -eu

picture=$(pwd)/tests/data/ridge.jpg
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export POST="$folder/post" LC_ALL=C.UTF-8
mkdir "$POST"

bold='' dim='' plain=''
if test -t 1 && test -z "${NO_COLOR-}"; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[m')
fi

# tell TEXT...: what comes next, and why; one line each.
tell() { echo && printf "$dim# %s$plain\n" "$@"; }

# at NAME LINE...: shows each LINE at NAME's prompt and runs it, in NAME's own folder and with NAME's account.
at() {
    name=$1
    shift
    mkdir -p "$folder/$name"
    for line; do
        printf '%s%s$ %s%s\n' "$bold" "$name" "$line" "$plain"
        (cd "$folder/$name" && SN_HOME="$folder/$name/account" sh -euc "$line")
    done
}

tell 'Three people make accounts. What is sent to them goes to folders beneath $POST, which all three can write to: a' \
    'memory stick, or what some service keeps alike on their machines. Each is told their fingerprint.'
at alice 'mkdir $POST/alice $POST/bob $POST/carol' 'sn-init --name Alice --address file://$POST/alice'
at bob 'sn-init --name Bob --address file://$POST/bob'
at carol 'sn-init --name Carol --address file://$POST/carol'

tell 'Alice invites the other two. An invitation is a small signed file with a code that holds once.'
at alice 'sn-contact invite >for-bob.pem' 'sn-contact invite >for-carol.pem' 'head -n 4 for-bob.pem'
at bob 'sn-contact add <../alice/for-bob.pem'
at carol 'sn-contact add <../alice/for-carol.pem'

tell 'A round of everybody: requests go out, answers come back. On a real machine cron does this.'
at bob sn-sync
at carol sn-sync
at alice sn-sync
at bob sn-sync
at carol sn-sync
at alice sn-sync 'sn-contact list'

tell 'A status for all friends: words become a packet, the packet is sealed for each reader, the envelopes are sent.'
at alice "sn-pack status 'Back from the hills.' | sn-seal --to all | sn-send"

tell 'A photograph. Its file tells where it was taken; what Alice sends does not.'
cp "$picture" "$folder/alice"
at alice "grep -c 'GPS\\|Exif' ridge.jpg" \
    "sn-pack photo ridge.jpg --text 'The ridge at dawn' --alt 'Blue ridges, an orange sky' >photo.xml" \
    'head -c 460 photo.xml; echo ...' \
    'sn-seal --to all photo.xml | sn-send'

tell 'In the folder there are files with hashes for names, and nothing to be seen inside: for each reader two envelopes,' \
    'and the photograph, which was encrypted once.'
at alice 'ls -sh $POST/bob $POST/carol'

tell 'Bob fetches, reads, and looks.'
at bob 'sn-recv | sed "s|.*/||"' sn-ingest sn-feed

tell 'He wants the picture as a file: the first line of each packet ends with what is enough of its id. Nothing in the' \
    'file says where it was taken any more.'
at bob "sn-get \$(sn-feed --type photo | sed -n '1s/.* //p')" \
    "grep -c 'GPS\\|Exif' ridge.jpg || true"

tell 'A message is for the named only. A comment goes to the author of what it is about, who passes it on to everybody' \
    'who got that: after ten minutes, in the company of others; here at once.'
at bob "sn-pack message --to alice 'Shall I bring bread?' | sn-seal | sn-send"
at alice 'printf "[due]\nrelay = \"0s\"\n" >>$SN_HOME/config.toml'
at carol 'sn-sync' \
    "sn-pack comment --about \$(sn-feed --type photo | sed -n '1s/.* //p') 'I can smell the pines.' | sn-seal | sn-send"
at alice 'sn-sync' 'sn-feed --new'

tell 'The feeds of Bob and Carol. Bob has never met Carol: her comment came through Alice.'
at bob sn-sync sn-feed
at carol sn-sync sn-feed

tell 'Now one packet is taken apart by hand. Bob receives it, and leaves it where it is.'
at alice "sn-pack status 'Look inside.' | sn-seal --to bob | sn-send"
at bob 'sn-recv | sed "s|.*/||"' 'sn-show $SN_HOME/inpackets/new/*'

tell 'The same with nothing but openssl(1): the seal is plain CMS, and the outer layer comes off with the P-256 key.'
at bob 'openssl cms -decrypt -inform DER -in $SN_HOME/inpackets/new/* \
       -inkey $SN_HOME/identity/sealing-*.p256.key -out inner.der' \
    'openssl asn1parse -inform DER -in inner.der | cut -c 1-90 | head -n 16'

tell 'What is left is the inner layer, for ML-KEM-768. sn-open takes off both, and checks who signed.'
at bob 'sn-open $SN_HOME/inpackets/new/*' sn-ingest 'sn-feed -n 1'
