"""What is learnt is written without pickle, read back as it was, and belongs to whatever labels it was taught."""

from __future__ import annotations

import zipfile
from pathlib import Path
from time import process_time

import numpy as np
import pytest

from bot.understanding.examples import Example, fingerprint
from bot.understanding.features import FeatureSettings
from bot.understanding.intents import INTENTS, OUT_OF_SCOPE, WEIGHTS
from bot.understanding.linear import LinearModel
from bot.understanding.training import Recipe, intent_examples, main, out_of_fold, raised, train
from bot.understanding.vectors import VECTORS, WordVectors

SAID = {
    "fruit": "apple pie|ripe pear|a sweet plum|apple and pear|plums in a bowl|one pear please|apples|pear tart",
    "metal": "iron bar|copper wire|a tin roof|iron and tin|rusty iron|copper pots|some tin cans|wire of copper",
    "other": "hello there|what day is it|who are you|rain again|my dog|seven|the sea is cold|sing to me",
}
PLAIN = Recipe(features=FeatureSettings(vectors=0))


def examples(*labels: str) -> list[Example]:
    return [
        Example(text, label, "said.yml", line)
        for label in labels
        for line, text in enumerate(SAID[label].split("|"), 1)
    ]


def test_two_labels_are_learnt_as_well_as_many() -> None:
    model = train(examples("fruit", "metal"), PLAIN)
    assert model.labels == ("fruit", "metal")
    for text, label in (("a pear", "fruit"), ("the wire", "metal")):
        shares = model.probabilities(text)
        assert model.labels[int(shares.argmax())] == label
        assert shares.sum() == pytest.approx(1)


def test_what_was_written_is_read_back_and_scores_alike(tmp_path: Path) -> None:
    model = train(examples("fruit", "metal", "other"), Recipe())
    model.save(tmp_path / "small.npz")
    again = LinearModel.load(tmp_path / "small.npz")
    assert (again.labels, again.settings, again.about) == (model.labels, model.settings, model.about)
    for text in ("rusty pear", "", "🙂", "never met before"):
        assert again.logits(text) == pytest.approx(model.logits(text), abs=0.03)


def test_the_file_holds_plain_arrays_and_no_pickle(tmp_path: Path) -> None:
    train(examples("fruit", "metal"), PLAIN).save(tmp_path / "small.npz")
    with zipfile.ZipFile(tmp_path / "small.npz") as file:
        assert all(name.endswith(".npy") and b"|O" not in file.read(name)[:128] for name in file.namelist())


def test_the_same_examples_make_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        train(examples("fruit", "metal", "other"), PLAIN, "other").save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_weights_of_another_version_are_refused_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(examples("fruit", "metal"), PLAIN).save(tmp_path / "old.npz")
    monkeypatch.setattr("bot.understanding.features.VERSION", 99)
    with pytest.raises(ValueError, match=r"old\.npz does not fit this code .* run `make nlu`"):
        LinearModel.load(tmp_path / "old.npz")


def test_a_text_is_left_out_of_the_model_that_scores_it() -> None:
    said = examples("fruit", "metal")
    planted = [*said, Example("zzqx zzqx zzqx", "metal", "said.yml", 9)]
    names, logits = out_of_fold([e.text for e in planted], [e.label for e in planted], PLAIN)
    everything = train(planted, PLAIN).probabilities("zzqx zzqx zzqx")
    gap = logits[-1][names.index("metal")] - logits[-1][names.index("fruit")]
    assert everything[names.index("metal")] > 0.7
    assert abs(gap) < 0.5


def test_a_threshold_is_raised_until_as_much_is_lost_as_may_be() -> None:
    labels = ["a"] * 100 + ["out"] * 10
    logits = np.array([[number / 10, 0.0] for number in range(100)] + [[1.05, 0.0]] * 10, np.float32)
    shift, caught = raised(("a", "out"), logits, labels, "out", lost=0.2)
    lost = sum(row[1] + shift > row[0] for row in logits[:100])
    assert lost == 20
    assert caught == 1.0


def test_the_command_writes_a_file_for_any_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(
        f"  - intent: {label}\n    examples: |\n" + "".join(f"      - {t}\n" for t in SAID[label].split("|"))
        for label in ("fruit", "metal")
    )
    (tmp_path / "mine.yml").write_text(f'version: "3.1"\nnlu:\n{lines}')
    assert main(["--data", str(tmp_path / "mine.yml"), "--out", str(tmp_path / "mine.npz")]) == 0
    assert LinearModel.load(tmp_path / "mine.npz").labels == ("fruit", "metal")
    assert "16 examples of 2 labels" in capsys.readouterr().out
    assert main(["--data", str(tmp_path / "none.yml")]) == 1


# ------------------------------------------------------------------------------------- the committed weights


@pytest.fixture(scope="module")
def shipped() -> LinearModel:
    return LinearModel.load(WEIGHTS)


def stale(model: LinearModel, lines: list[Example]) -> list[str]:
    """Which of the things that the weights are made from is not what it is now."""
    made_from = {
        "data": fingerprint(lines),
        "settings": Recipe().sha256(),
        "vectors": WordVectors.load().sha256,
    }
    return [name for name, now in made_from.items() if model.about.get(name) != now]


def test_the_weights_are_those_of_the_training_lines_and_settings(shipped: LinearModel) -> None:
    assert stale(shipped, intent_examples()) == [], "run `make nlu`"


def test_weights_older_than_a_line_are_seen(shipped: LinearModel) -> None:
    lines = intent_examples()
    edited = [*lines[1:], Example(lines[0].text + ".", lines[0].label, "a.yml", 1)]
    assert stale(shipped, edited) == ["data"]
    assert stale(shipped, lines[1:]) == ["data"]


def test_the_weights_are_small_and_know_every_intent(shipped: LinearModel) -> None:
    assert set(shipped.labels) == set(INTENTS)
    assert WEIGHTS.stat().st_size + VECTORS.stat().st_size <= 6 * 2**20


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_training_takes_less_than_a_minute_and_gives_the_committed_weights(shipped: LinearModel) -> None:
    lines = intent_examples()
    begun = process_time()
    model = train(lines, Recipe(), OUT_OF_SCOPE)
    # Processor time, so that a busy machine does not count against it; usually half of this.
    assert process_time() - begun < 60
    assert model.about == shipped.about
    for line in lines[::50]:
        assert model.logits(line.text) == pytest.approx(shipped.logits(line.text), abs=0.1)
