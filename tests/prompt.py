"""A terminal with somebody at it, for a command that asks for a passphrase.

    prompt.py SIGNAL COMMAND...    once it asks, they send it SIGNAL, as Ctrl-C sends INT and kill(1) TERM
    prompt.py type WORDS COMMAND...  they stop it with Ctrl-Z, go on, and type WORDS whenever it asks

Prints whether what is typed is shown (echo), when it asks, when it has been stopped, and at the end; and how it ended.
"""

import os
import pty
import select
import signal
import sys
import termios
import time

KEYS = {"INT": b"\x03", "QUIT": b"\x1c"}
PATIENCE = 60


def shows(terminal: int) -> str:
    return "echo" if termios.tcgetattr(terminal)[3] & termios.ECHO else "-echo"


def read_until(terminal: int, words: bytes) -> None:
    said, end = b"", time.monotonic() + PATIENCE
    while words not in said:
        if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            sys.exit(f"it says {said!r} and does not ask")
        said += os.read(terminal, 1024)


def main() -> None:
    how, *command = sys.argv[1:]
    words = command.pop(0).encode() + b"\n" if how == "type" else b""
    # Its own end is held open here, so that it is still there for a look when the command has ended.
    master, terminal = pty.openpty()
    before = shows(terminal)
    child = os.fork()
    if child == 0:
        os.login_tty(os.dup(terminal))
        os.execvp(command[0], command)
    read_until(master, b": ")
    print(before, shows(terminal))
    if how == "type":
        os.write(master, b"\x1a")
        os.waitpid(child, os.WUNTRACED)
        print("stopped", shows(terminal))
        os.kill(child, signal.SIGCONT)
        read_until(master, b": ")
        print("again", shows(terminal))
        os.write(master, words)
        read_until(master, b": ")
        os.write(master, words)
    elif how in KEYS:
        os.write(master, KEYS[how])
    else:
        os.kill(child, getattr(signal, f"SIG{how}"))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    ended = f"exit {status}" if status >= 0 else signal.Signals(-status).name
    print(ended, shows(terminal))


main()
