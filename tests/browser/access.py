"""Whether anybody is kept out: axe-core on every page."""

from axe_core_python.base import AXE_SCRIPT  # type: ignore[import-untyped]

from .tap import same
from .window import Window

PAGES = ["/", "/photo", "/people", "/searches", "/waiting", "/search?q=hills"]


def serious(window: Window) -> list[str]:
    """The serious faults of the page that is shown."""
    window.driver.execute_script(AXE_SCRIPT)
    found = window.driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    return [
        f"{fault['id']}: {node['html']} {node['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def check(window: Window, pages: list[str], how: str) -> None:
    """No page has any."""
    for page in pages:
        window.look(page)
        window.picture(f"{how}-{page.split('?')[0].strip('/').split('/')[0] or 'feed'}")
        same(f"axe-core finds no serious fault, {how}, {page.split('?')[0][:9]}", serious(window), [])
