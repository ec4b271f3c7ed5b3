"""Identities, encryption keys and their certificates: socialnet-seal(5) "IDENTITY" and "ENCRYPTION KEYS"."""

import datetime
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mlkem
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from .form import Form
from .values import Refused, base64_of, fingerprint_of, write_base64

DAY = 86400
USED = {"sealing": 30 * DAY, "meeting": 365 * DAY}
"""How long after its making senders use a pair."""
RENEWED = {"sealing": 20 * DAY, "meeting": 300 * DAY}
DESTROYED = {"sealing": 60 * DAY, "meeting": 425 * DAY}

_SPKI = """
30 59 30 13 06 07 2a8648ce3d0201 06 08 2a8648ce3d030107
   03 42 00 04 [64: point]"""
_IDENTITY = f"""
a0 03 02 01 02                                          # version 3
02 10 [16: serial number]
30 0a 06 08 2a8648ce3d040302                            # ecdsa-with-SHA256
30 14 31 12 30 10 06 03 550403 0c 09 "SocialNet"        # issuer
30 20 17 0d "000101000000Z" 18 0f "99991231235959Z"
30 14 31 12 30 10 06 03 550403 0c 09 "SocialNet"        # subject
{_SPKI}
a3 23 30 21
   30 0f 06 03 551d13 01 01 ff 04 05 30 03 01 01 ff     # CA
   30 0e 06 03 551d0f 01 01 ff 04 04 03 02 02 84        # digitalSignature, keyCertSign
"""
_ISSUED = """
a0 03 02 01 02
02 10 [16: serial number]
30 0a 06 08 2a8648ce3d040302
30 14 31 12 30 10 06 03 550403 0c 09 "SocialNet"
30 L [time: notBefore] [time: notAfter]
30 12 31 10 30 0e 06 03 550403 0c 07 [7: purpose]
"""
_NOBODY = "30 1d 06 03 551d0e 04 16 04 14 0000000000000000000000000000000000000000"
_P256 = f"""{_ISSUED}{_SPKI}
a3 31 30 2f
   {_NOBODY}
   30 0e 06 03 551d0f 01 01 ff 04 04 03 02 03 08        # keyAgreement
"""
_ML_KEM = f"""{_ISSUED}
30 82 04 b2 30 0b 06 09 608648016503040402
   03 82 04 a1 00 [1184: encapsulation key]
a3 31 30 2f
   {_NOBODY}
   30 0e 06 03 551d0f 01 01 ff 04 04 03 02 05 20        # keyEncipherment
"""
SPKI = Form("public key", _SPKI)
_PRIVATE_KEY = "30 L\n 02 01 00 30 0b 06 09 608648016503040402\n 04 L {}"
# RFC 9935 section 6 knows three ways to write a private key; OpenSSL writes the second one, and this library the first.
_SEED = Form("ML-KEM-768 private key", _PRIVATE_KEY.format("80 40 [64: seed]"))
_SEED_AND_KEY = Form("ML-KEM-768 private key", _PRIVATE_KEY.format("30 L 04 40 [64: seed] 04 82 0960 [2400: key]"))


class CertificateForm:
    """A certificate: what is signed, and the signature around it."""

    def __init__(self, name: str, signed: str) -> None:
        self.signed = Form(name, f"30 L\n{indent(signed, '   ')}")
        self.whole = Form(
            name,
            f"30 L\n   30 L\n{indent(signed, '      ')}\n"
            "   30 0a 06 08 2a8648ce3d040302\n   03 L 00 [8 to 72: signature]",
        )

    def issue(self, issuer: ec.EllipticCurvePrivateKey, holes: dict[str, bytes]) -> bytes:
        # A serial number of 16 bytes, positive and in its shortest form whatever the others are.
        serial = bytes([1 + secrets.randbelow(0x7F)]) + secrets.token_bytes(15)
        holes = holes | {"serial number": serial}
        signature = issuer.sign(self.signed.build(holes), ec.ECDSA(hashes.SHA256()))
        return self.whole.build(holes | {"signature": signature})

    def verify(self, certificate: bytes, point: bytes | None = None) -> dict[str, bytes]:
        """What is in it, if the key with this point signed it; by default its own."""
        holes = self.whole.match(certificate)
        if not 0x01 <= holes["serial number"][0] <= 0x7F:
            raise Refused(f"{self.whole.name}: serial number")
        if "encapsulation key" in holes:
            encapsulation_key(holes["encapsulation key"])
        else:
            public_key(holes["point"])
        verify(point or holes["point"], holes["signature"], self.signed.build(holes))
        return holes


