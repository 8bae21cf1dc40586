"""Unfinished conversations, on both databases: who waits, what is kept back, pages that hold each once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from cases import unsent
from cases.events import NoSuchCase
from cases.listing import BadCursor
from cases.store import Store
from cases.unsent import Unsent
from tests.cases.builders import NOW, say


def begin(store: Store, number: int, state: str = "draft", organisation: str = "cqm", **draft: Any) -> str:
    reference = f"{organisation.upper()}-0000-000{number}-{number}"
    answers = {"story": "They lost my work.", **draft.pop("answers", {})}
    at = NOW - timedelta(hours=number)
    say(
        store, organisation=organisation, conversation_id=f"c{organisation}{number}", key_hash=f"{number:063x}{len(organisation)}",
        reference=reference, state=state, data={"answers": answers, **draft}, first_told_at=at, at=at,
        message_id=f"m{number}",
    )  # fmt: skip
    return reference


def names(found: list[Unsent]) -> list[str]:
    return [one.reference for one in found]


def test_who_asks_for_somebody_waits_and_words_of_harm_come_first(store: Store) -> None:
    plain, asked = begin(store, 1), begin(store, 2, flags=["asked_for_a_person"])
    harm, held = (
        begin(store, 3, flags=["risk_of_harm"]),
        begin(store, 4, flags=["risk_of_harm"], taken_over_by="Jo"),
    )
    begin(store, 5, "filed")
    begin(store, 6, organisation="cim", flags=["risk_of_harm"])
    pressing = store.read_sync(partial(unsent.pressing, organisation="cqm", restricted=True))
    assert names(pressing) == [harm, asked]
    others = store.read_sync(partial(unsent.page, organisation="cqm", limit=10, restricted=True))
    assert names(others.found) == [plain, held]
    assert others.next is None
    open_to_all = store.read_sync(partial(unsent.pressing, organisation="cqm", restricted=False))
    assert names(open_to_all) == [asked]


def test_pages_hold_each_once_and_pass_over_what_is_kept_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsent, "_AT_ONCE", 2)
    wanted = [begin(store, n) for n in (1, 3, 5)]
    for n in (2, 4, 6):
        begin(store, n, answers={"confidentiality": "asked"})
    seen: list[str] = []
    after: str | None = None
    for _ in range(5):
        page = store.read_sync(
            partial(unsent.page, organisation="cqm", limit=1, restricted=False, after=after)
        )
        seen += names(page.found)
        after = page.next
        if after is None:
            break
    assert seen == wanted
    given_up = store.read_sync(
        partial(unsent.page, organisation="cqm", limit=9, restricted=True, state="abandoned")
    )
    assert given_up.found == []
    with pytest.raises(BadCursor):
        store.read_sync(partial(unsent.page, organisation="cqm", limit=1, restricted=True, after="x"))


def test_one_is_found_within_its_organisation_alone(store: Store) -> None:
    reference = begin(store, 1)
    found = store.read_sync(partial(unsent.find, organisation="cqm", reference=reference))
    assert (found.reference, found.state, found.waits, found.restricted) == (reference, "draft", False, False)
    for organisation, name in (("cim", reference), ("cqm", "CQM-9999-9999-9")):
        asked = partial(unsent.find, organisation=organisation, reference=name)
        with pytest.raises(NoSuchCase):
            store.read_sync(asked)
