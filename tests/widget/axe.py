"""axe-core from the locked Node packages: what it finds wrong on a page and in its frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Frame, Page

SOURCE = Path(__file__).parents[2] / "web_widget" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "(tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations', 'incomplete'] })"


def findings(page: Page) -> tuple[list[str], list[str]]:
    """The violations, and what axe could not tell, each as `rule: place`."""
    for frame in page.frames:
        _inject(frame)
    found: dict[str, Any] = page.evaluate(RUN, TAGS)
    small = [node for rule in found["violations"] if rule["id"] == "target-size" for node in rule["nodes"]]
    if small and len(small[0]["target"]) == 1:
        # A control that is half scrolled away is a small target to axe: it counts as it is once it is scrolled to.
        page.evaluate(
            "at => document.querySelector(at).scrollIntoView({ block: 'center' })", small[0]["target"][0]
        )
        found = page.evaluate(RUN, TAGS)
    violations, unsure = (
        [f"{rule['id']}: {node['target']}" for rule in found[kind] for node in rule["nodes"]]
        for kind in ("violations", "incomplete")
    )
    return violations, unsure


def _inject(frame: Frame) -> None:
    if not frame.evaluate("'axe' in window"):
        frame.evaluate(f"{SOURCE.read_text()}\n;undefined")
