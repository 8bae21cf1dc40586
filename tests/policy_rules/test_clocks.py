"""Clocks that wait for an event, early exits, windows from before the complaint, and the slips that are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from policy_rules.clocks import GIVEN_EVENTS, parse_events
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide
from policy_rules.decision import Decision, Needs
from policy_rules.errors import BadInstant, BrokenPack, UnknownEvent
from policy_rules.examples import check_examples
from policy_rules.loader import parse_pack
from policy_rules.pack import Pack
from policy_rules.verify import refuse_if_unsound, verify

PACKS = Path(__file__).parent / "packs"
TEXTS = {name: (PACKS / f"{name}.yml").read_text("utf-8") for name in ("lgsco", "nhs", "mini")}
LGSCO, NHS, MINI = (CompiledPack(parse_pack(TEXTS[name], f"{name}.yml")) for name in ("lgsco", "nhs", "mini"))
RECEIVED = datetime(2026, 11, 2, 9, tzinfo=UTC)


def shown(pack: CompiledPack, events: dict[str, str] | None = None, **facts: str) -> dict[str, Any]:
    given = parse_events(pack, events or {})
    decision = decide(pack, {"nature": "complaint", **facts}, RECEIVED, assume=True, events=given)
    assert isinstance(decision, Decision)
    return decision.as_json()


def the_clock(decision: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = [clock for clock in decision["clocks"] if clock["kind"] == kind]
    assert isinstance(found, dict)
    return found


class TestWaiting:
    def test_it_has_no_date_but_an_outer_bound_until_the_event_is_known(self) -> None:
        waiting = the_clock(shown(LGSCO), "respond")
        assert (waiting["due"], waiting["latest_day"]) == (None, "2026-11-23")
        assert waiting["extension"]["latest_day"] is None
        begun = the_clock(shown(LGSCO, {"acknowledged_at": "2026-11-04"}), "respond")
        assert begun["due"] == "2026-11-18"
        assert "latest_day" not in begun
        assert begun["extension"] == {
            "amount": 10,
            "unit": "working_day",
            "times": 1,
            "needs_reason": True,
            "needs_consent": False,
            "must_tell": ["the reason", "the new day", "how to reach the ombudsman"],
            "latest_day": "2026-12-02",
        }

    def test_an_acknowledgement_in_time_never_leads_past_the_bound(self) -> None:
        bound = the_clock(shown(LGSCO), "respond")["latest_day"]
        begun = [
            the_clock(shown(LGSCO, {"acknowledged_at": f"2026-11-{day:02}"}), "respond")["due"]
            for day in range(2, 10)
        ]
        assert begun == sorted(begun)
        assert begun[-1] == bound

    def test_a_window_with_two_readings_has_both_days_once_the_answer_is_there(self) -> None:
        window = the_clock(shown(LGSCO, {"response_received_at": "2026-11-30"}), "escalate")
        assert (window["due"], window["last_day"], window["latest_day"]) == (
            "2026-12-28",
            "2026-12-28",
            "2026-12-30",
        )
        before = the_clock(shown(LGSCO), "escalate")
        assert (before["due"], before["last_day"], before["latest_day"]) == (None, None, None)

    def test_a_duty_due_with_a_clock_has_its_date_in_an_unsettled_decision_too(self) -> None:
        facts = {"nature": "complaint", "nation": "england", "stage_reached": "none", "channel": "in_person"}
        facts |= {"body_concerned": "us", "excluded": "false", "transferred_to_us": "false"}
        found = decide(NHS, facts, RECEIVED)
        assert isinstance(found, Needs)
        assert found.needs == ("on_behalf_of", "representative_basis")
        assert found.certain["acknowledge_by"] == "2026-11-05"
        # Whether permission is needed is open, so the duties are; with that known, only who speaks is open.
        assert "duties" not in found.certain
        whole = decide(NHS, {**facts, "on_behalf_of": "self"}, RECEIVED)
        assert isinstance(whole, Decision)
        duties = {duty["kind"]: duty for duty in whole.as_json()["duties"]}
        assert duties["supply_record"]["due"] == "2026-11-05"
        assert duties["supply_record"]["with"] == "acknowledge"
        assert duties["explain_delay"] == {
            "kind": "explain_delay",
            "due": None,
            "clause": "2009/309, response",
            "if_missed": "respond",
        }

    def test_events_say_nothing_to_a_pack_whose_clocks_wait_for_none(self) -> None:
        events = {f"{event}_at": "2026-11-04" for event in GIVEN_EVENTS if event != "response_received"}
        assert shown(MINI, events, subject="service") == shown(MINI, subject="service")


SPOKEN = {"channel": "in_person"}
SETTLED = {"resolved_at": "2026-11-03T16:00:00+00:00"}


class TestEarlyExit:
    def test_what_is_resolved_in_time_owes_nothing_more(self) -> None:
        decision = shown(NHS, SETTLED, **SPOKEN)
        assert [clock["kind"] for clock in decision["clocks"]] == ["early_resolution"]
        assert (decision["acknowledge_by"], decision["respond_by"], decision["duties"]) == (None, None, [])
        assert "spoken_and_settled" in [reason["rule"] for reason in decision["reasons"]]

    @pytest.mark.parametrize("events", [{}, {"resolved_at": "2026-11-04T00:00:00+00:00"}])
    def test_what_is_not_resolved_in_time_owes_everything(self, events: dict[str, str]) -> None:
        decision = shown(NHS, events, **SPOKEN)
        assert {clock["kind"] for clock in decision["clocks"]} == {
            "early_resolution",
            "acknowledge",
            "respond",
            "bring_complaint",
        }
        assert the_clock(decision, "early_resolution")["early_exit"] is True
        assert {duty["kind"] for duty in decision["duties"]} == {
            "supply_record",
            "agree_timescale",
            "explain_delay",
        }

    def test_while_it_is_open_whether_it_may_leave_no_promise_is_called_certain(self) -> None:
        facts = {"nature": "complaint", "nation": "england", "stage_reached": "none", "body_concerned": "us"}
        facts |= {"excluded": "false", "transferred_to_us": "false", "on_behalf_of": "self"}
        events = parse_events(NHS, SETTLED)
        found = decide(NHS, facts, RECEIVED, events=events)
        assert isinstance(found, Needs)
        assert found.needs == ("channel",)
        assert not {"acknowledge_by", "respond_by", "clocks", "duties"} & found.certain.keys()
        without = decide(NHS, facts, RECEIVED)
        assert isinstance(without, Needs)
        assert without.certain["respond_by"] == "2027-05-01"

    def test_what_has_left_is_certain_however_the_rest_turns_out(self) -> None:
        facts = {"nature": "complaint", "nation": "england", "stage_reached": "none", "body_concerned": "us"}
        facts |= {"excluded": "false", "transferred_to_us": "false", "channel": "phone"}
        found = decide(NHS, facts, RECEIVED, events=parse_events(NHS, SETTLED))
        assert isinstance(found, Needs)
        assert found.certain["duties"] == []
        assert [clock["kind"] for clock in found.certain["clocks"]] == ["early_resolution"]


class TestWindowsFromBefore:
    def test_what_comes_too_late_is_taken_and_left_to_a_person(self) -> None:
        decision = shown(NHS, {"happened_at": "2025-06-10", "known_about_at": "2025-09-01"}, channel="post")
        assert decision["disposition"] == "accept"
        (warning,) = decision["warnings"]
        assert (warning["kind"], warning["last_day"], warning["discretion"]) == (
            "outside_window",
            "2026-09-01",
            True,
        )
        assert "A person may still take it." in warning["says"]
        window = the_clock(decision, "bring_complaint")
        assert (window["by"], window["or_later"], window["discretion"]) == (
            "complainant",
            "known_about",
            True,
        )

    def test_without_a_date_nobody_is_late(self) -> None:
        decision = shown(NHS, channel="post")
        assert decision["warnings"] == []
        assert the_clock(decision, "bring_complaint")["due"] is None


class TestEventsOfARequest:
    def test_dates_instants_and_null_are_taken(self) -> None:
        given = {
            "acknowledged_at": "2026-11-04T09:00:00+00:00",
            "happened_at": "2026-10-01",
            "resolved_at": None,
        }
        assert parse_events(MINI, given) == {
            "acknowledged": datetime(2026, 11, 4, 9, tzinfo=UTC),
            "happened": date(2026, 10, 1),
        }

    def test_an_unknown_event_names_the_nearest(self) -> None:
        with pytest.raises(UnknownEvent, match="Did you mean 'acknowledged_at'") as refused:
            parse_events(MINI, {"aknowledged_at": "2026-11-04"})
        assert refused.value.problem()["where"] == "events.aknowledged_at"

    @pytest.mark.parametrize(
        "value", ["2026-11-04T09:00:00", "soon", "", 3, True, ["2026-11-04"], "0001-01-01", "2099-12-31"]
    )
    def test_what_is_no_time_is_refused(self, value: object) -> None:
        with pytest.raises(BadInstant):
            parse_events(MINI, {"acknowledged_at": value})

    def test_a_receipt_is_not_replaced_by_an_event(self) -> None:
        with pytest.raises(UnknownEvent):
            parse_events(MINI, {"received_at": "2026-11-04"})


# (pack, what stands in it, what the slip makes of it, what the finding must say)
SLIPS = [
    ("lgsco", ", month_end: last_day}", "}", "add 'month_end: last_day' or 'month_end: next_day'"),
    ("nhs", ", month_end: next_day}", "}", "'answer' counts months, and no rule says"),
    ("lgsco", "month_end: last_day}", "month_end: lastday}", "Did you mean 'last_day'?"),
    ("lgsco", "      amount: 20\n      unit: working_day\n      times", "      amount: 20\n      times", "both"),
    (
        "lgsco",
        "      amount: 20\n      unit: working_day\n      times",
        "      times",
        "limit it, or say 'needs_consent",
    ),
    (
        "lgsco",
        "must_tell: [the reason, the new day, how to reach the ombudsman]\n      contact: ombudsman\n      clause: Stage two",
        "must_tell: [the reason]\n      contact: ombudsmann\n      clause: Stage two",
        "unknown contact 'ombudsmann'; did you mean 'ombudsman'?",
    ),
    ("lgsco", "      amount: 20\n      unit: working_day", "      amount: 20\n      unit: hour", "moves a day"),
    ("lgsco", "      amount: 20\n      unit: wor", "      amount: 0\n      unit: wor", "greater than or equal"),
    ("lgsco", "    latest: {amount: 1", "    extension: {clause: x, says: y}\n    latest: {amount: 1", "'discretion'"),
    ("lgsco", "    opens: [stage_two]\n", "    opens: [stage_two]\n    discretion: \"true\"\n", "left to a person"),
    ("lgsco", "    routes: [stage_one, stage_two]\n    from: received", "    routes: [stage_one]\n    from: acknowledged", "waits for itself"),
    ("nhs", "or_later: known_about", "or_later: happened", "names the event of 'from' again"),
    ("nhs", "or_later: known_about", "or_later: know_about", "Did you mean 'known_about'?"),
    ("nhs", "    with: acknowledge\n", "    with: aknowledge\n", "did you mean 'acknowledge'?"),
    ("nhs", "    if_missed: respond\n", "    if_missed: responds\n", "did you mean 'respond'?"),
    ("nhs", "    with: acknowledge\n", "    with: acknowledge\n    from: received\n", "no 'from' of its own"),
    ("nhs", "    early_exit: \"true\"\n", "    early_exit: \"true\"\n    by: complainant\n", "what the organisation resolves"),
    ("nhs", "    early_exit: \"true\"\n", "    early_exti: \"true\"\n", "did you mean 'early_exit'?"),
    ("nhs", "    amount: 1\n    unit: working_day\n", "    amount: 24\n    unit: hour\n    may_stop: \"true\"\n", "only whole days can be stopped"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "says"), SLIPS, ids=[slip[3][:40] for slip in SLIPS])
def test_a_slip_is_refused_with_its_place_and_cure(name: str, old: str, new: str, says: str) -> None:
    text = TEXTS[name]
    assert text.count(old) == 1
    line = text[: text.index(old)].count("\n") + 1
    with pytest.raises(BrokenPack) as caught:
        parse_pack(text.replace(old, new), f"{name}.yml")
    (first, *_) = [finding for finding in caught.value.findings if says in finding]
    assert first.startswith(f"{name}.yml:")
    if "counts months" not in first:
        assert abs(int(first.split(":")[1].split(" ")[0]) - line) <= 4, first


class TestHangingOnAClock:
    def edited(self, name: str, old: str, new: str) -> CompiledPack:
        assert TEXTS[name].count(old) == 1
        return CompiledPack(parse_pack(TEXTS[name].replace(old, new), f"{name}.yml"))

    def test_a_duty_due_with_a_clock_that_does_not_run_is_refused_with_a_case(self) -> None:
        pack = self.edited(
            "nhs",
            '    when: {transferred_to_us: ["false"]}\n    from: received\n    amount: 3\n',
            '    when: {transferred_to_us: ["false"], channel: [post]}\n    from: received\n    amount: 3\n',
        )
        (finding,) = [f for f in verify(pack) if f.kind == "hanging"]
        assert "'record_of_what_was_said' is due with 'acknowledge'" in finding.says
        assert finding.example is not None
        assert finding.example["channel"] in ("phone", "in_person")
        with pytest.raises(BrokenPack, match=r"nhs\.yml:\d+ 'record_of_what_was_said'"):
            refuse_if_unsound(pack)

    def test_a_duty_after_a_promise_that_is_never_made_is_refused(self) -> None:
        pack = self.edited("nhs", "routes: [jointly, ours]\n    if_missed: respond", "if_missed: respond")
        (finding,) = [f for f in verify(pack) if f.kind == "hanging"]
        assert finding.unsound
        assert "'why_it_is_late' follows on a broken 'respond'" in finding.says

    def test_a_clock_that_waits_for_an_unpromised_acknowledgement_is_told(self) -> None:
        pack = self.edited(
            "lgsco",
            "    routes: [stage_one, stage_two]\n    from: received",
            "    routes: [stage_one]\n    from: received",
        )
        (finding,) = [f for f in verify(pack) if f.kind == "hanging"]
        assert "'stage_two_answer' waits until it is acknowledged" in finding.says


@pytest.mark.parametrize("pack", [LGSCO, NHS], ids=["lgsco", "nhs"])
def test_every_new_field_is_needed_by_some_example(pack: CompiledPack) -> None:
    """Each such field, taken away or turned round, is told: the pack is refused, or an example does not come out."""
    unnoticed = []
    for section in ("clocks", "duties"):
        for place, part in enumerate(getattr(pack.pack, section)):
            for field in ("or_later", "extension", "early_exit", "discretion", "together_with", "if_missed"):
                if getattr(part, field, None):
                    default = type(part).model_fields[field].default
                    if not _told(pack, section, place, {field: default}):
                        unnoticed.append(f"{part.id}.{field}")
    turned = {"last_day": "next_day", "next_day": "last_day"}[str(pack.pack.calendar.month_end)]
    calendar = pack.pack.calendar.model_copy(update={"month_end": turned})
    if not _differs(pack, pack.pack.model_copy(update={"calendar": calendar})):
        unnoticed.append("calendar.month_end")
    assert unnoticed == []


def _told(pack: CompiledPack, section: str, place: int, change: dict[str, Any]) -> bool:
    parts = list(getattr(pack.pack, section))
    parts[place] = parts[place].model_copy(update=change)
    return _differs(pack, pack.pack.model_copy(update={section: tuple(parts)}))


def _differs(pack: CompiledPack, changed: Pack) -> bool:
    again = CompiledPack(type(pack.loaded)(changed, pack.sha256, pack.loaded.lines))
    if verify(again) or check_examples(again):
        return True
    events = {"acknowledged_at": "2026-11-04", "happened_at": "2025-01-05"}
    for example in pack.pack.examples:
        if shown(pack, events, **example.facts) != shown(again, events, **example.facts):
            return True
    return False
