"""Signing, padding, sealing and opening, from bytes to bytes: socialnet-seal(5) "SIGNED DATA" to "OPENING".

Every structure is compared with its form first; only then do its parts reach a key.
"""

import hashlib
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from .form import Form
from .keys import (
    IDENTITY,
    SPKI,
    Identity,
    Pair,
    PublicPair,
    der_time,
    encapsulation_key,
    point_of,
    public_key,
    verify,
    write_der_time,
)
from .values import Refused, fingerprint_of

MOST = 5 << 20
"""Bytes of a sealed envelope."""

_SIGNED_ATTRIBUTES = """
30 18 06 09 2a864886f70d010903                  # content type
   31 0b 06 09 2a864886f70d010701
30 L 06 09 2a864886f70d010905                   # signing time
   31 L [time: signing time]
30 2f 06 09 2a864886f70d010904                  # message digest
   31 22 04 20 [32: digest]
"""
SIGNED_DATA = Form(
    "signed data",
    f"""
30 L
 06 09 2a864886f70d010702                       # SignedData
 a0 L 30 L
  02 01 01
  31 0d 30 0b 06 09 608648016503040201          # SHA-256
  30 L 06 09 2a864886f70d010701                 # data
   a0 L 04 L [any: content]
  a0 L [any: certificate]
  31 L 30 L
   02 01 01
   30 28 30 14 31 12 30 10 06 03 550403 0c 09 "SocialNet"
    02 10 [16: serial number]
   30 0b 06 09 608648016503040201
   a0 L
{"".join("    " + line + chr(10) for line in _SIGNED_ATTRIBUTES.splitlines())}
   30 0a 06 08 2a8648ce3d040302
   04 L [8 to 72: signature]
""",
)
# RFC 5652 section 5.4: signed as a SET OF, whatever the tag in the message.
_TO_BE_SIGNED = Form("signed attributes", "31 L\n" + "".join(f" {x}\n" for x in _SIGNED_ATTRIBUTES.splitlines()))

_NOBODY = "0000000000000000000000000000000000000000"
_CONTENT = """
  30 L 06 09 2a864886f70d010701                 # data
   30 1e 06 09 60864801650304012e               # AES-256-GCM
    30 11 04 0c [12: nonce] 02 01 10
   80 L [any: ciphertext]
  04 10 [16: tag]
"""
INNER = Form(
    "inner layer",
    f"""
30 L
 06 0b 2a864886f70d0109100117                   # AuthEnvelopedData
 a0 L 30 L
  02 01 00
  31 82 04 c8 a4 82 04 c4
   06 0b 2a864886f70d0109100d03                 # KEMRecipientInfo
   30 82 04 b3
    02 01 00
    80 14 {_NOBODY}
    30 0b 06 09 608648016503040402              # ML-KEM-768
    04 82 04 40 [1088: encapsulated]
    30 0d 06 0b 2a864886f70d010910031c          # HKDF with SHA-256
    02 01 20
    30 0b 06 09 60864801650304012d              # AES-256 key wrap
    04 28 [40: wrapped key]
{_CONTENT}""",
)
OUTER = Form(
    "outer layer",
    f"""
30 L
 06 0b 2a864886f70d0109100117
 a0 L 30 L
  02 01 00
  31 81 b6 a1 81 b3                             # key agreement
   02 01 03
   a0 51 a1 4f 30 09 06 07 2a8648ce3d0201
    03 42 00 04 [64: ephemeral point]
   30 15 06 06 2b8104010b01                     # dhSinglePass-stdDH-sha256kdf-scheme
    30 0b 06 09 60864801650304012d
   30 44 30 42
    a0 16 04 14 {_NOBODY}
    04 28 [40: wrapped key]
{_CONTENT}""",
)
# What goes into the derivation of the key that wraps: ECC-CMS-SharedInfo (RFC 5753 section 7.2) and
# CMSORIforKEMOtherInfo (RFC 9629 section 5), both for AES-256 key wrap.
_SHARED_INFO = Form("", "30 L 30 0b 06 09 60864801650304012d a2 06 04 04 00000100").build({})
_KEM_OTHER_INFO = Form("", "30 L 30 0b 06 09 60864801650304012d 02 01 20").build({})


@dataclass(frozen=True)
class Signed:
    """What was verified."""

    content: bytes
    signer: str


