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
