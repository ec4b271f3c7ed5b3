"""Alice invites Bob, and they write to each other."""

import os
import subprocess
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from .tap import ok, same
from .window import Window


def meet(alice: Window, bob: Window) -> None:
    """Alice makes an invitation, Bob pastes it."""
    alice.look("/people")
    alice.fill("form[action='/invite'] [name=name]", "bob")
    alice.press(alice.one("form[action='/invite'] button"))
    invitation = alice.one("textarea").get_attribute("value") or ""
    ok("an invitation is shown", "BEGIN CMS" in invitation, invitation)
    bob.look("/people")
    bob.fill("form[action='/add'] [name=invitation]", invitation)
    bob.fill("form[action='/add'] [name=note]", "It is me, Bob.")
    bob.press(bob.one("form[action='/add'] button"))
    ok("who pastes it asks", "alice will be asked" in bob.says(), bob.says())
    for who in [bob, alice, bob, alice]:
        who.sends()
    for who, other in [(alice, "bob"), (bob, "alice")]:
        who.look("/people")
        ok(f"{other} is a contact", f"{other}\nfriend" in who.one(".people").text, who.says())


def short_invitation(alice: Window, qr: Path) -> str:
    """Alice makes one to be shown; the picture of its code is kept for zbarimg(1)."""
    alice.look("/people")
    alice.one("[name='form-of'][value='short']").click()
    alice.press(alice.one("form[action='/invite'] button"))
    alice.picture("invitation")
    qr.write_bytes(alice.one(".code").screenshot_as_png)
    return alice.one("textarea").get_attribute("value") or ""


def write(alice: Window, bob: Window, photo: Path, which: str, reader: str) -> None:
    """A status, a photograph, a comment, a reaction, and one taken back."""
    status = f"Back from the hills, {which}."
    alice.look("/")
    alice.fill("[name=text]", status)
    alice.press(alice.one("form[action='/status'] button"))
    ok(f"{which}: what is said is in the own feed", status in alice.says(), alice.says())

    alice.look("/photo")
    alice.one("#photo1").send_keys(str(photo))
    alice.fill("#alt1", f"A ridge, {which}")
    alice.fill("#text", f"The ridge at dawn, {which}.")
    alice.press(alice.one("#upload button"))
    uploads = [
        request.kind for request in alice.asked() if (request.method, request.url) == ("POST", f"{alice.home}/photo")
    ]
    same(f"{which}: which is sent by the script, or by the browser", uploads, ["XHR" if alice.script else "Document"])
    ok(f"{which}: so is the photograph", seen(alice, alice.packet(f"The ridge at dawn, {which}.")), alice.says())

    alice.sends()
    bob.sends()
    bob.look("/")
    ok(f"{which}: the other reads it", status in bob.says(), bob.says())
    ridge = bob.packet(f"The ridge at dawn, {which}.")
    ok(f"{which}: and sees the photograph", seen(bob, ridge), bob.says())
    same(f"{which}: described", ridge.find_element(By.TAG_NAME, "img").get_attribute("alt"), f"A ridge, {which}")
    large = ridge.find_element(By.CSS_SELECTOR, ".pictures a").get_attribute("href") or ""
    bob.driver.get(large)
    ok(f"{which}: in full size", bob.width(bob.one("img")) > 320)

    bob.look("/")
    packet = bob.packet(status)
    packet.find_element(By.CSS_SELECTOR, ".more summary").click()
    packet.find_element(By.CSS_SELECTOR, "form[action='/comment'] textarea").send_keys(f"Was there snow, {which}?")
    bob.press(packet.find_element(By.CSS_SELECTOR, "form[action='/comment'] button"))
    ok(f"{which}: a comment stands in the conversation", f"Was there snow, {which}?" in bob.says(), bob.says())
    bob.press(bob.packet(status).find_element(By.CSS_SELECTOR, "button[value='👍']"))
    bob.sends()
    alice.sends()
    alice.look("/")
    alice.picture(f"feed-{which}")
    ok(f"{which}: the comment arrives", f"Was there snow, {which}?" in alice.says(), alice.says())
    signs = alice.packet(status).find_elements(By.CSS_SELECTOR, ".reactions li")
    same(f"{which}: and the sign", [sign.text for sign in signs], [f"👍 {reader}"])

    packet = alice.packet(f"The ridge at dawn, {which}.")
    take_back = packet.find_elements(By.CSS_SELECTOR, ".more summary")[-1]
    take_back.click()
    alice.picture(f"tools-{which}")
    alice.press(packet.find_element(By.CSS_SELECTOR, "form[action='/retract'] button"))
    ok(f"{which}: what is taken back is gone", f"The ridge at dawn, {which}." not in alice.says(), alice.says())
    alice.sends()
    bob.sends()
    bob.look("/")
    ok(f"{which}: at the other's, too", f"The ridge at dawn, {which}." not in bob.says(), bob.says())


