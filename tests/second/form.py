"""The notation in which socialnet-seal(5) gives the one way to write each structure in DER.

    30 L
       06 09 2a864886f70d010701      # what follows a '#' is for people
       04 L [8 to 72: signature]

Bytes are hexadecimal or in quotes. `L` is the length of what follows in its line and in the lines beneath that are
further to the right, in the shortest form of DER. Square brackets are holes, of a fixed length, of a length in a range,
of any length, or for a time. Everything else is as it stands, so that a form builds a structure out of what belongs in
its holes, and gets back exactly that from a structure, or refuses it.
"""

import re
from dataclasses import dataclass

from .values import Refused

_TOKEN = re.compile(r'\s*(?:(#.*)|(\[[^]]*\])|"([^"]*)"|(L)\b|([0-9a-f]+))')
_HOLE = re.compile(r"\[(?:(time)|(any)|(\d+)(?: to (\d+))?): (.*)\]")


@dataclass(frozen=True)
class _Hole:
    name: str
    least: int
    most: int | None
    """None: up to the end of what it stands in."""
    time: bool = False


@dataclass(frozen=True)
class _Length:
    of: "_Nodes"


_Nodes = list[bytes | _Hole | _Length]


def length(size: int) -> bytes:
    """A length in the shortest form, X.690 section 10.1."""
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def _take_length(data: bytes, at: int) -> tuple[int, int]:
    """The length that stands at `at`, and where what it measures begins."""
    octets = data[at] & 0x7F if at < len(data) and data[at] & 0x80 else 0
    size = int.from_bytes(data[at + 1 : at + 1 + octets], "big") if octets else int.from_bytes(data[at : at + 1], "big")
    if octets > 8 or length(size) != data[at : at + 1 + octets]:
        raise Refused("a length that is cut short or not in its shortest form")
    return size, at + 1 + octets


class Form:
    """One structure: what it is called in reasons, and the notation."""

    def __init__(self, name: str, notation: str) -> None:
        self.name = name
        lines = [(len(text) - len(text.lstrip()), text) for text in notation.splitlines() if text.strip()]
        self.nodes = self._block(lines)

    def _block(self, lines: list[tuple[int, str]]) -> _Nodes:
        nodes: _Nodes = []
        while lines:
            indent, text = lines[0]
            beneath = 1
            while beneath < len(lines) and lines[beneath][0] > indent:
                beneath += 1
            nodes += self._line(text, 0, lines[1:beneath])
            lines = lines[beneath:]
        return nodes

    def _line(self, text: str, at: int, beneath: list[tuple[int, str]]) -> _Nodes:
        nodes: _Nodes = []
        while match := _TOKEN.match(text, at):
            at = match.end()
            _, hole, quoted, measured, digits = match.groups()
            if hole:
                nodes.append(self._hole(hole))
            elif quoted is not None:
                nodes.append(quoted.encode())
            elif measured:
                return [*nodes, _Length(self._line(text, at, beneath))]
            elif digits:
                nodes.append(bytes.fromhex(digits))
        return nodes + self._block(beneath)

    @staticmethod
    def _hole(text: str) -> _Hole:
        match = _HOLE.fullmatch(text)
        assert match, text
        time, whatever, least, most, name = match.groups()
        if time:
            return _Hole(name, 15, 17, time=True)
        if whatever:
            return _Hole(name, 0, None)
        return _Hole(name, int(least), int(most or least))

    def build(self, holes: dict[str, bytes]) -> bytes:
        return self._build(self.nodes, holes)

    def _build(self, nodes: _Nodes, holes: dict[str, bytes]) -> bytes:
        out = b""
        for node in nodes:
            if isinstance(node, _Length):
                inside = self._build(node.of, holes)
                out += length(len(inside)) + inside
            else:
                out += holes[node.name] if isinstance(node, _Hole) else node
        return out

    def match(self, data: bytes) -> dict[str, bytes]:
        """What is in the holes of `data`, which is this structure and nothing else."""
        holes: dict[str, bytes] = {}
        try:
            if self._match(self.nodes, data, 0, len(data), holes) != len(data):
                raise Refused("bytes behind the end")
        except Refused as reason:
            raise Refused(f"{self.name}: {reason}") from None
        return holes

    def _match(self, nodes: _Nodes, data: bytes, at: int, end: int, holes: dict[str, bytes]) -> int:
        for node in nodes:
            if isinstance(node, bytes):
                if data[at : min(at + len(node), end)] != node:
                    raise Refused(f"{data[at : min(at + len(node), end)].hex()} where {node.hex()} belongs")
                at += len(node)
            elif isinstance(node, _Length):
                size, at = _take_length(data, at)
                if at + size > end:
                    raise Refused("cut short")
                if self._match(node.of, data, at, at + size, holes) != at + size:
                    raise Refused("more than belongs there")
                at += size
            else:
                size = end - at
                if node.time:
                    size = 2 + 15 if data[at : at + 1] == b"\x18" else 2 + 13
                elif node.most == node.least:
                    size = node.least
                if size < node.least or size > end - at or (node.most is not None and size > node.most):
                    raise Refused(f"{node.name}: of another length")
                holes[node.name] = data[at : at + size]
                at += size
        return at
