"""One step of a node by hand: `python -m second FOLDER COMMAND ...`, where FOLDER is the account's."""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from . import node, owing, packet, seal, threads
from .account import Account
from .packet import element
from .state import Item


def main() -> None:
    arguments = _arguments()
    if arguments.command == "init":
        account = Account.create(arguments.folder, arguments.name, arguments.post)
        account.state.relay_after, account.state.confirm_after = arguments.relay, arguments.confirm
        account.save()
        print(account.me)
        return
    account = Account(arguments.folder)
    COMMANDS[arguments.command](account, arguments)
    account.save()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="second", description=__doc__)
    parser.add_argument("folder", type=Path)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, *words: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name)
        for word in words:
            made.add_argument(word)
        return made

    made = command("init", "name", "post")
    made.add_argument("--relay", type=int, default=600, help="seconds that others' comments wait for company")
    made.add_argument("--confirm", type=int, default=86400, help="seconds that confirmations do")
    for name in ("round", "invite", "add", "contacts", "feed", "keys"):
        command(name)
    for name in ("accept", "bye"):
        command(name, "who")
    for name in ("status", "message"):
        made = command(name, "text")
        made.add_argument("--to", action="append", default=[])
        made.add_argument("--file", action="append", default=[], type=Path)
        made.add_argument("--share", action="store_true")
        made.add_argument("--expires")
    for name in ("comment", "reaction", "edit"):
        command(name, "about", "text")
    for name in ("retract", "close", "share"):
        command(name, "about")
    command("get", "about", "number")
    command("bio", "text")
    command("clear", "who")
    return parser.parse_args()


def _round(account: Account, arguments: argparse.Namespace) -> None:
    node.fetch(account)
    node.send(account)


def _invite(account: Account, _: argparse.Namespace) -> None:
    sys.stdout.buffer.write(node.invite(account))


def _add(account: Account, _: argparse.Namespace) -> None:
    node.add(account, sys.stdin.buffer.read())


def _accept(account: Account, arguments: argparse.Namespace) -> None:
    contact = node.who(account, arguments.who)
    if contact.state == "introduced":
        contact.state, contact.due = "asked", {"request": account.now}
    elif contact.state == "waiting":
        contact.state, contact.due = "friend", {"accept": account.now, "public": account.now}


def _bye(account: Account, arguments: argparse.Namespace) -> None:
    contact = node.who(account, arguments.who)
    contact.state, contact.due = "gone", {"bye": account.now}


def _contacts(account: Account, _: argparse.Namespace) -> None:
    for contact in account.state.contacts.values():
        profile = account.profile_of(contact)
        confirmed = sum(sent.confirmed for sent in contact.sent.values())
        shown: dict[str, object] = {
            "name": profile.name,
            "bio": profile.bio,
            "state": contact.state,
            "grade": contact.grade,
        }
        shown |= {"alarm": contact.alarm, "serial": profile.serial, "fingerprint": contact.fingerprint}
        shown |= {"sent": len(contact.sent), "confirmed": confirmed, "chunks": len(contact.confirmed_chunks)}
        shown |= {"missing": sum(gap.last - gap.first + 1 for gaps in contact.gaps.values() for gap in gaps)}
        print(json.dumps(shown, ensure_ascii=False))


def _feed(account: Account, _: argparse.Namespace) -> None:
    for item in account.state.items.values():
        words = item.type in threads.TYPES and item.type not in threads.CHANGES
        if not words and (item.understood or item.author == account.me):
            continue
        shown: dict[str, object] = {"id": item.id, "type": item.type, "from": _name(account, item), "text": item.text}
        shown |= {"gone": item.gone, "closed": item.closed, "edited": bool(item.version), "expires": item.expires}
        shown |= {"through": item.through if item.through != item.author else "", "understood": item.understood}
        if item.type == "share" and item.signed:
            shown["shared"] = threads.carried(account.packet_of(item)).text
        here = [account.blob(chunk).exists() for chunk in item.chunks]
        print(json.dumps(shown | {"complete": all(here)}, ensure_ascii=False))


def _name(account: Account, item: Item) -> str:
    known = account.state.contacts.get(item.author)
    own = account.state.name if item.author == account.me else item.claims or item.author
    return account.profile_of(known).name if known else own


def _say(account: Account, arguments: argparse.Namespace) -> None:
    named = [node.who(account, name).fingerprint for name in arguments.to]
    readers = named or [friend.fingerprint for friend in account.state.friends()]
    attributes = {"expires": arguments.expires} if arguments.expires else {}
    attributes |= {"share": "yes"} if arguments.share else {}
    to = [element("to", reader) for reader in named] if arguments.command == "message" else []
    files = [node.attach(account, path) for path in arguments.file]
    _sealed(
        account, node.say(account, arguments.command, readers, attributes, *to, element("text", arguments.text), *files)
    )


def _answer(account: Account, arguments: argparse.Namespace) -> None:
    about = node.find(account, arguments.about)
    _sealed(account, node.answer(account, arguments.command, about, arguments.text))


def _edit(account: Account, arguments: argparse.Namespace) -> None:
    target = node.find(account, arguments.about)
    version = str(target.version + 1)
    _sealed(account, node.change(account, "edit", target, {"version": version}, arguments.text))


def _close(account: Account, arguments: argparse.Namespace) -> None:
    target = node.find(account, arguments.about)
    _sealed(account, node.change(account, "edit", target, {"version": "1", "thread": "closed"}))


def _retract(account: Account, arguments: argparse.Namespace) -> None:
    _sealed(account, node.change(account, "retract", node.find(account, arguments.about), {}))


def _share(account: Account, arguments: argparse.Namespace) -> None:
    shared = node.find(account, arguments.about)
    readers = [friend.fingerprint for friend in account.state.friends()]
    _sealed(account, node.say(account, "share", readers, {}, element("signed", shared.signed)))


def _clear(account: Account, arguments: argparse.Namespace) -> None:
    """Whatever packet is on standard input, sealed for one reader."""
    own = packet.read(sys.stdin.buffer.read())
    item = account.keep(own, seal.sign(account.identity, own.data, account.now), "")
    node.who(account, arguments.who).words.append(item.key)
    _sealed(account, item)


def _sealed(account: Account, item: Item) -> None:
    node.send(account)
    print(item.id)


def _get(account: Account, arguments: argparse.Namespace) -> None:
    data = node.get(account, node.find(account, arguments.about), int(arguments.number))
    print(hashlib.sha256(data).hexdigest())


def _bio(account: Account, arguments: argparse.Namespace) -> None:
    account.state.bio = arguments.text
    owing.changed(account)


def _keys(account: Account, _: argparse.Namespace) -> None:
    for pair in account.pairs:
        print(pair.purpose, pair.made)


COMMANDS = {
    "invite": _invite,
    "add": _add,
    "accept": _accept,
    "bye": _bye,
    "contacts": _contacts,
    "feed": _feed,
    "keys": _keys,
    "round": _round,
    "status": _say,
    "message": _say,
    "comment": _answer,
    "reaction": _answer,
    "edit": _edit,
    "close": _close,
    "retract": _retract,
    "share": _share,
    "get": _get,
    "bio": _bio,
    "clear": _clear,
}

main()
