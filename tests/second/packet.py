"""Packets: what one person did, as XML. socialnet-packet(5) as tables, a reader and a writer.

The bytes that were signed are kept beside what was read from them, and are never written anew.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from . import markup, values
from .grammar import PACKET, at_most_one, attribute, one, text_of
from .markup import Element
from .profile import check_profile
from .values import NotUnderstood, Refused

MOST = 1 << 20
"""Bytes of a packet."""
MOST_BOTTLED = 16384
"""Bytes of a bottle."""
MOST_SIGNED = 2097152
"""Bytes of a SignedData in a packet or a stream."""
NAMESPACE = "urn:socialnet:packet:1"
_ANY_VERSION = re.compile(r"urn:socialnet:packet:([1-9][0-9]*)")
_WORD = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_TYPE = re.compile(rf"(?=[a-z]){_WORD}(?:\.{_WORD})*")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")


@dataclass(frozen=True)
class Rule:
    """A line of the table of types: of each part "must", "may" or "" (no), and what else the type has."""

    to: str = "may"
    thread: str = ""
    about: str = ""
    """Besides: "packet", must and of a packet; "person", only in one that introduces a person."""
    text: str = ""
    """Besides: "words", must unless there is an attachment; "person" as above."""
    attachment: str = ""
    attributes: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()


TYPES = {
    "status": Rule(about="may", text="words", attachment="may"),
    "photo": Rule(about="may", text="may", attachment="must"),
    "comment": Rule(thread="must", about="packet", text="words", attachment="may"),
    "reaction": Rule(thread="must", about="packet", text="must"),
    "message": Rule(to="must", about="may", text="words", attachment="may"),
    "share": Rule(text="may", elements=("signed",)),
    "edit": Rule(thread="may", about="packet", text="may", attributes=("version", "thread")),
    "retract": Rule(thread="may", about="packet"),
    "profile": Rule(about="person", text="person", attributes=("want",), elements=("profile", "signed")),
    "contact-request": Rule(text="may", attributes=("code",), elements=("profile", "succession", "opened")),
    "contact-accept": Rule(text="may", elements=("profile",)),
    "contact-bye": Rule(),
    "not-understood": Rule(about="packet", elements=("understands",)),
    "handles": Rule(attributes=("serial",), elements=("handle",)),
    "search": Rule(attributes=("token", "further"), elements=("tag", "bottle")),
    "search-request": Rule(elements=("bottle",)),
    "search-stop": Rule(about="packet"),
    "resend": Rule(elements=("gap", "chunk")),
}
APPLICATION = Rule(thread="may", about="may", text="may", attachment="may")

_EVERY = ("id", "type", "from", "created", "expires", "share", "as")
"""Attributes that every type may have."""

_REPEATED = {
    "to": 1024,
    "attachment": 64,
    "understands": 256,
    "handle": 64,
    "tag": 256,
    "gap": 32,
    "chunk": 1024,
    "succession": 16,
}
"""Elements that may stand more than once, and how often. A gap has a range at least."""


@dataclass(frozen=True)
class Name:
    """What a packet is named by, or a person alone."""

    author: str
    id: str | None


@dataclass(frozen=True)
class Attachment:
    name: str
    type: str
    size: int
    sha256: str
    inline: bytes | None
    key: bytes | None
    chunks: tuple[str, ...]


@dataclass
class Packet:
    data: bytes
    id: str
    type: str
    author: str
    created: int
    expires: int | None
    fallback: str | None
    understood: bool = True
    element: Element = field(default_factory=lambda: Element(NAMESPACE, "packet"))
    claims: str | None = None
    share: bool = False
    to: tuple[str, ...] = ()
    thread: Name | None = None
    about: Name | None = None
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def name(self) -> Name:
        return Name(self.author, self.id)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def attribute(self, name: str) -> str | None:
        return self.element.attributes.get(name)


# READING


def read(data: bytes) -> Packet:
    """The packet that `data` is, understood or not."""
    root = markup.parse(data, MOST)
    version = _ANY_VERSION.fullmatch(root.namespace)
    if root.name != "packet" or not version:
        raise Refused("the root element is not <packet> of a version")
    packet = _read_what_every_version_has(root, data)
    rule = TYPES.get(packet.type) or (APPLICATION if "." in packet.type else None)
    try:
        if version[1] != "1" or rule is None:
            raise NotUnderstood(f"version {version[1]}, type {packet.type}")
        PACKET.must_understand(root, application=rule is APPLICATION)
    except NotUnderstood:
        packet.understood = False
        return packet
    packet.element = root
    _read_version_1(packet, root, rule)
    return packet


def _read_what_every_version_has(root: Element, data: bytes) -> Packet:
    def required(name: str) -> str:
        if name not in root.attributes:
            raise Refused(f"<packet> lacks {name}")
        return root.attributes[name]

    identifier, kind = values.identifier(required("id")), required("type")
    if len(kind) > 255 or not _TYPE.fullmatch(kind):
        raise Refused(f"type {kind[:30]!r}")
    author, created = values.fingerprint(required("from")), values.time(required("created"))
    expires = values.time(root.attributes["expires"]) if "expires" in root.attributes else None
    if expires is not None and expires <= created:
        raise Refused("expires before it was made")
    fallback = at_most_one(root, "fallback")
    said = values.label(text_of(fallback), 1, 65536) if fallback else None
    return Packet(data, identifier, kind, author, created, expires, said)


def _read_version_1(packet: Packet, root: Element, rule: Rule) -> None:
    parts = {part: getattr(rule, part) for part in ("to", "thread", "about", "text", "attachment")}
    inside = tuple(part for part, may in parts.items() if may) + rule.elements + ("fallback",)
    PACKET.check(root, _EVERY + rule.attributes, inside)
    for name in inside:
        found = root.all(name)
        if len(found) > _REPEATED.get(name, 1):
            raise Refused(f"<{name}> {len(found)} times")
        if parts.get(name) in ("must", "packet") and not found:
            raise Refused(f"type {packet.type} lacks <{name}>")
    if parts["text"] == "words" and not root.all("text") and not root.all("attachment"):
        raise Refused(f"type {packet.type} says nothing")
    if "share" in root.attributes and root.attributes["share"] != "yes":
        raise Refused("share")
    packet.share = "share" in root.attributes
    if "as" in root.attributes:
        packet.claims = values.line(root.attributes["as"])
    packet.to = tuple(values.fingerprint(text_of(to)) for to in root.all("to"))
    if len(set(packet.to)) != len(packet.to):
        raise Refused("a reader twice")
    for thread in root.all("thread"):
        author = values.fingerprint(attribute(thread, "from"))
        packet.thread = Name(author, values.identifier(attribute(thread, "id")))
    for about in root.all("about"):
        packet.about = _about(about, rule.about == "packet")
    for text in root.all("text"):
        packet.text = values.label(text_of(text), 1, 65536)
    packet.attachments = tuple(_attachment(element) for element in root.all("attachment"))
    if packet.type in _FURTHER:
        _FURTHER[packet.type](packet, root)


def _about(element: Element, must_be_packet: bool) -> Name:
    author = values.fingerprint(attribute(element, "from"))
    if "id" not in element.attributes:
        if must_be_packet or "sha256" in element.attributes:
            raise Refused("about a person")
        return Name(author, None)
    if "sha256" in element.attributes:
        values.hexadecimal(element.attributes["sha256"], 32)
    return Name(author, values.identifier(element.attributes["id"]))


def _attachment(element: Element) -> Attachment:
    name = values.label(attribute(element, "name"), 1, 255)
    media_type = attribute(element, "type")
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise Refused(f"media type {media_type[:30]!r}")
    size = values.number(attribute(element, "size"))
    sha256 = values.hexadecimal(attribute(element, "sha256"), 32).hex()
    if alt := at_most_one(element, "alt"):
        values.label(text_of(alt), 0, 4096)
    if preview := at_most_one(element, "preview"):
        values.base64_of(text_of(preview), 0, 16384)
    inline, blob = at_most_one(element, "inline"), at_most_one(element, "blob")
    if (inline is None) == (blob is None):
        raise Refused("an attachment has one <inline> or one <blob>")
    if inline and hashlib.sha256(values.base64_of(text_of(inline), 0, 16384)).hexdigest() != sha256:
        raise Refused("a file that is not the one listed")
    if inline:
        return Attachment(
            name, media_type, size, sha256, values.base64_of(text_of(inline), size, min(size, 16384)), None, ()
        )
    assert blob is not None
    key = values.hexadecimal(attribute(blob, "key"), 16)
    chunks = tuple(values.hexadecimal(attribute(chunk, "sha256"), 32).hex() for chunk in blob.all("chunk"))
    if not chunks:
        raise Refused("a blob without chunks")
    return Attachment(name, media_type, size, sha256, None, key, chunks)


def _reaction(packet: Packet, _: Element) -> None:
    if len((packet.text or "").encode()) > 32 or re.search("[\t\n]", packet.text or ""):
        raise Refused("a reaction is one emoji or short word")


def _share(_: Packet, root: Element) -> None:
    values.base64_of(text_of(one(root, "signed")), 1, MOST_SIGNED)


def _edit(packet: Packet, root: Element) -> None:
    values.number(attribute(root, "version"), 1, 2**32 - 1)
    closed = root.attributes.get("thread")
    if closed is not None and (closed != "closed" or packet.thread):
        raise Refused("an edit can close the thread of a root")
    if closed is None and packet.text is None:
        raise Refused("an edit lacks <text>")


def introduces(packet: Packet) -> bool:
    return packet.type == "profile" and packet.about is not None


def _profile(packet: Packet, root: Element) -> None:
    if packet.type == "profile" and (packet.about or packet.text is not None or root.all("signed")):
        if packet.about is None or packet.about.id or root.all("profile") or "want" in root.attributes:
            raise Refused("neither a profile nor an introduction of a person")
        values.base64_of(text_of(one(root, "signed")), 1, MOST_SIGNED)
        return
    if root.attributes.get("want", "profile") != "profile":
        raise Refused("want")
    for opened in root.all("opened"):
        values.hexadecimal(attribute(opened, "bottle"), 32)
        values.hexadecimal(attribute(opened, "proof"), 32)
    for succession in root.all("succession"):
        values.base64_of(text_of(succession), 1, MOST_SIGNED)
    if "code" in root.attributes:
        values.hexadecimal(root.attributes["code"], 16)
    check_profile(one(root, "profile"))


def _not_understood(_: Packet, root: Element) -> None:
    for element in root.all("understands"):
        if not re.fullmatch("[!-~]{1,255}", text_of(element)):
            raise Refused("understands")


def _search(packet: Packet, root: Element) -> None:
    if packet.type == "search":
        values.hexadecimal(attribute(root, "token"), 32)
        if root.attributes.get("further", "yes") != "yes":
            raise Refused("further")
        if not [_of_scheme(tag) for tag in root.all("tag")]:
            raise Refused("a search without tag")
    values.base64_of(text_of(one(root, "bottle")), 1, MOST_BOTTLED)


def _handles(_: Packet, root: Element) -> None:
    values.number(attribute(root, "serial"))
    for handle in root.all("handle"):
        _of_scheme(handle)


def _of_scheme(element: Element) -> bytes:
    values.number(attribute(element, "scheme"), 1, 2**32 - 1)
    return values.hexadecimal(text_of(element), 32)


def _resend(_: Packet, root: Element) -> None:
    gaps = values.stream_ranges([text_of(gap) for gap in root.all("gap")])
    for chunk in root.all("chunk"):
        values.hexadecimal(attribute(chunk, "sha256"), 32)
    if not gaps and not root.all("chunk"):
        raise Refused("a resend of nothing")


_FURTHER: dict[str, Callable[[Packet, Element], None]] = {
    "reaction": _reaction,
    "share": _share,
    "edit": _edit,
    "profile": _profile,
    "contact-request": _profile,
    "contact-accept": _profile,
    "not-understood": _not_understood,
    "handles": _handles,
    "search": _search,
    "search-request": _search,
    "resend": _resend,
}

# WRITING


def write(kind: str, author: str, now_ms: int, attributes: dict[str, str], *parts: Element | None) -> Packet:
    """A new packet in canonical form, of the parts that are there; it is read again, so that nothing wrong is signed."""
    fixed = {"id": values.new_identifier(now_ms), "type": kind, "from": author}
    fixed["created"] = values.write_time(now_ms // 1000)
    root = Element(NAMESPACE, "packet", fixed | attributes, children=[part for part in parts if part is not None])
    return read(markup.write(root).encode())


def element(name: str, text: str = "", /, **attributes: str | None) -> Element:
    """``from_`` stands for ``from``, which is a word of the language."""
    given = {key.rstrip("_"): value for key, value in attributes.items() if value is not None}
    return Element(NAMESPACE, name, given, text=text)
