"""How soon something can be done: a page on a slow machine and a slow line, measured inside the page."""

from __future__ import annotations

from statistics import median

from playwright.sync_api import Browser

# A phone of the cheaper kind on a poor line: CPU four times slower, 1.6 Mbit/s, 150 ms there and back.
CPU = 4
LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
# The first frame in which the control is there, in milliseconds since the navigation began.
SEEN = """(() => {
  const look = () => {
    const found = %s;
    if (found && found.getClientRects().length && !found.disabled && document.styleSheets.length >= %d) window.seen = performance.now();
    else requestAnimationFrame(look);
  };
  look();
})()"""

WHEN = """() => new Promise((tell) => {
  const ask = () => (window.seen ? tell(window.seen) : setTimeout(ask, 20));
  ask();
})"""


def seconds_until(browser: Browser, url: str, control: str, sheets: int = 0) -> float:
    """From the start of the navigation until a control can be used, with nothing in any cache.

    `control` is an expression that finds it in the page; so many style sheets must be there too.
    """
    context = browser.new_context(viewport={"width": 460, "height": 860})
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", LINE)
        session.send("Emulation.setCPUThrottlingRate", {"rate": CPU})
        page.add_init_script(SEEN % (control, sheets))
        page.goto(url, wait_until="commit")
        return float(page.evaluate(WHEN)) / 1000
    finally:
        context.close()


def over(browser: Browser, blank: tuple[str, str], page: tuple[str, str, int], runs: int = 5) -> float:
    """What a page takes beyond a blank one: the median of differences between neighbours, which have the same weather."""

    def seconds(url: str, selector: str, sheets: int) -> float:
        return seconds_until(browser, url, f"document.querySelector({selector!r})", sheets)

    return median(-seconds(*blank, 0) + seconds(*page) for _ in range(runs))


def least_over(
    browser: Browser, blank: tuple[str, str], page: tuple[str, str, int], enough: float, tries: int = 3
) -> float:
    """The least of so many medians; the first that is enough ends it. A busy machine only ever adds."""
    found = []
    for _ in range(tries):
        found.append(over(browser, blank, page))
        if found[-1] <= enough:
            break
    return min(found)
