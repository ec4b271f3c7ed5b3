"""Profiles and invitations: socialnet-packet(5) "PROFILES" and "INVITATIONS"."""

import re
from dataclasses import dataclass

from . import markup, values
from .grammar import INVITATION, at_most_one, attribute, one, text_of
from .keys import PublicPair, check_pair
from .markup import Element
from .values import Refused

_ADDRESS = re.compile(r"[a-z][a-z0-9]*:(?://)?([!#$%&()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+)")
NAMESPACE = "urn:socialnet:invitation:1"
DAY = 86400


@dataclass(frozen=True)
class Profile:
    name: str
    serial: int
    bio: str | None
    addresses: tuple[str, ...]
    meeting: tuple[bytes, bytes | None]
    """Certificates (DER) for P-256 and ML-KEM-768."""
    sealing: tuple[bytes, bytes | None] | None
    recovery: str | None = None
    """The fingerprint of a key that may name their next identity."""


def check_profile(element: Element) -> Profile:
    """What `<profile>` says, of which the names were checked. Its certificates are not looked into."""
    name, serial = values.line(attribute(element, "name")), values.number(attribute(element, "serial"))
    bio = at_most_one(element, "bio")
    addresses = tuple(address(text_of(child)) for child in element.all("address"))
    if len(addresses) > 16:
        raise Refused("more than 16 addresses")
    meeting, sealing = one(element, "meeting"), at_most_one(element, "sealing")
    said = values.label(text_of(bio), 0, 4096) if bio else None
    recovery = values.fingerprint(element.attributes["recovery"]) if "recovery" in element.attributes else None
    contacts_alone = _certificates(sealing) if sealing else None
    return Profile(name, serial, said, addresses, _certificates(meeting), contacts_alone, recovery)


def address(text: str) -> str:
    match = _ADDRESS.fullmatch(text)
    if len(text) > 512 or not match or match[1].startswith("-"):
        raise Refused("an address")
    return text


def _certificates(element: Element) -> tuple[bytes, bytes | None]:
    p256, ml_kem = one(element, "p256"), at_most_one(element, "ml-kem-768")
    return values.base64_of(text_of(p256), 1, 8192), values.base64_of(text_of(ml_kem), 1, 8192) if ml_kem else None


def pairs(profile: Profile, identity: bytes) -> dict[str, PublicPair]:
    """The encryption keys in it, which must be issued by the identity key with this point."""
    found = {"meeting": check_pair("meeting", *profile.meeting, identity)}
    if profile.sealing:
        found["sealing"] = check_pair("sealing", *profile.sealing, identity)
    return found


def profile_element(namespace: str, profile: Profile) -> Element:
    def child(name: str, text: str) -> Element:
        return Element(namespace, name, text=text)

    def keys(name: str, certificates: tuple[bytes, bytes | None]) -> Element:
        p256, ml_kem = certificates
        inside = [child("p256", values.write_base64(p256))]
        if ml_kem is not None:
            inside.append(child("ml-kem-768", values.write_base64(ml_kem)))
        return Element(namespace, name, children=inside)

    children = [child("bio", profile.bio)] if profile.bio else []
    children += [child("address", uri) for uri in profile.addresses]
    children.append(keys("meeting", profile.meeting))
    if profile.sealing:
        children.append(keys("sealing", profile.sealing))
    attributes = {"name": profile.name, "serial": str(profile.serial)}
    if profile.recovery:
        attributes["recovery"] = profile.recovery
    return Element(namespace, "profile", attributes, children=children)


@dataclass(frozen=True)
class Invitation:
    author: str
    expires: int
    code: str
    profile: Profile


def read_invitation(data: bytes) -> Invitation:
    root = markup.parse(data, 65536)
    version = re.fullmatch("urn:socialnet:invitation:([1-9][0-9]*)", root.namespace)
    if root.name != "invitation" or not version:
        raise Refused("the root element is not <invitation> of a version")
    if version[1] != "1":
        raise values.NotUnderstood(f"version {version[1]}")
    INVITATION.must_understand(root)
    INVITATION.check(root, INVITATION.others, ("profile",))
    author, code = values.fingerprint(attribute(root, "from")), attribute(root, "code")
    values.hexadecimal(code, 16)
    created, expires = values.time(attribute(root, "created")), values.time(attribute(root, "expires"))
    if not created < expires <= created + 30 * DAY:
        raise Refused("an invitation holds for up to 30 days")
    return Invitation(author, expires, code, check_profile(one(root, "profile")))


def write_invitation(author: str, created: int, code: str, profile: Profile) -> bytes:
    attributes = {
        "from": author,
        "created": values.write_time(created),
        "expires": values.write_time(created + 30 * DAY),
        "code": code,
    }
    root = Element(NAMESPACE, "invitation", attributes, children=[profile_element(NAMESPACE, profile)])
    return markup.write(root).encode()
