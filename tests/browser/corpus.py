"""What strangers write is text, wherever it is shown."""

from urllib.parse import quote

from .tap import ok, same
from .window import Window

# What would run, load, or send something elsewhere, if it were more than text.
WORDS = [
    "<script>window.pwned = 1; alert(1)</script>",
    "\"><img src=x onerror='window.pwned = 1'>",
    "'><svg/onload=window.pwned=1>",
    "</textarea></title></style><script>window.pwned = 1</script>",
    "javascript:window.pwned=1",
    "<style>* { display: none; background: url(http://evil.example/x) }</style>",
    "<base href='http://evil.example/'><meta http-equiv='refresh' content='0;url=http://evil.example/'>",
    "<form action='http://evil.example/'><button>Press</button></form>",
    "<iframe src='http://evil.example/'></iframe><link rel='stylesheet' href='http://evil.example/'>",
    "{{ 7 * 7 }} ${7 * 7} &lt;script&gt;window.pwned = 1&lt;/script&gt; %3Cscript%3E",
    "\u202ereversed\u202c \u200bhidden\u200b",
]


def harmless(window: Window, where: str) -> None:
    """Nothing of it has become anything but text."""
    driver = window.driver
    found = driver.execute_script(
        """
        const bad = [];
        if (window.pwned) bad.push("it ran");
        for (const element of document.querySelectorAll("*")) {
            for (const {name} of element.attributes) if (/^(on|style$)/.test(name)) bad.push(element.outerHTML);
        }
        const never = "iframe, object, embed, base, meta[http-equiv], style, main svg";
        for (const element of document.querySelectorAll(never)) bad.push(element.outerHTML);
        for (const element of document.querySelectorAll("[src], [href], [action], [formaction]")) {
            const to = element.src || element.href || element.formAction || element.action;
            if (typeof to === "string" && !to.startsWith(location.origin + "/")) bad.push(element.outerHTML);
        }
        return bad;
        """
    )
    # The words of a link are the author's; where it leads, they say themselves.
    found = [html for html in found if not html.startswith("<a ") or "javascript:" in html.split(">")[0]]
    same(f"nothing on {where} is more than text", found, [])


def check(alice: Window) -> None:
    """Mallory has written it wherever something can be written; Alice looks at everything."""
    alice.complaints()
    for page in ["/", "/people", "/waiting", f"/search?q={quote('pwned')}"]:
        alice.look(page)
        harmless(alice, page.split("?")[0])
    for words in WORDS:
        alice.look(f"/search?q={quote(words)}")
        same(f"what is sought stands in its field: {words[:20]!r}", alice.one("#q").get_attribute("value"), words)
    alice.look("/")
    ok("it is all there to be read", "window.pwned" in alice.says(), alice.says())
    alice.driver.get(alice.one(".packet .name").get_attribute("href") or "")
    harmless(alice, "a person's page")
    same("the browser had nothing to refuse", alice.complaints(), [])