def sign(identity: Identity, content: bytes, now: int) -> bytes:
    """SignedData (DER) over `content`."""
    holes = {
        "content": content,
        "certificate": identity.certificate,
        "serial number": IDENTITY.whole.match(identity.certificate)["serial number"],
        "signing time": write_der_time(now),
        "digest": hashlib.sha256(content).digest(),
    }
    signature = identity.key.sign(_TO_BE_SIGNED.build(holes), ec.ECDSA(hashes.SHA256()))
    return SIGNED_DATA.build(holes | {"signature": signature})


def verify_signed(signed_data: bytes) -> Signed:
    holes = SIGNED_DATA.match(signed_data)
    certificate = IDENTITY.verify(holes["certificate"])
    if certificate["serial number"] != holes["serial number"]:
        raise Refused("signed data: the signer is not whose certificate it is")
    der_time(holes["signing time"])
    if hashlib.sha256(holes["content"]).digest() != holes["digest"]:
        raise Refused("signed data: the digest of something else")
    verify(certificate["point"], holes["signature"], _TO_BE_SIGNED.build(holes))
    return Signed(holes["content"], fingerprint_of(SPKI.build(certificate)))


def padded_size(size: int) -> int:
    if size <= 4096:
        return 4096
    exponent = size.bit_length() - 1
    step = 1 << exponent - exponent.bit_length()
    return -(-size // step) * step


def pad(signed_data: bytes) -> bytes:
    return signed_data.ljust(padded_size(len(signed_data)), b"\0")


def unpad(padded: bytes) -> bytes:
    """The first DER structure, if what follows are as many zero bytes as belong there."""
    octets = padded[1] & 0x7F if len(padded) > 1 and padded[1] & 0x80 else 0
    size = 2 + octets + int.from_bytes(padded[2 : 2 + octets] if octets else padded[1:2], "big")
    if padded_size(size) != len(padded) or any(padded[size:]):
        raise Refused("padding")
    return padded[:size]


def _encrypt(form: Form, content: bytes, wrapping_key: bytes, holes: dict[str, bytes]) -> bytes:
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    sealed = AESGCM(key).encrypt(nonce, content, None)
    wrapped = aes_key_wrap(wrapping_key, key)
    return form.build(holes | {"wrapped key": wrapped, "nonce": nonce, "ciphertext": sealed[:-16], "tag": sealed[-16:]})


def _decrypt(holes: dict[str, bytes], wrapping_key: bytes) -> bytes | None:
    try:
        key = aes_key_unwrap(wrapping_key, holes["wrapped key"])
        return AESGCM(key).decrypt(holes["nonce"], holes["ciphertext"] + holes["tag"], None)
    except (InvalidUnwrap, InvalidTag):
        return None


def _agreed(own: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePublicKey) -> bytes:
    return X963KDF(hashes.SHA256(), 32, _SHARED_INFO).derive(own.exchange(ec.ECDH(), other))


def _decapsulated(shared_secret: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, None, _KEM_OTHER_INFO).derive(shared_secret)


def seal(signed_data: bytes, reader: PublicPair) -> bytes:
    content = pad(signed_data)
    if reader.encapsulation_key is not None:
        secret, encapsulated = encapsulation_key(reader.encapsulation_key).encapsulate()
        content = _encrypt(INNER, content, _decapsulated(secret), {"encapsulated": encapsulated})
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    agreed = _agreed(ephemeral, public_key(reader.point))
    return _encrypt(OUTER, content, agreed, {"ephemeral point": point_of(ephemeral)})


class NoKey(Exception):
    """No live key opens it: sealed for somebody else, or to a key that was destroyed."""


@dataclass(frozen=True)
class Opened:
    signed_data: bytes
    purpose: str
    hybrid: bool
    """Whether the ML-KEM layer was there."""


def is_sealed(data: bytes) -> bool:
    """Whether it begins as an outer layer does: whatever else comes is a chunk."""
    return data[:1] == b"\x30" and bytes.fromhex("060b2a864886f70d0109100117") in data[2:20]


def unseal(data: bytes, pairs: list[Pair]) -> Opened:
    if len(data) > MOST:
        raise Refused("a sealed envelope of more than 5 MiB")
    holes = OUTER.match(data)
    ephemeral = public_key(holes["ephemeral point"])
    for pair in pairs:
        content = _decrypt(holes, _agreed(pair.p256, ephemeral))
        if content is not None:
            break
    else:
        raise NoKey
    hybrid = is_sealed(content)
    if hybrid:
        inner = INNER.match(content)
        secret = pair.ml_kem.decapsulate(inner["encapsulated"])
        content = _decrypt(inner, _decapsulated(secret))
        if content is None:
            raise Refused("inner layer: not sealed to the same pair as the outer layer")
    return Opened(unpad(content), pair.purpose, hybrid)
