#!/usr/bin/env python3
"""A POP3 server that misbehaves, on loopback and in clear text. It serves the mails that it is given, the first as number
1, and writes every command into a log.

usage: bad-pop3.py BEHAVIOUR PORT-FILE LOG MAIL...

The port is in PORT-FILE once somebody may connect. It ends when its standard input does.
"""

import socketserver
import sys

from serving import serve

BEHAVIOURS = [
    "good",
    "busy",  # the greeting says that it does not want us now
    "no-stls",  # STLS is refused, as if somebody between had taken it away
    "tls-first",  # offers no login before TLS
    "injected",  # STLS is accepted, and an answer to the next command sent ahead of TLS
    "refusing",  # no password is right
    "crowded",  # no password is right the second time, as there are too many connections
    "revoked",  # hangs up the second time, and then no password is right
    "locked",  # another session is open
    "endless-line",  # the answer to UIDL has no end, and no line end
    "endless-list",  # it has line ends, and no end
    "endless-mail",  # sends the first mail for ever
    "cut",  # hangs up in the middle of the last mail
    "no-for-one",  # refuses to give the mails that begin with "Subject: broken"
    "no-for-now",  # has none to give for now
    "cut-at-one",  # hangs up at these
    "cut-once",  # the first time only
    "cut-at-top",  # already when their beginnings are asked for
    "pipelining",  # answers many commands at a time, and else as cut-at-top
    "list-refused",  # has the mails, and does not list them now
    "no-uidl",
    "nameless",  # that, and else as cut-at-one
    "no-top",
    "repeated",  # every mail has the same UIDL
]
behaviour, port_file, log, *mails = sys.argv[1:]
if behaviour not in BEHAVIOURS:
    sys.exit(f"{behaviour}: no such behaviour")
mails = [open(name, "rb").read() for name in mails]
logins = []
cuts = []


class Talk(socketserver.StreamRequestHandler):
    def say(self, octets):
        self.wfile.write(octets if isinstance(octets, bytes) else octets.encode() + b"\r\n")
        self.wfile.flush()

    def text(self, octets):
        self.say(b"+OK\r\n" + octets.replace(b"\n.", b"\n..") + b"\r\n.\r\n")

    def handle(self):
        try:
            self.say("-ERR not today" if behaviour == "busy" else "+OK ready")
            for line in self.rfile:
                line = line.decode(errors="replace").strip()
                with open(log, "a") as written:
                    print(line, file=written)
                if self.obey(*line.split(" ")):
                    return
        except (BrokenPipeError, ConnectionResetError):
            pass

    def obey(self, verb, *rest):
        if verb == "CAPA":
            # Neither SASL nor PIPELINING: as old servers are.
            offers = b"STLS\r\nTOP\r\nUIDL" if behaviour == "tls-first" else b"USER\r\nTOP\r\nUIDL"
            self.text(offers + (b"\r\nPIPELINING" if behaviour == "pipelining" else b""))
        elif verb == "STLS":
            self.say("-ERR what is that" if behaviour == "no-stls" else b"+OK begin\r\n+OK\r\nUSER\r\n.\r\n+OK\r\n+OK\r\n")
            return behaviour == "no-stls"
        elif verb == "PASS" and behaviour == "crowded":
            logins.append(rest)
            self.say("-ERR too many connections" if len(logins) == 2 else "+OK")
        elif verb == "PASS" and behaviour == "revoked":
            logins.append(rest)
            if len(logins) == 2:
                return True
            self.say("+OK" if len(logins) == 1 else "-ERR [AUTH] wrong")
        elif verb == "PASS" and behaviour in ("refusing", "locked"):
            self.say("-ERR [IN-USE] locked" if behaviour == "locked" else "-ERR [AUTH] wrong")
        elif verb == "UIDL" and behaviour == "endless-line":
            self.say("+OK")
            while True:
                self.say(b"x" * 65536)
        elif verb == "UIDL" and behaviour == "endless-list":
            self.say("+OK")
            while True:
                self.say(b"1 x\r\n" * 10000)
        elif verb == "UIDL" and behaviour in ("no-uidl", "nameless") or verb == "TOP" and behaviour == "no-top":
            self.say("-ERR what is that")
        elif verb == "UIDL":
            name = "same" if behaviour == "repeated" else "mail{}"
            self.text("\r\n".join(f"{number} {name.format(number)}" for number in range(1, len(mails) + 1)).encode())
        elif verb == "LIST" and behaviour == "list-refused":
            self.say("-ERR [SYS/TEMP] not now")
        elif verb == "LIST":
            self.text("\r\n".join(f"{number + 1} {len(mail)}" for number, mail in enumerate(mails)).encode())
        elif verb in ("TOP", "RETR"):
            mail = mails[int(rest[0]) - 1]
            broken = mail.startswith(b"Subject: broken")
            at_whole = behaviour in ("cut-at-one", "nameless") and verb == "RETR"
            if broken and (behaviour in ("cut-at-top", "pipelining") or at_whole):
                return True
            if behaviour == "no-for-now" and verb == "RETR":
                self.say("-ERR [SYS/TEMP] the disk is away")
                return False
            if broken and behaviour == "cut-once" and not cuts:
                cuts.append(mail)
                return True
            if broken and behaviour == "no-for-one":
                self.say("-ERR cannot open it")
            elif verb == "TOP":
                self.text(b"\n".join(mail.split(b"\n")[:80]))
            elif behaviour == "endless-mail":
                self.say("+OK")
                while True:
                    self.say(b"QUJD" * 16384 + b"\r\n")
            elif behaviour == "cut" and int(rest[0]) == len(mails):
                self.say(b"+OK\r\n" + mail[: len(mail) // 2])
                return True
            else:
                self.text(mail)
        else:
            self.say("+OK")
        return verb == "QUIT"


serve(Talk, port_file)
