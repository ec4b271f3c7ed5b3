#!/usr/bin/env python3
"""An IMAP server that misbehaves, on loopback and in clear text. It serves the mails that it is given in INBOX, the first
as number 1, and writes every command into a log.

usage: bad-imap.py BEHAVIOUR PORT-FILE LOG MAIL...

The port is in PORT-FILE once somebody may connect. It ends when its standard input does.
"""

import base64
import re
import select
import socketserver
import sys

from serving import serve

BEHAVIOURS = [
    "good",
    "preauth",  # the greeting says that we are logged in
    "bye",  # the greeting says good-bye
    "no-starttls",  # STARTTLS is refused, as if somebody between had taken it away
    "injected",  # STARTTLS is accepted, and an answer to the next command sent ahead of TLS
    "silent",  # nothing comes after the login
    "endless-greeting",
    "huge-literal",  # ten gigabytes are announced, and sent for as long as anybody reads
    "large-literal",  # four, which fit into 32 bits
    "cut",  # hangs up in the middle of the first mail
    "garbled",  # structures that nobody can read
    "nested",  # structures of parts in parts in parts, a megabyte of them
    "scattered",  # a response in very many small literals
    "warned",  # the mailbox is nearly full
    "unavailable",  # can't log anybody in now
    "tls-first",  # offers no login before TLS
    "tls-wanted",  # offers one, and then wants TLS first
    "bearer",  # lets in by XOAUTH2 only, and not at all with a wrong token
    "plain-old",  # neither UIDPLUS nor MOVE nor IDLE
    "no-for-one",  # does not have the mails that begin with "Subject: broken", and says so behind the others
    "no-for-now",  # has none to give for now
    "cut-at-one",  # hangs up at these
    "cut-at-folder",  # at any folder but INBOX
    "no-sasl",  # LOGIN alone
    "idle-talks",  # says that it is still here, and nothing else
    "idle-cut",  # hangs up at IDLE
    "crowded",  # that too, and then says to the second login that there are too many
    "revoked",  # that too, and then no password is right
    "stalls",  # says nothing to a FETCH
    "idle-refused",  # is offered, and answered with NO
    "idle-over",  # with OK, before anything was waited for
]
behaviour, port_file, log, *mails = sys.argv[1:]
if behaviour not in BEHAVIOURS:
    sys.exit(f"{behaviour}: no such behaviour")
mails = [open(name, "rb").read() for name in mails]
flags = {}
logins = []
expunged = set()


def uids(text):
    found = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        last = len(mails) if last == "*" else int(last or first)
        found += range(int(first), last + 1)
    return [uid for uid in found if uid <= len(mails) and uid not in expunged]