def decide(alice: Window, bob: Window) -> None:
    """Alice writes to Bob alone, makes sure of his key, and blocks him for a moment."""
    bob.look("/people")
    bob.press(bob.one(".people .name"))
    unfold(bob, "/check")
    his = bob.one("form[action='/check'] code").text
    alice.look("/people")
    alice.press(next(name for name in alice.all(".people .name") if name.text == "bob"))
    page = alice.driver.current_url.removeprefix(alice.home)
    alice.fill("#message", "For you alone.")
    alice.press(alice.one("form[action='/message'] button"))
    ok("a message is written to one person", "It is on its way." in alice.says(), alice.says())
    alice.sends()
    bob.sends()
    bob.look("/")
    ok("who reads it", "For you alone." in bob.says(), bob.says())

    alice.look(page)
    hers = alice.one("form[action='/check'] code").get_attribute("textContent") or ""
    for words, answer in [(hers, "not the fingerprint known of bob"), (his, "from now on it is sure")]:
        alice.look(page)
        unfold(alice, "/check")
        alice.fill("#spoken", words)
        alice.press(alice.one("form[action='/check'] button"))
        ok(f"fingerprints are compared: {answer}", answer in alice.says(), alice.says())
    alice.look("/people")
    ok("which is remembered", "friend, checked" in alice.one(".people").text, alice.says())

    alice.look(page)
    unfold(alice, "/block")
    alice.press(alice.one("form[action='/block'] button"))
    alice.look(page)
    ok("to whoever is blocked nothing can be written", not alice.all("#message"), alice.says())
    alice.press(alice.one("form[action='/unblock'] button"))
    ok("who is unblocked is what they were", "friend" in alice.one(".person .facts").text, alice.says())
    alice.sends()
    bob.sends()


def unfold(window: Window, form: str) -> None:
    """Opens what a form lies in."""
    window.one(f"details:has(form[action='{form}']) > summary").click()


def look_for(alice: Window) -> None:
    """Alice looks for somebody through her contacts."""
    alice.look("/people")
    alice.press(alice.one("a[href='/searches']"))
    alice.fill("#name", "Lovelace, Ada")
    alice.fill("#town", "London")
    alice.one("form[action='/search-begin'] summary").click()
    alice.fill("#secret", "what the boat was called")
    alice.press(alice.one("form[action='/search-begin'] button"))
    ok("a search is begun", "2 contacts are asked" in alice.says(), alice.says())
    ok("and listed", "name='ada lovelace' town=london" in alice.says(), alice.says())
    same("its secret is not shown again", alice.one("#secret").get_attribute("value"), "")


def hint(alice: Window, bob: Window, home: Path) -> None:
    """What comes while Alice looks at the feed is told there."""
    alice.look("/")
    bob.look("/")
    bob.fill("[name=text]", "Look out of the window!")
    bob.press(bob.one("form[action='/status'] button"))
    bob.sends()
    # As cron does.
    subprocess.run(["sn-sync"], env={**os.environ, "SN_HOME": str(home)}, check=True)
    ok("the feed tells of what has come", alice.until(lambda: bool(alice.all("#news a"))), alice.says())
    alice.press(alice.one("#news a"))
    ok("and shows it as new", "new" in alice.packet("Look out of the window!").text, alice.says())


def sends_meanwhile(alice: Window, bob: Window, photo: Path, home: Path) -> None:
    """What came while Alice sends a photograph by the script is new to her afterwards."""
    alice.look("/photo")
    bob.look("/")
    bob.fill("[name=text]", "Look at the sky!")
    bob.press(bob.one("form[action='/status'] button"))
    bob.sends()
    subprocess.run(["sn-sync"], env={**os.environ, "SN_HOME": str(home)}, check=True)
    alice.one("#photo1").send_keys(str(photo))
    alice.fill("#alt1", "Clouds")
    alice.fill("#text", "What a sky!")
    alice.press(alice.one("#upload button"))
    ok("a photograph sent by the script is in the feed", seen(alice, alice.packet("What a sky!")), alice.says())
    ok("and what came meanwhile is new", "new" in alice.packet("Look at the sky!").text, alice.says())


def seen(window: Window, packet: WebElement) -> bool:
    """Whether the picture of a packet is shown, once it is looked at."""
    picture = packet.find_element(By.TAG_NAME, "img")
    window.driver.execute_script("arguments[0].scrollIntoView()", picture)
    return window.until(lambda: window.width(picture) > 0)
