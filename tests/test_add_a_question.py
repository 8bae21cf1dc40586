"""docs/add-a-question.md, followed to the letter on copies: what it adds is asked, answered, read back and filed.

The shared list is part of the source, so that its steps are taken on a copy of the source, run by a Python of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from policy_rules.check import check_file
from policy_rules.shelf import SHIPPED
from tests.desk import Person, open_desk

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "add-a-question.md"
STORY = "Nobody marked my assignment for six weeks, and my e-mails about it were never answered."
FACTS = "/SetSlots(nature=complaint, subject=service, stage_reached=none)"
BY_PHONE = "/SetSlots(preferred_contact=phone, contact_phone=020 7946 0018)"


def step(beginning: str) -> str:
    """The indented part of the guide that begins so."""
    parts: list[list[str]] = [[]]
    for line in GUIDE.read_text("utf-8").splitlines():
        if line.startswith("    "):
            parts[-1].append(line)
        else:
            parts.append([])
    texts = [textwrap.dedent("\n".join(part)) for part in parts]
    (found,) = [text for text in texts if text.startswith(beginning)]
    return found


def put_after(path: Path, line: str, text: str, indent: int = 0) -> None:
    """Write the text below the one line of the file that begins so."""
    lines = path.read_text("utf-8").splitlines()
    (at,) = [number for number, here in enumerate(lines) if here.startswith(line)]
    lines[at + 1 : at + 1] = textwrap.indent(text, " " * indent).splitlines()
    path.write_text("\n".join(lines) + "\n", "utf-8")


def interview(folder: Path, packs: Path | None, slots: str, question: str, answer: str) -> dict[str, Any]:
    """Complain to CQM until the question comes, answer it and send; what was asked, read back and kept."""

    async def talk() -> dict[str, Any]:
        with open_desk(folder, packs) as desk:
            person = Person(desk, "cqm")
            await person.says(STORY, FACTS, slots)
            await person.skip_to(question)
            asked = {"text": person.texts, "question": person.custom("question")}
            await person.say("why do you ask?")
            why = person.texts
            await person.say(answer)
            await person.skip_to("check_answers")
            read_back = person.texts
            await person.say("send")
            return {"asked": asked, "why": why, "read_back": read_back, "record": person.record()}

    return asyncio.run(talk())


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """The shipped packs, to be written to."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "packs"))


def test_a_question_for_one_organisation(tmp_path: Path, packs: Path) -> None:
    put_after(packs / "cqm.yml", "questions:", step("- id: tutor_group"), 2)
    assert check_file(packs / "cqm.yml") == []
    done = interview(tmp_path, packs, FACTS, "tutor_group", "The green group")
    assert "Which group were you in?" in done["asked"]["text"]
    assert done["asked"]["question"]["kind"] == "text"
    assert "the right one can be asked" in done["why"]
    assert "Tutor group: The green group" in done["read_back"]
    assert done["record"]["state"] == "filed"
    assert done["record"]["answers"] == {"tutor_group": "The green group"}


def test_its_choices_are_stored_by_value_and_shown_by_label(tmp_path: Path, packs: Path) -> None:
    put_after(packs / "cqm.yml", "questions:", step("- id: course_form"), 2)
    assert check_file(packs / "cqm.yml") == []
    done = interview(tmp_path, packs, FACTS, "course_form", "at weekends")
    assert done["asked"]["question"]["choices"][1] == {"value": "weekend", "label": "At weekends"}
    assert "Course form: At weekends" in done["read_back"]
    assert done["record"]["answers"] == {"course_form": "weekend"}


def test_a_condition_that_names_no_fact_is_refused_with_the_nearest_one(packs: Path) -> None:
    text = step("- id: tutor_group").replace("subject:", "subjct:")
    put_after(packs / "cqm.yml", "questions:", text, 2)
    (finding,) = check_file(packs / "cqm.yml")
    assert "subjct" in finding
    assert "subject" in finding.replace("subjct", "")


def test_a_question_for_everyone(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("actions", "bot", "cases", "handoff", "nlu_data", "policy_rules"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    (source / "tests").mkdir()
    for name in ("__init__.py", "desk.py", "test_add_a_question.py"):
        shutil.copy(ROOT / "tests" / name, source / "tests")
    put_after(source / "policy_rules" / "questions.yml", "- {id: contact_phone,", step("- {id: best_time"))
    wording = source / "bot" / "dialogue" / "wording" / "en.yml"
    put_after(wording, "questions:", step("best_time: {text"), 2)
    put_after(wording, "labels:", step("best_time: {morning"), 2)

    done = interview_in(source, tmp_path, BY_PHONE, "best_time", "In the evening")
    assert "When is a good time to phone you?" in done["asked"]["text"]
    assert [c["label"] for c in done["asked"]["question"]["choices"]][:3] == [
        "In the morning",
        "In the afternoon",
        "In the evening",
    ]
    assert "A call that reaches you" in done["why"]
    assert "Best time to phone: In the evening" in done["read_back"]
    assert done["record"]["answers"] == {"best_time": "evening"}


def interview_in(source: Path, folder: Path, *told: str) -> dict[str, Any]:
    """The same interview, by the source in that folder."""
    program = (
        "import json, sys\nfrom pathlib import Path\n"
        "import policy_rules\nfrom tests.test_add_a_question import interview\n"
        "assert Path(policy_rules.__file__).is_relative_to(sys.argv[1]), policy_rules.__file__\n"
        "print(json.dumps(interview(Path(sys.argv[2]), None, *sys.argv[3:])))\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, str(source), str(folder), *told],
        env={**os.environ, "PYTHONPATH": str(source)},
        cwd=source,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found
