"""Which names the standard defines, where they belong, and what becomes of others: socialnet-packet(5) "EXTENSIONS".

Packets, the profiles in them, invitations and envelopes are all read through here.
"""

from dataclasses import dataclass

from .markup import Element
from .values import NotUnderstood, Refused


@dataclass(frozen=True)
class Vocabulary:
    """The names of one namespace."""

    attributes: dict[str, tuple[str, ...]]
    """Every element but the root, and the attributes that belong on it."""
    elements: dict[str, tuple[str, ...]]
    """What belongs in those elements in which elements may stand; all others hold text."""
    others: tuple[str, ...]
    """Attributes that belong on a root."""

    def defined(self) -> set[str]:
        return {"must-understand", *self.others, *(name for names in self.attributes.values() for name in names)}

    def must_understand(self, element: Element, application: bool = False) -> None:
        """Raises if something in `element`, or it itself, says that it must be understood, and is not."""
        unknown = element.foreign or set(element.attributes) - self.defined()
        if _must_understand(element) and unknown:
            raise NotUnderstood(f"an attribute of <{element.name}>")
        for child in element.children:
            if child.namespace == element.namespace and child.name in self.attributes:
                self.must_understand(child)
            elif not (application and child.namespace != element.namespace) and _must_understand(child):
                raise NotUnderstood(f"<{child.name}>")

    def check(self, element: Element, attributes: tuple[str, ...], inside: tuple[str, ...] | None) -> None:
        """Refuses defined names where they do not belong. `inside` is None for an element that holds text."""
        for name in element.attributes:
            if name in self.defined() and name not in attributes and name != "must-understand":
                raise Refused(f"{name} does not belong on <{element.name}>")
        if inside is None:
            if element.children:
                raise Refused(f"an element in <{element.name}>")
            return
        if not element.blank:
            raise Refused(f"text in <{element.name}>")
        for child in element.children:
            if child.namespace != element.namespace or child.name not in self.attributes:
                continue
            if child.name not in inside:
                raise Refused(f"<{child.name}> does not belong in <{element.name}>")
            self.check(child, self.attributes[child.name], self.elements.get(child.name))


PACKET = Vocabulary(
    {
        "packet": (),
        "to": (),
        "thread": ("id", "from"),
        "about": ("id", "from", "sha256"),
        "text": (),
        "attachment": ("name", "type", "size", "sha256"),
        "alt": (),
        "preview": (),
        "inline": (),
        "blob": ("key",),
        "chunk": ("sha256",),
        "fallback": (),
        "signed": (),
        "profile": ("name", "serial", "recovery"),
        "bio": (),
        "address": (),
        "meeting": (),
        "sealing": (),
        "p256": (),
        "ml-kem-768": (),
        "understands": (),
        "handle": ("scheme",),
        "tag": ("scheme",),
        "bottle": (),
        "opened": ("bottle", "proof"),
        "gap": (),
        "succession": (),
    },
    {
        "attachment": ("alt", "preview", "inline", "blob"),
        "blob": ("chunk",),
        "profile": ("bio", "address", "meeting", "sealing"),
        "meeting": ("p256", "ml-kem-768"),
        "sealing": ("p256", "ml-kem-768"),
        "thread": (),
        "about": (),
        "chunk": (),
        "opened": (),
    },
    ("id", "type", "from", "created", "expires", "share", "as")
    + ("version", "thread", "want", "code", "token", "further"),
)
"""Of packets, in socialnet-packet(5)."""

_PROFILE = ("profile", "bio", "address", "meeting", "sealing", "p256", "ml-kem-768")
INVITATION = Vocabulary(
    {"invitation": ()} | {name: PACKET.attributes[name] for name in _PROFILE},
    {name: inside for name, inside in PACKET.elements.items() if name in _PROFILE},
    ("from", "created", "expires", "code"),
)
"""Of invitations, in the same page."""

ENVELOPE = Vocabulary(
    {"envelope": (), "received": (), "answers": (), "blob": ("sha256",), "signed": ()},
    {"blob": ()},
    ("from", "to", "sent", "stream", "counter"),
)
"""Of socialnet-seal(5)."""


def _must_understand(element: Element) -> bool:
    said = element.attributes.get("must-understand", "false")
    if said not in ("true", "false"):
        raise Refused(f"must-understand={said!r}")
    return said == "true"


def one(element: Element, name: str) -> Element:
    """The only child of this name."""
    found = at_most_one(element, name)
    if found is None:
        raise Refused(f"<{element.name}> lacks <{name}>")
    return found


def at_most_one(element: Element, name: str) -> Element | None:
    found = element.all(name)
    if len(found) > 1:
        raise Refused(f"<{name}> {len(found)} times")
    return found[0] if found else None


def text_of(element: Element) -> str:
    if element.children:
        raise Refused(f"an element in <{element.name}>")
    return element.text


def attribute(element: Element, name: str) -> str:
    if name not in element.attributes:
        raise Refused(f"<{element.name}> lacks {name}")
    return element.attributes[name]
