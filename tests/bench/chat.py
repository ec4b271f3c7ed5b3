"""A hundred messages to a friend by mail, over the same servers: by sn-send and a node that watches, and by Delta Chat's
core. Prints what each needed, in seconds: for one message, the shortest of some, and for a hundred. Then how long it takes until
Dovecot tells of a mail, which is in all of these.

usage: chat.py HOME SEALED IMAPS SMTPS LMTP
HOME/alice sends what is in the folder SEALED, the hundred and some, each sealed for itself; HOME/bob watches. Delta Chat's people are
carol and dave.
"""

import imaplib
import json
import os
import smtplib
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deltachat_rpc_client import DeltaChat, EventType, Rpc

MESSAGES = 100
ALONE = 5

home, sealed, imaps, smtps, lmtp = sys.argv[1:]


def ours():
    """By the commands, as socialnet-mail(7) puts them together."""

    def of(name):
        return {**os.environ, "SN_HOME": os.path.join(home, name)}

    letters = [file.read_text(encoding="ascii") for file in Path(sealed).iterdir()]
    watch = subprocess.Popen(
        ["sh", "-c", "sn-recv --watch | while read -r file; do sn-ingest; done"],
        env=of("bob"),
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    feed = subprocess.Popen(
        ["sn-feed", "--follow", "--new", "--json"], env=of("bob"), stdout=subprocess.PIPE, text=True
    )

    def took(some):
        start = time.monotonic()
        subprocess.run(["sn-send"], input="".join(some), text=True, env=of("alice"), check=True)
        for _ in some:
            json.loads(feed.stdout.readline())
        return time.monotonic() - start

    try:
        # The first waits for the watch to begin.
        alone = min([took([letters.pop()]) for _ in range(ALONE + 1)][1:])
        return alone, took(letters[:MESSAGES])
    finally:
        watch.stdin.close()
        feed.terminate()
        os.killpg(watch.pid, 15)


def theirs():
    """By Delta Chat: two accounts that have met by a QR code, so that everything is encrypted and verified."""
    core = os.path.join(sys.prefix, "bin", "deltachat-rpc-server")
    with tempfile.TemporaryDirectory() as folder, Rpc(folder + "/accounts", rpc_server_path=core) as rpc:
        people = {}
        for name in ["carol", "dave"]:
            account = people[name] = DeltaChat(rpc).add_account()
            account.set_config("displayname", name)
            account.add_or_update_transport(
                {
                    "addr": f"{name}@example.org",
                    "password": f"{name}-password",
                    "imapServer": "localhost",
                    "imapPort": int(imaps),
                    "imapSecurity": "ssl",
                    "imapUser": name,
                    "smtpServer": "localhost",
                    "smtpPort": int(smtps),
                    "smtpSecurity": "ssl",
                    "smtpUser": name,
                    "smtpPassword": f"{name}-password",
                    "certificateChecks": "acceptInvalidCertificates",
                }
            )
            account.bring_online()
        carol, dave = people["carol"], people["dave"]
        chat = dave.secure_join(carol.get_qr_code())
        dave.wait_for_securejoin_joiner_success()

        def took(count):
            awaited = {f"number {time.monotonic_ns()}" for _ in range(count)}
            start = time.monotonic()
            for text in awaited:
                chat.send_text(text)
            # The greeting comes as a message too.
            while awaited:
                event = carol.wait_for_event(EventType.INCOMING_MSG)
                awaited.discard(carol.get_message_by_id(event.msg_id).get_snapshot().text)
            return time.monotonic() - start

        alone = min([took(1) for _ in range(ALONE + 1)][1:])
        return alone, took(MESSAGES)


def idle():
    """By a client that does nothing but wait."""
    trusted = ssl.create_default_context(cafile=os.path.join(home, "ca", "ca.pem"))
    with imaplib.IMAP4_SSL("localhost", int(imaps), ssl_context=trusted) as client:
        client.login("alice", "alice-password")
        client.select()

        def took():
            client.send(b"1 IDLE\r\n")
            client.readline()
            start = time.monotonic()
            with smtplib.LMTP(lmtp) as server:
                server.sendmail("", "alice", "Subject: a\r\n\r\nb\r\n")
            client.readline()
            heard = time.monotonic() - start
            client.send(b"DONE\r\n")
            while not client.readline().startswith(b"1 OK"):
                pass
            return heard

        return (min(took() for _ in range(ALONE)),)


for figures in [ours(), theirs(), idle()]:
    print(*figures)
