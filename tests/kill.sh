# shellcheck shell=sh
# For tests that kill: strace(1) kills a command as it enters its Nth call of one of those below, so that what was before
# it has happened, and it has not. Processes that the command starts count for themselves, and are killed like it.
#
#     . tests/lib.sh
#     . tests/kill.sh

# Everything that changes the disk.
# shellcheck disable=SC2034
calls='rename renameat renameat2 link linkat unlink unlinkat mkdir ftruncate pwrite64 fsync fdatasync syncfs'

# killed CALL N LINE: does LINE, which is a name and what they type, until the Nth CALL; true if something was killed.
killed() {
    as "${3%% *}" strace -f -qq -o trace -e trace="$1" -e inject="$1:signal=KILL:when=$2" \
        sh -c "${3#* }" >went 2>&1 || true
    grep -q 'killed by SIGKILL' trace
}

# A test may tell a story: the file `way` has a line for each step, a name and what they type; $people have a part in it; in
# the end `seen` prints $want.

# go LINE: does one step of it.
go() { as "${1%% *}" sh -c "${1#* }" >went 2>&1 || echo "failed: $1"; }

# The accounts and their post, as they are before a step.
# shellcheck disable=SC2086,SC2154
keep() { rm -rf kept && mkdir kept && cp -a $people post kept; }
# shellcheck disable=SC2086
restore() { rm -rf $people post && cp -a kept/* .; }

# after CALL STEP: which call of this kind is the next to be killed at.
after() { echo $(($2 + 1)); }

# everywhere NUMBER...: kills each of these steps everywhere, and goes the rest of the way each time.
everywhere() {
    place=0
    while IFS= read -r stage <&3; do
        place=$((place + 1))
        case " $* " in *" $place "*) interrupted ;; esac
        troubles=$(go "$stage")
        is "'$stage' goes well by itself" "$troubles" ''
    done 3<way
}

# interrupted: kills $stage, which is at $place, everywhere.
interrupted() {
    keep
    kills=0
    for call in $calls; do
        step=1
        while killed "$call" "$step" "$stage"; do
            troubles=$(tail -n "+$place" way | while IFS= read -r line; do go "$line"; done)
            # shellcheck disable=SC2154
            is "'$stage', killed at $call $step, arrives once" "$troubles$(seen)" "$want"
            restore
            step=$(after "$call" "$step") kills=$((kills + 1))
        done
        restore
    done
    ok "'$stage' was killed more than a few times" test "$kills" -gt 5
}
