"""What drives real processes is held a second time before it fails, and is named when that was needed.

A browser, a server that is killed, a port that somebody else took: on a busy machine one of thousands stumbles over
nothing that we wrote. Pure code has no such excuse and is never held again. A run in which more than a handful stumbled
fails, whatever the second time brought: that is no accident.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
REAL = (
    *("app", "bench", "channels", "cli", "console", "evidence", "faults"),
    *("forms", "handoff", "proxy", "tracker", "widget"),
)
MOST = 6


def drives_processes(item: pytest.Item) -> bool:
    """Whether a test stands in a folder whose tests run servers, browsers or receivers."""
    inside = item.path.relative_to(TESTS).parts if item.path.is_relative_to(TESTS) else ()
    return item.get_closest_marker("browser") is not None or (len(inside) > 1 and inside[0] in REAL)


class Again:
    """Marks those tests, and counts in the process that reports."""

    def __init__(self) -> None:
        self.stumbled: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if drives_processes(item):
                item.add_marker(pytest.mark.flaky(reruns=1))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # The library's own outcome, which pytest's types do not know.
        if str(report.outcome) == "rerun":
            self.stumbled.append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if len(self.stumbled) > MOST and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.stumbled:
            return
        terminalreporter.section("held a second time")
        for name in self.stumbled:
            terminalreporter.line(name)
        if len(self.stumbled) > MOST:
            terminalreporter.line(f"More than {MOST}: that is no accident. The run fails.")
