"""The feed as a folder of pages: what strangers wrote stays text, nobody is kept out, and nothing is asked for elsewhere."""

from pathlib import Path

from . import access, tap
from .window import DESKTOP, PHONE, Window


def check(window: Window, folder: Path) -> None:
    """Every kind of page, on a screen and on a phone."""
    pages = [
        folder / "index.html",
        *(
            next(iter(sorted(kind.glob("*.html"))))
            for kind in folder.iterdir()
            if kind.is_dir() and any(kind.glob("*.html"))
        ),
    ]
    for size, dark, how in [(DESKTOP, False, "screen-light"), (PHONE, True, "phone-dark")]:
        window.be(size, script=True, dark=dark)
        for page in pages:
            window.driver.get(page.as_uri())
            kind = page.relative_to(folder).parts[0]
            window.picture(f"site-{how}-{kind}")
            tap.same(f"axe-core finds no serious fault, site, {how}, {kind}", access.serious(window), [])
            ran = window.driver.execute_script("return window.pwned !== undefined")
            wide = window.driver.execute_script("return document.documentElement.scrollWidth > innerWidth")
            tap.same(f"nothing of strangers runs or makes it wider, site, {how}, {kind}", [ran, wide], [False, False])
    asked = {request.url for request in window.asked()}
    elsewhere = {url for url in asked if not url.startswith((folder.as_uri() + "/", "data:", "chrome:"))}
    tap.ok("a page of the folder asks nobody else", asked and not elsewhere, elsewhere)