class Talk(socketserver.StreamRequestHandler):
    def say(self, *lines):
        for line in lines:
            self.wfile.write(line if isinstance(line, bytes) else line.encode() + b"\r\n")
        self.wfile.flush()

    def handle(self):
        try:
            self.talk()
        except (BrokenPipeError, ConnectionResetError):
            pass

    def talk(self):
        if behaviour == "preauth":
            self.say("* PREAUTH welcome back, alice")
        elif behaviour == "bye":
            self.say("* BYE not today")
            return
        elif behaviour == "endless-greeting":
            while True:
                self.say(b"x" * 65536)
        else:
            self.say("* OK ready")
        for line in self.rfile:
            line = line.decode(errors="replace").strip()
            with open(log, "a") as written:
                print(line, file=written)
            tag, _, command = line.partition(" ")
            if self.obey(tag, command):
                return

    def obey(self, tag, command):
        verb = command.upper()
        capabilities = "IMAP4rev1 AUTH=PLAIN"
        if behaviour == "bearer":
            capabilities = "IMAP4rev1 AUTH=XOAUTH2"
        elif behaviour == "no-sasl":
            capabilities = "IMAP4rev1"
        elif behaviour == "tls-first":
            capabilities = "IMAP4rev1 STARTTLS LOGINDISABLED"
        elif behaviour != "plain-old":
            capabilities += " UIDPLUS MOVE IDLE"
        if verb == "STARTTLS":
            if behaviour == "no-starttls":
                self.say(f"{tag} BAD what is that")
                return True
            self.say(f"{tag} OK go ahead".encode() + b"\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK done\r\n")
        elif verb == "CAPABILITY":
            self.say(f"* CAPABILITY {capabilities}", f"{tag} OK done")
        elif verb.startswith("AUTHENTICATE"):
            return self.login(tag)
        elif verb.startswith("LOGIN"):
            self.say(f"{tag} OK welcome")
        elif behaviour == "silent":
            sys.stdin.read()
        elif verb.startswith(("EXAMINE", "SELECT")):
            if "INBOX" not in verb:
                if behaviour == "cut-at-folder":
                    return True
                self.say(f"{tag} NO no such folder")
                return False
            if behaviour == "warned":
                self.say("* NO Mailbox is at 98% of quota")
            self.say(
                f"* {len(mails) - len(expunged)} EXISTS",
                "* OK [UIDVALIDITY 7] stays",
                f"* OK [UIDNEXT {len(mails) + 1}] next",
                f"{tag} OK done",
            )
        elif verb.startswith("UID SEARCH"):
            found = " ".join(map(str, uids(verb.split()[-1])))
            self.say(f"* SEARCH {found}", f"{tag} OK done")
        elif verb.startswith("UID FETCH") and behaviour == "no-for-now":
            self.say(f"{tag} NO [UNAVAILABLE] the disk is away")
        elif verb.startswith("UID FETCH") and behaviour == "stalls":
            return not self.rfile.read()
        elif verb.startswith("UID FETCH"):
            asked = uids(verb.split()[2])
            broken = [uid for uid in asked if mails[uid - 1].startswith(b"Subject: broken")]
            for uid in asked:
                if uid in broken and behaviour == "cut-at-one":
                    return True
                if (uid not in broken or behaviour != "no-for-one") and self.fetch(uid, verb):
                    return True
            refused = broken and behaviour == "no-for-one"
            self.say(f"{tag} {'NO Some messages could not be FETCHed (Failure)' if refused else 'OK done'}")
        elif verb.startswith("UID STORE"):
            for uid in uids(verb.split()[2]):
                flags.setdefault(uid, set()).update(re.findall(r"\\(\w+)", command))
            self.say(f"{tag} OK done")
        elif verb == "IDLE" and behaviour in ("idle-cut", "crowded", "revoked"):
            return True
        elif verb == "IDLE" and behaviour == "cut-at-folder":
            self.say("+ idling")
            self.rfile.readline()
            self.say(f"{tag} OK done")
        elif verb == "IDLE" and behaviour == "idle-talks":
            self.say("+ idling")
            while not select.select([self.connection], [], [], 0.3)[0]:
                self.say("* OK Still here")
            self.rfile.readline()
            self.say(f"{tag} OK done")
        elif verb == "IDLE" and behaviour.startswith("idle"):
            self.say("* OK one moment", f"{tag} {'NO not for you' if behaviour == 'idle-refused' else 'OK done'}")
        elif verb.startswith("LIST"):
            self.say('* LIST () "/" INBOX', f"{tag} OK done")
        elif verb.startswith("LOGOUT"):
            self.say("* BYE good-bye", f"{tag} OK done")
            return True
        elif verb.startswith(("UID COPY", "UID MOVE", "UID EXPUNGE")):
            self.say(f"{tag} OK done")
        else:
            self.say(f"{tag} BAD {verb}")
        return False

    def login(self, tag):
        self.say("+ ")
        said = base64.b64decode(self.rfile.readline())
        with open(log, "ab") as written:
            written.write(said.replace(b"\0", b"^@").replace(b"\x01", b"^A") + b"\n")
        logins.append(said)
        if behaviour == "crowded" and len(logins) == 2:
            self.say(f"{tag} NO [ALERT] Too many simultaneous connections")
        elif behaviour == "revoked" and len(logins) > 1:
            self.say(f"{tag} NO [AUTHENTICATIONFAILED] wrong")
        elif behaviour == "unavailable":
            self.say(f"{tag} NO [UNAVAILABLE] the directory is down")
        elif behaviour == "tls-wanted":
            self.say(f"{tag} NO [PRIVACYREQUIRED] not in the clear")
        elif behaviour == "bearer" and b"Bearer right-token" not in said:
            self.say(b"+ " + base64.b64encode(b'{"status":"401"}') + b"\r\n")
            self.rfile.readline()
            self.say(f"{tag} NO [AUTHENTICATIONFAILED] bad token")
        else:
            self.say(f"{tag} OK welcome")
        return False

    def fetch(self, uid, verb):
        mail = mails[uid - 1]
        answer = f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(mail)}"
        if "BODYSTRUCTURE" in verb:
            structure = '("application" "pkcs7-mime" NIL NIL NIL "base64" 9000)'
            if behaviour == "garbled":
                structure = "(((( who knows"
            elif behaviour == "nested":
                structure = "(" * 1_000_000
            elif behaviour == "scattered":
                structure = "(" + "{1}\r\nx " * 200_000
            self.say(f"{answer} BODYSTRUCTURE {structure})")
            return False
        if behaviour in ("huge-literal", "large-literal"):
            self.say(f"{answer} BODY[] {{{10_000_000_000 if behaviour == 'huge-literal' else 4_000_000_000}}}")
            while True:
                self.say(b"QUJD" * 16384 + b"\r\n")
        partial = re.search(r"<0\.(\d+)>", verb)
        section, body = ("", mail)
        if partial:
            section, body = "<0>", mail[: int(partial[1])]
        octets = f"{answer} BODY[]{section} {{{len(body)}}}\r\n".encode() + body + b")\r\n"
        if behaviour == "cut":
            self.say(octets[: len(octets) // 2])
            return True
        self.say(octets)
        return False


serve(Talk, port_file)
