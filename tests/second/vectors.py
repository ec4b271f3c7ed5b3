"""`python -m second.vectors packet|invitation|seal|search`: reads what must be read and refuses what must be refused.

Prints each vector of the folder beneath tests/vectors that is judged otherwise than it says; fails if there is one.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import keys, packet, profile, seal, search
from .values import NotUnderstood, Refused

VECTORS = Path(__file__).parent.parent / "vectors"


def main(kind: str) -> int:
    folder = VECTORS / kind
    judge = {"seal": _seal, "search": _search}.get(kind)
    wrong = judge(folder) if judge else _xml(folder, READERS[kind])
    for name, want, got in wrong:
        print(f"{name}: {got}, and the vector says: {want}")
    return 1 if wrong else 0


def _xml(folder: Path, read: Callable[[bytes], object]) -> list[tuple[str, str, str]]:
    wrong = []
    for path in sorted(folder.iterdir()):
        head, _, data = path.read_bytes().partition(b"\n\n")
        want = dict(line.split(": ", 1) for line in head.decode().splitlines())["expect"]
        try:
            got = "read" if getattr(read(data), "understood", True) else "not understood"
        except NotUnderstood:
            got = "not understood"
        except Refused as reason:
            got = f"refused: {reason}"
        if got.partition(":")[0] != want.partition(":")[0]:
            wrong.append((path.name, want, got))
    return wrong


READERS: dict[str, Callable[[bytes], object]] = {"packet": packet.read, "invitation": profile.read_invitation}


def _seal(folder: Path) -> list[tuple[str, str, str]]:
    pairs = keys.load_pairs(folder / "keys")
    wrong = []
    for path in sorted(folder.glob("*/*.pem")):
        data = path.read_bytes()
        said = dict(line.split(": ", 1) for line in data.decode().partition("-----")[0].splitlines())
        want = said.pop("Reason", "") and "refused" or str(said)
        try:
            got = str(_found(path.parent.name, keys.unpem("CMS", data), pairs))
        except (Refused, seal.NoKey):
            got = "refused"
        if got != want:
            wrong.append((f"{path.parent.name}/{path.name}", want, got))
    return wrong


def _found(kind: str, data: bytes, pairs: list[keys.Pair]) -> dict[str, str]:
    """What the lines before a good vector say."""
    if kind.endswith(("opens", "opened")):
        opened = seal.unseal(data, pairs)
        signed = seal.verify_signed(opened.signed_data)
        found = {"Under": opened.purpose, "Layers": "two" if opened.hybrid else "one"}
    else:
        signed = seal.verify_signed(data)
        found = {"Signer": signed.signer}
    return found | {"Content": hashlib.sha256(signed.content).hexdigest()}


def _search(folder: Path) -> list[tuple[str, str, str]]:
    wrong = []
    for kind, (judge, expected) in SEARCH.items():
        for number, line in enumerate((folder / f"{kind}.jsonl").read_text().splitlines(), 1):
            said = json.loads(line)
            want = {name: said[name] for name in expected if name in said}
            try:
                got = judge(said)
            except Refused:
                got = {"expect": "refused"} if kind == "bottle" else {"refused": True}
            if got != want:
                wrong.append((f"{kind}.jsonl:{number}", str(want), str(got)))
    return wrong


def _derived(said: dict[str, Any]) -> dict[str, Any]:
    h, b = search.derive(said["details"], said["secret"])
    return {"canonical": search.handle(said["details"]), "h": h.hex(), "b": b.hex()}


def _opened(said: dict[str, Any]) -> dict[str, Any]:
    opened = search.unbottle(base64.b64decode(said["bottle"]), [bytes.fromhex(b) for b in said["own"]])
    if opened is None:
        return {"expect": "for nobody here"}
    answerer = bytes.fromhex("09" * 32)
    found = {"digest": opened.digest, "answerer": answerer, "proof": search.proof(opened, answerer)}
    found["content"] = hashlib.sha256(opened.content).digest()
    return {"expect": {"handles": opened.handles} | {name: value.hex() for name, value in found.items()}}


SEARCH: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], tuple[str, ...]]] = {
    "canon": (lambda said: {"canonical": search.canonical(said["key"], said["value"])}, ("canonical", "refused")),
    "derive": (_derived, ("canonical", "h", "b")),
    "tag": (lambda said: {"tag": search.tag(bytes.fromhex(said["token"]), bytes.fromhex(said["h"])).hex()}, ("tag",)),
    "bottle": (_opened, ("expect",)),
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
