"""A hundred messages to a friend by mail, over the same servers: by sn-send and a node that watches, and by Delta Chat's
core. Prints what each needed, in seconds: for one message, the shortest of some, and for a hundred.

usage: chat.py HOME SEALED IMAPS SMTPS
HOME/alice sends what is in the folder SEALED, the hundred and some, each sealed for itself; HOME/bob watches. Delta Chat's people are
carol and dave.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deltachat_rpc_client import DeltaChat, EventType, Rpc

MESSAGES = 100
ALONE = 5

home, sealed, imaps, smtps = sys.argv[1:]


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


for figures in [ours(), theirs()]:
    print(*figures)
