"""The counters in the text format that Prometheus reads."""

from __future__ import annotations

from bot.door import Metrics


def test_a_turn_is_counted_by_organisation_face_and_state_and_timed() -> None:
    metrics = Metrics()
    metrics.turn("cim", "rest", "draft", 0.0015, replayed=False)
    metrics.turn("cim", "rest", "draft", 0.03, replayed=True)
    lines = metrics.text({}).splitlines()
    assert 'hearout_turns_total{organisation="cim",face="rest",state="draft"} 2' in lines
    assert "hearout_turns_replayed_total 1" in lines
    # Buckets add up, each with all that is at most its bound.
    assert 'hearout_turn_seconds_bucket{le="0.001"} 0' in lines
    assert 'hearout_turn_seconds_bucket{le="0.002"} 1' in lines
    assert 'hearout_turn_seconds_bucket{le="0.05"} 2' in lines
    assert 'hearout_turn_seconds_bucket{le="+Inf"} 2' in lines
    assert "hearout_turn_seconds_count 2" in lines
    assert "hearout_turn_seconds_sum 0.031500" in lines


def test_every_family_says_what_it_is_and_ends_its_line() -> None:
    text = Metrics().text({"hearout_outbox": ("Waiting.", {(("state", "due"),): 3.0})})
    assert text.endswith("\n")
    assert 'hearout_outbox{state="due"} 3.0' in text.splitlines()
    for line in text.splitlines():
        if not line.startswith("#"):
            name = line.partition("{")[0].partition(" ")[0]
            family = name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
            assert f"# TYPE {family} " in text