IDENTITY = CertificateForm("identity certificate", _IDENTITY)
P256 = CertificateForm("P-256 certificate", _P256)
ML_KEM = CertificateForm("ML-KEM-768 certificate", _ML_KEM)


def public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + point)
    except ValueError:
        raise Refused("a point that is not on the curve") from None


def encapsulation_key(key: bytes) -> mlkem.MLKEM768PublicKey:
    try:
        return mlkem.MLKEM768PublicKey.from_public_bytes(key)
    except ValueError:
        raise Refused("no ML-KEM-768 key") from None


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    encoding, shape = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    return key.public_key().public_bytes(encoding, shape)[1:]


def verify(point: bytes, signature: bytes, signed: bytes) -> None:
    try:
        r, s = decode_dss_signature(signature)
        if min(r, s) < 1 or max(r, s).bit_length() > 256:
            raise ValueError
    except ValueError:
        raise Refused("signature: not two positive integers of 32 bytes") from None
    try:
        public_key(point).verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refused("the signature does not hold") from None


def write_der_time(seconds: int) -> bytes:
    """RFC 5280 section 4.1.2.5."""
    there = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    if 1950 <= there.year < 2050:
        return b"\x17\x0d" + there.strftime("%y%m%d%H%M%SZ").encode()
    return b"\x18\x0f" + there.strftime("%Y%m%d%H%M%SZ").encode()


def der_time(der: bytes) -> int:
    text = der[2:].decode("ascii", "replace")
    if der[:2] == b"\x17\x0d":
        text = ("19" if text[:2] >= "50" else "20") + text
    try:
        if not re.fullmatch("[0-9]{14}Z", text):
            raise ValueError
        there = datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.UTC)
        if write_der_time(int(there.timestamp())) != der:
            raise ValueError
    except ValueError:
        raise Refused(f"{text!r} is not a time") from None
    return int(there.timestamp())


@dataclass(frozen=True)
class PublicPair:
    """What senders need of somebody's pair of encryption keys."""

    purpose: str
    made: int
    point: bytes
    encapsulation_key: bytes | None

    def usable(self, now: int) -> bool:
        # Clocks differ, but not by more than a day.
        return self.made - DAY <= now <= self.made + USED[self.purpose]


def check_pair(purpose: str, p256: bytes, ml_kem: bytes | None, identity: bytes) -> PublicPair:
    """The certificates (DER) of a pair that is offered for `purpose` by who has the identity key with this point."""
    found = [P256.verify(p256, identity)] + ([ML_KEM.verify(ml_kem, identity)] if ml_kem is not None else [])
    made = der_time(found[0]["notBefore"])
    for certificate in found:
        if certificate["purpose"] != purpose.encode():
            raise Refused(f"a certificate for another purpose than {purpose}")
        if der_time(certificate["notBefore"]) != made:
            raise Refused("a pair that was not made in one second")
        if der_time(certificate["notAfter"]) != made + USED[purpose]:
            raise Refused(f"a {purpose} certificate of another duration")
    return PublicPair(purpose, made, found[0]["point"], found[1]["encapsulation key"] if ml_kem is not None else None)


@dataclass(frozen=True)
class Pair:
    """A pair of one's own."""

    purpose: str
    made: int
    p256: ec.EllipticCurvePrivateKey
    ml_kem: mlkem.MLKEM768PrivateKey
    p256_certificate: bytes
    ml_kem_certificate: bytes


@dataclass(frozen=True)
class Identity:
    key: ec.EllipticCurvePrivateKey
    certificate: bytes

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(SPKI.build({"point": point_of(self.key)}))

    def new_pair(self, purpose: str, made: int) -> Pair:
        p256, ml_kem = ec.generate_private_key(ec.SECP256R1()), mlkem.MLKEM768PrivateKey.generate()
        holes = {
            "notBefore": write_der_time(made),
            "notAfter": write_der_time(made + USED[purpose]),
            "purpose": purpose.encode(),
        }
        return Pair(
            purpose,
            made,
            p256,
            ml_kem,
            P256.issue(self.key, holes | {"point": point_of(p256)}),
            ML_KEM.issue(self.key, holes | {"encapsulation key": ml_kem.public_key().public_bytes_raw()}),
        )


