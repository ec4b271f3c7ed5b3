#!/usr/bin/env python3
"""Mails for the tests of receiving drivers, made by Python's email package and spoilt as gateways spoil them.

usage: mails.py DISGUISE FILE... >mail     a mail with sealed packets (PEM as sn-seal prints it) or chunks in it
       mails.py disguises                  the names of all disguises
       mails.py foreign COUNT MAILDIR      fills a Maildir with other people's mails of many kinds, some of them flagged
"""

import base64
import functools
import hashlib
import os
import re
import sys
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email import policy

CRLF = policy.SMTP.clone(max_line_length=998)


def envelopes(pem):
    bodies = re.findall(r"-----BEGIN CMS-----\n(.*?)-----END CMS-----\n", pem, re.S)
    return [base64.b64decode(body) for body in bodies]


def mail(text="A sealed packet is attached.\n", auto_submitted="auto-generated", **headers):
    made = EmailMessage(policy=CRLF)
    made["From"], made["To"] = "bob@example.org", "alice@example.org"
    made["Subject"], made["Message-ID"] = "packet", f"<{os.urandom(8).hex()}@example.org>"
    made["Auto-Submitted"] = auto_submitted
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    if text is not None:
        made.set_content(text)
    return made


def attached(pem, maintype="application", subtype="pkcs7-mime", name="packet.p7m", **more):
    made = mail(**more)
    for envelope in envelopes(pem):
        made.add_attachment(envelope, maintype=maintype, subtype=subtype, filename=name)
    return made


def plain(pem):
    made = mail(None)
    envelope = envelopes(pem)[0]
    made.set_content(envelope, "application", "pkcs7-mime", params={"smime-type": "authEnveloped-data"})
    return made


def in_text(pem, cte="7bit", before="Hello Alice,\n\n", subtype="plain", after="\n-- \nA list's footer\n"):
    made = mail(None)
    made.set_content(before + pem + after, subtype=subtype, cte=cte)
    return made


def naked_base64(pem):
    return in_text(re.sub("-----.*-----\n", "", pem).split("\n\n")[-1], before="\n")


def quoted_printable_attachment(pem):
    made = attached(pem)
    part = list(made.iter_attachments())[0]
    octets = [f"={octet:02X}" for octet in part.get_content()]
    lines = ["".join(octets[start : start + 25]) for start in range(0, len(octets), 25)]
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload("=\n".join(lines))
    return made


def own_words(pem):
    return attached(pem, text="Dear Alice, please pay Carol 100.\n", auto_submitted="no")


def forwarded(pem):
    made = mail("Look what came for you.\n")
    made.add_attachment(attached(pem))
    return made


def digest(pem):
    made = MIMEMultipart("digest")
    made["From"], made["To"], made["Subject"] = "list@example.org", "alice@example.org", "digest"
    for each in [mail("Something else.\n"), attached(pem), mail("And this.\n")]:
        part = EmailMessage(policy=CRLF)
        part.set_content(each)
        made.attach(part)
    return made


def with_footer(pem):
    made = attached(pem)
    footer = EmailMessage(policy=CRLF)
    footer.set_content("This mail was checked by nobody.\n")
    made.attach(footer)
    return made


def html(pem):
    lines = pem.replace("\n", "<br>\r\n").replace("+", "&#43;")
    return in_text(f"<html><body><p>{lines}</p></body></html>\n", subtype="html", cte="base64", before="", after="")


def bytes_behind(pem):
    made = mail()
    made.add_attachment(
        envelopes(pem)[0] + b"\r\nscanned\r\n", maintype="application", subtype="octet-stream", filename="winmail.dat"
    )
    return made


def pem_attachment(pem):
    made = mail()
    made.add_attachment(pem.encode(), maintype="application", subtype="octet-stream", filename="packet.pem")
    return made


def broken_boundary(pem):
    return attached(pem).as_bytes().replace(b"boundary=", b"boundary=x")


DISGUISES = {
    "attachment": attached,
    "whole-mail": plain,
    "octet-stream": lambda pem: attached(pem, subtype="octet-stream", name="noname"),
    "wrong-type": lambda pem: attached(pem, subtype="x-unknown", name="ATT00001.bin"),
    "quoted-printable": quoted_printable_attachment,
    "pem-in-text": in_text,
    "pem-in-base64-text": lambda pem: in_text(pem, cte="base64"),
    "pem-in-quoted-printable": lambda pem: in_text(pem, cte="quoted-printable"),
    "base64-in-text": naked_base64,
    "pem-behind-a-banner": lambda pem: in_text(pem, before="[EXTERNAL] Take care with links.\n" * 20),
    "pem-as-attachment": pem_attachment,
    "own-words": own_words,
    "forwarded": forwarded,
    "digest": digest,
    "footer": with_footer,
    "html": html,
    "bytes-behind": bytes_behind,
    "broken-boundary": broken_boundary,
}


def chunks(files):
    made = mail()
    for file in files:
        with open(file, "rb") as opened:
            chunk = opened.read()
        name = hashlib.sha256(chunk).hexdigest() + ".snblob"
        made.add_attachment(chunk, maintype="application", subtype="octet-stream", filename=name)
    return made


@functools.cache
def template(kind):
    """One of many kinds of mail that are none of ours, with NUMBER where they differ."""
    long = "Letter NUMBER: it goes on and on. " * 300
    made = mail(None if kind in (3, 6) else "Short note NUMBER\n", X_Foreign="yes")
    if kind == 1:
        made.set_content(long)
    elif kind == 2:
        made.add_alternative(f"<html><body>{long}</body></html>", subtype="html")
    elif kind == 3:
        made.set_content(b"0" * 9000, "application", "pdf")
    elif kind == 4:
        made.add_attachment(hashlib.sha256(b"4").digest() * 300, maintype="image", subtype="png")
    elif kind == 5:
        made.add_attachment(b"MIIG" * 3000, maintype="application", subtype="octet-stream", filename="NUMBER.bin")
    elif kind == 6:
        # Somebody else's S/MIME.
        der = bytes.fromhex("30821200060b2a864886f70d0109100117a0") + b"6" * 5000
        made.set_content(der[:0x1204], "application", "pkcs7-mime", params={"smime-type": "authEnveloped-data"})
    elif kind == 7:
        made.add_attachment(attached("", text="Forwarded NUMBER\n"))
    elif kind == 8:
        # Raw octets where ASCII belongs: real mailboxes have them.
        return template(5).replace(b'filename="NUMBER.bin"', b'filename="r\xe9sum\xe9 \x80.bin"')
    return made.as_bytes()


def fill(count, maildir):
    flags = ["", "S", "FS", "RS", "T", "DS", "F", "PS", ""]
    for folder in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(maildir, folder), exist_ok=True)
    for number in range(count):
        kind = 8 if number % 100 == 50 else number % 8
        # One in eight has never been seen by any program.
        place = f"new/{number}.foreign" if kind == 0 else f"cur/{number}.foreign:2,{flags[kind]}"
        with open(os.path.join(maildir, place), "wb") as opened:
            opened.write(template(kind).replace(b"NUMBER", str(number).encode()))


def main():
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "disguises":
        print("\n".join(DISGUISES))
    elif what == "foreign":
        fill(int(rest[0]), rest[1])
    else:
        if what == "chunks":
            made = chunks(rest)
        else:
            with open(rest[0]) as opened:
                made = DISGUISES[what](opened.read())
        sys.stdout.buffer.write(made if isinstance(made, bytes) else made.as_bytes())


main()
