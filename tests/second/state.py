"""What a node remembers from one run to the next: people, packets, and what is owed. One JSON file, written whole."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .keys import write_private
from .values import Ranges, union


@dataclass
class Sent:
    """An envelope that was sealed for a contact, under its counter."""

    packets: list[str]
    chunks: list[str]
    confirmed: bool = False


@dataclass
class Gap:
    """Counters that have not come, though a higher one has."""

    first: int
    last: int

    since: int
    asked: int = 0
    """How often."""
    again: int = 0
    """Not before this time."""


@dataclass
class Contact:
    """socialnet-protocol(7) "MEETING": one person, as this side sees them."""

    fingerprint: str
    state: str = "unknown"
    """unknown, introduced, asked, waiting, friend, blocked or gone."""
    grade: str = "-"
    alarm: str = ""
    certificate: str = ""
    """Of the identity, base64."""
    profile: str = ""
    """`<profile>` as XML."""
    public: str = ""
    """The SignedData, base64, in which they allow to be introduced."""
    introduced_by: str = ""
    code: str = ""
    """Of an invitation of theirs, for the request."""
    counter: int = 0
    """The last one given to an envelope for them."""
    sent: dict[str, Sent] = field(default_factory=dict)
    confirmed_chunks: list[str] = field(default_factory=list)
    came: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each of their streams, each counter that came, and the SHA-256 of its SignedData."""
    answered: dict[str, Ranges] = field(default_factory=dict)
    """Of each of their streams, what they answered, so that it need not come any more."""
    gaps: dict[str, list[Gap]] = field(default_factory=dict)
    due: dict[str, int] = field(default_factory=dict)
    """What is owed, by kind, and since when it is due: request, accept, bye, profile, public, want, confirm, answer, resend."""
    relays: dict[str, int] = field(default_factory=dict)
    """Others' packets to be passed on, and when."""
    puzzles: dict[str, int] = field(default_factory=dict)
    """Packets of theirs that were not understood and not answered yet."""
    words: list[str] = field(default_factory=list)
    """Own packets that wait for the keys of this reader."""
    answers: Ranges = field(default_factory=list)
    """Counters that they ask for."""
    answer_chunks: list[str] = field(default_factory=list)
    got_chunks: list[str] = field(default_factory=list)
    """Chunks of theirs that came and are to be confirmed."""

    def received(self) -> dict[str, Ranges]:
        """Of each of their streams, all that came or need not come any more."""
        streams = self.came.keys() | self.answered.keys()
        return {stream: self.received_of(stream) for stream in sorted(streams)}

    def received_of(self, stream: str) -> Ranges:
        counters = [int(counter) for counter in self.came.get(stream, {})]
        return union(zip(counters, counters), self.answered.get(stream, []))


@dataclass
class Item:
    """A packet, as far as it is kept."""

    id: str
    author: str
    type: str
    created: int
    expires: int | None
    sha256: str
    through: str
    """Who brought it; empty for one's own."""
    text: str | None = None
    claims: str | None = None
    thread: str = ""
    about: str = ""
    carries: str = ""
    """What it shares. These are names of packets as "author/id", or empty."""
    signed: str = ""
    """The author's SignedData in base64; empty once it was taken back."""
    understood: bool = True
    doubled: bool = False
    gone: str = ""
    closed: bool = False
    version: int = 0
    version_by: str = ""
    """Of the edit that gave it its words: version and id."""
    audience: list[str] = field(default_factory=list)
    """Who got it from here."""
    chunks: list[str] = field(default_factory=list)
    listed: int = 0
    """When its chunks were first waited for."""

    @property
    def key(self) -> str:
        return f"{self.author}/{self.id}"

    @property
    def root(self) -> str:
        """Of its thread, which may be itself."""
        return self.thread or self.key


@dataclass
class Code:
    """A code that was given out, known by its SHA-256."""

    expires: int
    used_by: str = ""


@dataclass
class State:
    name: str
    post: str
    """The folder in which others leave what is for this node."""
    stream: str
    relay_after: int = 600
    """Seconds that others' comments wait for company, before they are passed on."""
    confirm_after: int = 86400
    serial: int = 1
    bio: str = ""
    told: int = 0
    """When the newest pair was made that the friends are owed or were told of."""
    witness: int = 0
    """The latest time that a friend bears out."""
    read_to_end: int = 0
    """When the last round began in which all that was there was taken in."""
    contacts: dict[str, Contact] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    """In the order in which they came."""
    codes: dict[str, Code] = field(default_factory=dict)

    def friends(self) -> list[Contact]:
        return [contact for contact in self.contacts.values() if contact.state == "friend"]

    def contact(self, fingerprint: str) -> Contact:
        return self.contacts.setdefault(fingerprint, Contact(fingerprint))

    def save(self, path: Path) -> None:
        write_private(path, json.dumps(asdict(self), indent=1).encode())


def load(path: Path) -> State:
    raw = json.loads(path.read_text())
    for contact in raw["contacts"].values():
        contact["sent"] = {counter: Sent(**sent) for counter, sent in contact["sent"].items()}
        contact["gaps"] = {stream: [Gap(**gap) for gap in gaps] for stream, gaps in contact["gaps"].items()}
        contact["answers"] = [(low, high) for low, high in contact["answers"]]
        contact["answered"] = {key: [(low, high) for low, high in pairs] for key, pairs in contact["answered"].items()}
    for kind, name in ((Contact, "contacts"), (Item, "items"), (Code, "codes")):
        raw[name] = {key: kind(**value) for key, value in raw[name].items()}
    return State(**raw)
