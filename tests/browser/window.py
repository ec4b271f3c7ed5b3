"""A browser of somebody's: a size, script or none, and a list of all that it asked for."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

DESKTOP = (1280, 900)
PHONE = (390, 844)
PATIENCE = 60
"""Seconds that anything may take."""
LOOK = 0.1
"""Seconds between two looks."""

# Chromium as root, without what it does on its own account: updates, sync, and other calls home.
OPTIONS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
]


class Request(NamedTuple):
    """Something that a browser asked for."""

    method: str
    url: str
    kind: str
    """What for: a Document, an Image, or XHR by a script."""


class Window:
    """One browser with one page."""

    def __init__(self, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        for option in [*OPTIONS, f"--user-data-dir={profile}"]:
            options.add_argument(option)
        options.binary_location = "/usr/bin/chromium"
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        self.script = True
        self.home = ""
        self.requests: list[Request] = []

    def close(self) -> None:
        """Ends it."""
        self.driver.quit()

    def be(self, size: tuple[int, int], script: bool, dark: bool = False) -> None:
        """Takes a size, and runs scripts or not."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.script = script

    def enter(self, address: str) -> None:
        """Comes in by the address that sn-web printed."""
        parts = urlsplit(address)
        self.home = f"{parts.scheme}://{parts.netloc}"
        self.driver.get(address)

    def look(self, path: str) -> None:
        """Opens a page."""
        self.driver.get(self.home + path)

    def all(self, selector: str) -> list[WebElement]:
        """What a CSS selector finds."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        """The first that it finds."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def fill(self, selector: str, words: str) -> None:
        """Types into a field."""
        field = self.one(selector)
        field.clear()
        field.send_keys(words)

    def press(self, element: WebElement) -> None:
        """Presses a button, and waits for the page that follows."""
        page = self.one("html")
        element.click()
        # Between two pages there is none to ask for.
        wait = WebDriverWait(self.driver, PATIENCE, LOOK, ignored_exceptions=[WebDriverException])
        wait.until(lambda _: self.one("html") != page and self.one("main"))

    def until(self, so: Callable[[], bool]) -> bool:
        """Waits until something is so; says whether it is."""
        try:
            return bool(WebDriverWait(self.driver, PATIENCE, LOOK).until(lambda _: so()))
        except TimeoutException:
            return False

    def packet(self, words: str) -> WebElement:
        """The packet that says this."""
        path = f"//article[contains(@class, 'packet')][.//*[contains(text(), {json.dumps(words)})]]"
        return self.driver.find_element(By.XPATH, path)

    def says(self) -> str:
        """All that can be read on the page."""
        return self.one("main").text

    def sends(self) -> None:
        """Presses the button that sends and fetches, and waits until that is done."""
        self.look("/waiting")
        self.rests()
        self.press(self.one("#round button"))
        self.rests()

    def rests(self) -> None:
        """Waits until nothing is sent or fetched any more."""

        def done(_: object) -> bool:
            if not self.script and self.all("#round a"):
                self.press(self.one("#round a"))
            return bool(self.all("#round button"))

        WebDriverWait(self.driver, PATIENCE, LOOK, ignored_exceptions=[WebDriverException]).until(done)

    def asked(self) -> list[Request]:
        """All that was asked for so far."""
        for entry in self.log("performance"):
            message: dict[str, Any] = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked = message["params"]["request"]
                self.requests.append(Request(asked["method"], asked["url"], message["params"].get("type", "")))
        return self.requests

    def complaints(self) -> list[str]:
        """What the browser complained of: refused by the policy, or not found."""
        return [entry["message"] for entry in self.log("browser")]

    def log(self, kind: str) -> list[dict[str, str]]:
        """What the browser noted since this was called last."""
        entries: list[dict[str, str]] = self.driver.execute(Command.GET_LOG, {"type": kind})["value"]
        return entries

    def width(self, picture: WebElement) -> int:
        """The pixels of a picture that is shown; 0 if it is not."""
        width: int = self.driver.execute_script("return arguments[0].naturalWidth", picture)
        return width

    def picture(self, name: str) -> None:
        """Keeps a picture of the whole page in the folder SHOTS, if there is to be one."""
        if folder := os.environ.get("SHOTS"):
            # Photographs are loaded when they are looked at.
            self.driver.execute_script("for (const it of document.images) it.loading = 'eager'")
            self.until(
                lambda: bool(self.driver.execute_script("return [...document.images].every((it) => it.complete)"))
            )
            shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
            (Path(folder) / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))
