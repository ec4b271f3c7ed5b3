"""`python -m second.chatter BOB ALICE SEED`: at random, but the same for one seed, what two nodes may say to each other.

BOB is an account of this implementation, ALICE one of the commands, and they are friends. Words in many scripts, files
of many lengths; each must arrive as it was said.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from . import node, threads
from .account import Account
from .packet import element

EACH = 12
"""How many things each of them says."""
SCRIPTS = (
    (0x20, 0x7E),
    (0xA1, 0x17F),
    (0x391, 0x3C9),
    (0x5D0, 0x5EA),
    (0x621, 0x64A),
    (0x4E00, 0x4EFF),
    (0x1F300, 0x1F5FF),
    (0x200B, 0x206F),
    (0xE000, 0xE0FF),
    (0xFFF0, 0xFFFD),
    (0x10FF00, 0x10FFFD),
    (9, 10),
)
LENGTHS = (0, 1, 16384, 16385, 65519, 65520, 131038, 131039)


def words(source: random.Random) -> str:
    """The last character is neither blank nor a line feed, which sn-pack(1) drops at the end."""
    length = source.choice((1, 2, 40, 300, 3000))
    return "".join(chr(source.randint(*source.choice(SCRIPTS))) for _ in range(length)) + "."


def command(home: Path, *arguments: str, given: bytes = b"") -> bytes:
    environment = os.environ | {"SN_HOME": str(home)}
    return subprocess.run(arguments, env=environment, input=given, stdout=subprocess.PIPE, check=True).stdout


def by_bob(account: Account, folder: Path, source: random.Random) -> dict[str, list[str]]:
    said = {}
    readers = [friend.fingerprint for friend in account.state.friends()]
    for number in range(EACH):
        text, files = words(source), [file(folder, source)] if number % 3 == 0 else []
        parts = [element("text", text), *(node.attach(account, path) for path in files)]
        node.say(account, "status", readers, {}, *parts)
        said[text] = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    node.send(account)
    return said


def by_alice(home: Path, folder: Path, source: random.Random) -> dict[str, list[str]]:
    said, clear = {}, b""
    for number in range(EACH):
        text, files = words(source), [file(folder, source)] if number % 3 == 0 else []
        options = [option for path in files for option in ("--file", str(path))]
        clear += command(home, "sn-pack", "status", *options, "-", given=text.encode())
        said[text] = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    command(home, "sn-send", given=command(home, "sn-seal", "--to", "bob", given=clear))
    return said


def file(folder: Path, source: random.Random) -> Path:
    data = source.randbytes(source.choice(LENGTHS))
    path = folder / hashlib.sha256(data).hexdigest()
    path.write_bytes(data)
    return path


def main(bob: Path, alice: Path, seed: int) -> int:
    source, account = random.Random(seed), Account(bob)
    with TemporaryDirectory() as folder:
        to_alice, to_bob = by_bob(account, Path(folder), source), by_alice(alice, Path(folder), source)
    command(alice, "sn-sync")
    node.fetch(account)
    shown = [json.loads(line) for line in command(alice, "sn-feed", "--json").splitlines()]
    at_alice = {}
    for packet in shown:
        count = len(packet["attachments"])
        files = [command(alice, "sn-get", packet["id"], str(number + 1), "-o", "-") for number in range(count)]
        at_alice[packet["text"]] = [hashlib.sha256(data).hexdigest() for data in files]
    at_bob = {}
    for item in account.state.items.values():
        if item.type in threads.EDITABLE and item.text is not None and item.signed:
            count = len(account.packet_of(item).attachments)
            files = [node.get(account, item, number + 1) for number in range(count)]
            at_bob[item.text] = [hashlib.sha256(data).hexdigest() for data in files]
    lost = [text for text, files in to_alice.items() if at_alice.get(text) != files]
    lost += [text for text, files in to_bob.items() if at_bob.get(text) != files]
    for text in lost:
        print(f"lost or changed: {text!r}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