def new_identity() -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    return Identity(key, IDENTITY.issue(key, {"point": point_of(key)}))


# The folder identity/, socialnet-seal(5) "FILES".

_PRIVATE = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def pem(label: str, der: bytes) -> bytes:
    """RFC 7468: lines of 64."""
    text = re.sub("(.{64})(?!$)", r"\1\n", write_base64(der))
    return f"-----BEGIN {label}-----\n{text}\n-----END {label}-----\n".encode()


def unpem(label: str, data: bytes) -> bytes:
    """The first block of this label. Lines before it mean nothing to RFC 7468."""
    match = re.search(f"-----BEGIN {label}-----\\s(.*?)-----END {label}-----".encode(), data, re.DOTALL)
    if not match:
        raise Refused(f"no PEM block {label}")
    return base64_of(match[1].decode("ascii", "replace").replace("\r", ""), 0, 8 << 20)


def write_private(path: Path, data: bytes) -> None:
    """Whole or not at all, and for nobody else's eyes."""
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(data)
    unfinished.rename(path)


def save_identity(folder: Path, identity: Identity) -> None:
    write_private(folder / "identity.key", identity.key.private_bytes(*_PRIVATE))
    write_private(folder / "identity.crt", pem("CERTIFICATE", identity.certificate))


def load_identity(folder: Path) -> Identity:
    key = serialization.load_pem_private_key((folder / "identity.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Identity(key, unpem("CERTIFICATE", (folder / "identity.crt").read_bytes()))


def decapsulation_key(pkcs8: bytes) -> mlkem.MLKEM768PrivateKey:
    try:
        seed = _SEED_AND_KEY.match(pkcs8)["seed"]
    except Refused:
        seed = _SEED.match(pkcs8)["seed"]
    return mlkem.MLKEM768PrivateKey.from_seed_bytes(seed)


def save_pair(folder: Path, pair: Pair) -> None:
    stem = f"{pair.purpose}-{datetime.datetime.fromtimestamp(pair.made, datetime.UTC):%Y%m%dT%H%M%SZ}"
    write_private(folder / f"{stem}.p256.key", pair.p256.private_bytes(*_PRIVATE))
    write_private(folder / f"{stem}.p256.crt", pem("CERTIFICATE", pair.p256_certificate))
    write_private(folder / f"{stem}.mlkem768.key", pair.ml_kem.private_bytes(*_PRIVATE))
    # The last one: a pair counts when all four files are there.
    write_private(folder / f"{stem}.mlkem768.crt", pem("CERTIFICATE", pair.ml_kem_certificate))


def load_pairs(folder: Path) -> list[Pair]:
    """All pairs that are whole, the newest of each purpose first."""
    pairs = []
    for last in folder.glob("*.mlkem768.crt"):
        stem = last.name.removesuffix(".mlkem768.crt")
        purpose, _, made = stem.partition("-")
        p256 = serialization.load_pem_private_key((folder / f"{stem}.p256.key").read_bytes(), None)
        assert isinstance(p256, ec.EllipticCurvePrivateKey)
        ml_kem = decapsulation_key(unpem("PRIVATE KEY", (folder / f"{stem}.mlkem768.key").read_bytes()))
        there = datetime.datetime.strptime(made, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
        p256_certificate = unpem("CERTIFICATE", (folder / f"{stem}.p256.crt").read_bytes())
        ml_kem_certificate = unpem("CERTIFICATE", last.read_bytes())
        pairs.append(Pair(purpose, int(there.timestamp()), p256, ml_kem, p256_certificate, ml_kem_certificate))
    return sorted(pairs, key=lambda pair: pair.made, reverse=True)


def destroy_pair(folder: Path, pair: Pair) -> None:
    stem = f"{pair.purpose}-{datetime.datetime.fromtimestamp(pair.made, datetime.UTC):%Y%m%dT%H%M%SZ}"
    for end in ("mlkem768.crt", "mlkem768.key", "p256.crt", "p256.key"):
        (folder / f"{stem}.{end}").unlink(missing_ok=True)
