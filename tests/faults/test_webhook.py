"""The server is killed at random while it hands over to a receiver that is slow and at times denies what it took."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.campaign import Plan, run
from tests.faults.processes import Nursery

pytestmark = pytest.mark.timeout(300)
SEED = 20261121
MINI = Path(__file__).parents[1] / "policy_rules" / "packs"
PLAN = Plan(14, SEED, 18.0, None, MINI, forks_only=True, longest_life=0.2, webhook=True, patience=90.0)
# Whoever is to be caught need not be waited for.
CAUGHT = replace(PLAN, patience=8.0)


@pytest.mark.slow
def test_each_case_is_effective_once_at_the_receiver(nursery: Nursery) -> None:
    campaign = run(PLAN, nursery)
    sys.stdout.write(f"{campaign}\n")
    assert campaign.findings == [], str(campaign)
    assert len(campaign.finished) == len(campaign.held) >= 6
    assert campaign.kills >= 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", ["new-id-each-attempt", "settle-first", "lease-never-expires", "receiver-forgets"]
)
def test_a_planted_fault_is_caught(nursery: Nursery, fault: str) -> None:
    """What the dice let pass once, they do not four times."""
    caught: set[str] = set()
    for attempt in range(4):
        campaign = run(replace(CAUGHT, seed=SEED + attempt, fault=fault), nursery)
        sys.stdout.write(f"{campaign}\n")
        caught |= campaign.kinds()
        if "files" in caught:
            break
    assert "files" in caught
