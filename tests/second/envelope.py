"""Envelopes: packets from one sender to one reader, with what is confirmed and answered. socialnet-seal(5) "ENVELOPES"."""

from dataclasses import dataclass, field

from . import markup, values
from .grammar import ENVELOPE, attribute, text_of
from .markup import Element
from .values import Ranges, Refused

NAMESPACE = "urn:socialnet:envelope:1"
MOST = 4 << 20
"""Bytes of its XML."""
MOST_PACKETS = 256
MOST_BLOBS = 1024
MOST_RANGES = 32


@dataclass
class Envelope:
    sender: str
    reader: str
    sent: int
    stream: str
    counter: int
    received: dict[str, Ranges] = field(default_factory=dict)
    """Which counters of which of the reader's streams the sender has got."""
    answers: dict[str, Ranges] = field(default_factory=dict)
    """Which counters of the sender's streams the reader need not wait for any more."""
    blobs: list[str] = field(default_factory=list)
    """Chunks that the sender has got from the reader, by SHA-256."""
    packets: list[bytes] = field(default_factory=list)
    """The SignedData of each packet's author."""


def read(data: bytes) -> Envelope:
    root = markup.parse(data, MOST)
    if (root.namespace, root.name) != (NAMESPACE, "envelope"):
        raise Refused("the root element is not <envelope> of version 1")
    ENVELOPE.must_understand(root)
    ENVELOPE.check(root, ENVELOPE.others, ("received", "answers", "blob", "signed"))
    stream = attribute(root, "stream")
    values.hexadecimal(stream, 16)
    envelope = Envelope(
        values.fingerprint(attribute(root, "from")),
        values.fingerprint(attribute(root, "to")),
        values.time(attribute(root, "sent")),
        stream,
        values.number(attribute(root, "counter")),
        values.stream_ranges([text_of(element) for element in root.all("received")]),
        values.stream_ranges([text_of(element) for element in root.all("answers")]),
        [values.hexadecimal(attribute(element, "sha256"), 32).hex() for element in root.all("blob")],
        [values.base64_of(text_of(element), 1, MOST) for element in root.all("signed")],
    )
    if len(envelope.blobs) > MOST_BLOBS or len(set(envelope.blobs)) != len(envelope.blobs):
        raise Refused("too many blobs, or one twice")
    if len(envelope.packets) > MOST_PACKETS:
        raise Refused(f"more than {MOST_PACKETS} packets")
    if (envelope.counter == 0) != (not envelope.packets):
        raise Refused("the counter is 0 exactly when there is no packet")
    return envelope


def write(envelope: Envelope) -> bytes:
    attributes = {
        "from": envelope.sender,
        "to": envelope.reader,
        "sent": values.write_time(envelope.sent),
        "stream": envelope.stream,
        "counter": str(envelope.counter),
    }
    children = []
    for name, streams in (("received", envelope.received), ("answers", envelope.answers)):
        for stream, counters in streams.items():
            text = f"{stream}:{values.write_ranges(counters)}"
            children.append(Element(NAMESPACE, name, text=text))
    children += [Element(NAMESPACE, "blob", {"sha256": digest}) for digest in envelope.blobs]
    children += [Element(NAMESPACE, "signed", text=values.write_base64(packet)) for packet in envelope.packets]
    return markup.write(Element(NAMESPACE, "envelope", attributes, children=children)).encode()


def at_most_32(streams: dict[str, Ranges]) -> dict[str, Ranges]:
    """As many of the highest ranges as may be said at once."""
    rising = sorted(((pair, stream) for stream, pairs in streams.items() for pair in pairs), reverse=True)
    kept: dict[str, Ranges] = {}
    for pair, stream in reversed(rising[:MOST_RANGES]):
        kept.setdefault(stream, []).append(pair)
    return kept
