"""usage: python -m browser FOLDER, with the addresses of both, a site, and room for profiles, in FOLDER."""

import sys
from pathlib import Path

from . import access, corpus, site, story, tap
from .window import DESKTOP, PHONE, Window


def main(folder: Path) -> None:
    """The whole of it."""
    alice, bob = Window(folder / "alice-profile"), Window(folder / "bob-profile")
    reader = Window(folder / "reader-profile")
    try:
        site.check(reader, folder / "site")
        for window, name in [(alice, "alice"), (bob, "bob")]:
            window.enter((folder / f"{name}.address").read_text().strip())
        photo = folder / "ridge.jpg"
        alice.be(DESKTOP, script=True)
        bob.be(PHONE, script=False)
        story.meet(alice, bob)
        story.write(alice, bob, photo, "script on a screen", "bob")
        alice.be(PHONE, script=True)
        bob.be(DESKTOP, script=False)
        story.write(bob, alice, photo, "none on a screen", "alice")
        code = story.short_invitation(alice, folder / "code.png")
        (folder / "code").write_text(code)
        story.decide(alice, bob)
        story.look_for(alice)
        story.hint(alice, bob, folder / "alice")
        story.sends_meanwhile(alice, bob, photo, folder / "alice")
        corpus.check(alice)
        for size, script, dark, how in [
            (DESKTOP, True, False, "screen-light"),
            (PHONE, True, True, "phone-dark"),
        ]:
            alice.be(size, script, dark)
            alice.look("/")
            person = alice.one(".packet .name").get_attribute("href") or ""
            thread = alice.one(".packet .facts a").get_attribute("href") or ""
            pages = [*access.PAGES, *(link.removeprefix(alice.home) for link in (person, thread))]
            access.check(alice, pages, how)
        for window, name in [(alice, "alice"), (bob, "bob")]:
            asked = {request.url for request in window.asked()}
            here = {url for url in asked if url.startswith(window.home + "/")}
            elsewhere = {url for url in asked - here if not url.startswith(("data:", "chrome:"))}
            tap.ok(f"{name}'s browser asked nobody else", here and not elsewhere, elsewhere)
    finally:
        alice.close()
        bob.close()
        reader.close()
    tap.plan()


main(Path(sys.argv[1]))
