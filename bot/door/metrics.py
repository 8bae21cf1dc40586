"""What a running server counts, in the Prometheus text format."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping

# Seconds. The budget of a turn is a few milliseconds; beyond a second something is wrong.
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

Labels = tuple[tuple[str, str], ...]


class Histogram:
    """How long something took: counts by bucket, their sum and number."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.sum += seconds


class Metrics:
    """Counters since this process began. Nothing here names a person, a conversation or an address."""

    def __init__(self) -> None:
        self.turns: Counter[Labels] = Counter()
        self.replayed = 0
        self.requests: Counter[Labels] = Counter()
        self.turn_seconds = Histogram()
        self.sockets = 0

    def turn(self, organisation: str, face: str, state: str, seconds: float, replayed: bool) -> None:
        """One message answered; `state` is the conversation's after it."""
        self.turns[(("organisation", organisation), ("face", face), ("state", state))] += 1
        self.replayed += replayed
        self.turn_seconds.add(seconds)

    def request(self, method: str, status: int) -> None:
        self.requests[(("method", method), ("status", str(status)))] += 1

    def text(self, gauges: Mapping[str, tuple[str, Mapping[Labels, float]]]) -> str:
        """The exposition; `gauges` adds name -> (help, values by labels) read at this moment."""
        lines: list[str] = []
        lines += _family("hearout_turns_total", "counter", "Messages answered.", self.turns.items())
        lines += _family(
            "hearout_turns_replayed_total",
            "counter",
            "Messages that had been answered before and were answered alike.",
            [((), self.replayed)],
        )
        lines += _family(
            "hearout_requests_total", "counter", "HTTP requests answered.", self.requests.items()
        )
        lines += _family("hearout_sockets", "gauge", "WebSockets open now.", [((), self.sockets)])
        for name, (says, values) in gauges.items():
            lines += _family(name, "gauge", says, values.items())
        lines += self._durations("hearout_turn_seconds", "Time to answer a message, its commit included.")
        return "\n".join(lines) + "\n"

    def _durations(self, name: str, says: str) -> Iterable[str]:
        yield f"# HELP {name} {says}"
        yield f"# TYPE {name} histogram"
        total = 0
        for bucket, count in zip((*map(str, BUCKETS), "+Inf"), self.turn_seconds.counts, strict=True):
            total += count
            yield f'{name}_bucket{{le="{bucket}"}} {total}'
        yield f"{name}_sum {self.turn_seconds.sum:.6f}"
        yield f"{name}_count {total}"


def _family(name: str, kind: str, says: str, values: Iterable[tuple[Labels, float]]) -> Iterable[str]:
    yield f"# HELP {name} {says}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values:
        shown = ",".join(f'{label}="{text}"' for label, text in labels)
        yield f"{name}{{{shown}}} {value}" if shown else f"{name} {value}"
