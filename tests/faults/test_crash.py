"""The server is killed at random while people talk to it: nothing that they were told is untrue afterwards."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.campaign import Plan, run
from tests.faults.processes import Nursery

pytestmark = pytest.mark.timeout(420)
SEED = 20261121
MINI = Path(__file__).parents[1] / "policy_rules" / "packs"
# Short lives: more deaths for each conversation, and so for each second of a planted fault's test.
SHORT = 0.12


@pytest.mark.slow
def test_no_acknowledged_message_is_lost_or_doubled_and_each_case_is_handed_over_once(
    nursery: Nursery,
) -> None:
    campaign = run(Plan(150, SEED, seconds=200.0), nursery)
    sys.stdout.write(f"{campaign}\n")
    assert campaign.findings == [], str(campaign)
    # On a slow machine the time may be over first; what was begun is always brought to its end.
    assert len(campaign.finished) == len(campaign.held) >= 100
    assert campaign.kills >= 5
    assert campaign.sent_again > 0


@pytest.mark.parametrize(
    ("fault", "caught_as"),
    [
        ("acknowledge-before-commit", "lost"),
        ("no-idempotency", "doubled"),
        ("outbox-after-commit", "handover"),
    ],
)
def test_a_planted_fault_is_caught(nursery: Nursery, fault: str, caught_as: str) -> None:
    """Sixteen conversations catch each of them nearly always; what the dice let pass once, they do not four times."""
    caught: set[str] = set()
    for attempt in range(4):
        plan = Plan(16, SEED + attempt, 20.0, fault, MINI, forks_only=True, longest_life=SHORT)
        campaign = run(plan, nursery)
        sys.stdout.write(f"{campaign}\n")
        caught |= campaign.kinds()
        if caught_as in caught:
            break
    assert caught_as in caught


def test_the_same_schedule_finds_nothing_in_a_server_without_a_fault(nursery: Nursery) -> None:
    campaign = run(Plan(16, SEED, 20.0, None, MINI, forks_only=True, longest_life=SHORT), nursery)
    sys.stdout.write(f"{campaign}\n")
    assert campaign.findings == [], str(campaign)
