"""The import contracts of pyproject.toml hold, and each of them can fail.

Breaches are planted in a copy of the tree, all at once, and looked for one by one in a single report.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
PACKAGES: list[str] = CONTRACTS["root_packages"]

# contract id, the module that breaks it, what it imports
BREACHES = [
    ("layers", "policy_rules.planted", "cases"),
    ("layers", "cases.planted", "handoff"),
    ("layers", "cases.planted", "actions"),
    ("layers", "actions.planted", "handoff"),
    ("layers", "handoff.planted", "actions"),
    ("layers", "handoff.planted", "bot.settings"),
    ("layers", "actions.planted", "bot.turn"),
    ("data-folders", "nlu_data.planted", "bot.understanding"),
    ("data-folders", "web_widget.planted", "policy_rules"),
    ("inside-bot", "bot.settings", "bot.messages"),
    ("inside-bot", "bot.overlay", "bot.settings"),
    ("inside-bot", "bot.messages", "bot.dialogue"),
    ("inside-bot", "bot.dialogue.planted", "bot.understanding"),
    ("inside-bot", "bot.understanding.planted", "bot.dialogue"),
    ("inside-bot", "bot.dialogue.planted", "bot.turn"),
    ("inside-bot", "bot.turn", "bot.channels"),
    ("inside-bot", "bot.channels.planted", "bot.api"),
    ("inside-bot", "bot.api.planted", "bot.channels"),
    ("inside-bot", "bot.api.planted", "bot.app"),
    ("inside-bot", "bot.channels.planted", "bot.forms"),
    ("inside-bot", "bot.forms.planted", "bot.app"),
    ("inside-bot", "bot.evidence.planted", "bot.channels"),
    ("inside-bot", "bot.door", "bot.api"),
    ("inside-bot", "bot.turn", "bot.door"),
    ("inside-bot", "bot.app", "bot.cli"),
    ("door-to-actions", "bot.dialogue.planted", "actions"),
    ("door-to-actions", "bot.channels.planted", "actions.runner"),
    ("door-to-actions", "bot.turn", "actions.file_case"),
    ("home-of-fastapi", "bot.turn", "fastapi"),
    ("home-of-fastapi", "bot.dialogue.planted", "starlette"),
    ("home-of-fastapi", "cases.planted", "fastapi"),
    ("home-of-fastapi", "bot.channels.planted", "uvicorn"),
    ("home-of-websockets", "handoff.planted", "websockets"),
    ("home-of-spacy", "bot.dialogue.planted", "spacy"),
    ("home-of-spacy", "policy_rules.planted", "dateparser"),
    ("home-of-scikit-learn", "bot.understanding.planted", "sklearn"),
    ("home-of-scikit-learn", "bot.api.planted", "scipy"),
    ("home-of-rasa-sdk", "bot.turn", "rasa_sdk"),
    ("home-of-rasa-sdk", "bot.channels.planted", "rasa_sdk"),
    ("home-of-sqlalchemy", "bot.app", "sqlalchemy"),
    ("home-of-sqlalchemy", "actions.planted", "sqlite3"),
    ("home-of-sqlalchemy", "handoff.planted", "psycopg"),
    ("home-of-sqlalchemy", "bot.cli", "alembic"),
    ("home-of-holidays", "cases.planted", "holidays"),
    ("home-of-typst", "handoff.planted", "typst"),
    ("home-of-icalendar", "bot.channels.planted", "icalendar"),
    ("home-of-sign-in", "bot.console.signin", "argon2"),
    ("home-of-sign-in", "cases.planted", "authlib"),
    ("home-of-the-clients", "actions.planted", "httpx"),
    ("home-of-the-clients", "bot.turn", "smtplib"),
    ("home-of-the-clients", "cases.planted", "aiosmtplib"),
]

# What must stay possible: each library at home, and the one door to actions.
AT_HOME = [
    ("bot.app", "fastapi"),
    ("bot.channels.planted", "fastapi"),
    ("bot.channels.planted", "starlette"),
    ("bot.api.planted", "fastapi"),
    ("bot.forms.planted", "starlette"),
    ("bot.forms.planted", "bot.channels.hearing"),
    ("bot.cli", "uvicorn"),
    ("bot.cli", "websockets"),
    ("bot.channels.planted", "websockets"),
    ("bot.understanding.planted", "spacy"),
    ("bot.turn", "actions.runner"),
    ("bot.turn", "cases"),
    ("bot.app", "handoff"),
    ("actions.planted", "rasa_sdk"),
    ("actions.planted", "cases"),
    ("handoff.planted", "httpx"),
    ("handoff.planted", "cases"),
    ("cases.planted", "sqlalchemy"),
    ("cases.planted", "policy_rules"),
    ("policy_rules.planted", "holidays"),
]


def test_the_contracts_hold() -> None:
    report, code = lint(ROOT)
    assert code == 0, report


def test_every_contract_has_a_breach_planted_here() -> None:
    assert {contract["id"] for contract in CONTRACTS["contracts"]} == {breach[0] for breach in BREACHES}


@pytest.fixture(scope="module")
def breached(tmp_path_factory: pytest.TempPathFactory) -> str:
    tree = copy_of_the_tree(tmp_path_factory.mktemp("breached"))
    plant(tree, [(module, imported) for _, module, imported in BREACHES])
    report, code = lint(tree)
    assert code == 1, report
    return report


@pytest.mark.parametrize(("contract", "module", "imported"), BREACHES)
def test_a_planted_breach_is_caught(breached: str, contract: str, module: str, imported: str) -> None:
    part = part_of_the_report(breached, contract)
    assert re.search(rf"\b{re.escape(module)} -> {re.escape(imported)}\b", part), part or breached


def test_what_is_allowed_stays_allowed(tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path)
    plant(tree, AT_HOME)
    report, code = lint(tree)
    assert code == 0, report


def test_a_module_of_bot_without_a_place_in_the_layers_is_caught(tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path)
    (tree / "bot" / "stray.py").write_text('"""Nobody said where this belongs."""\n')
    report, code = lint(tree)
    assert code == 1
    assert "bot.stray" in report


def copy_of_the_tree(target: Path) -> Path:
    """The packages and the contracts, nothing else."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, target / package, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
        )
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def plant(tree: Path, imports: Iterable[tuple[str, str]]) -> None:
    """Add `import imported` to each module, and whatever of the two is not there yet."""
    for module, imported in imports:
        top = imported.split(".")[0]
        if top in PACKAGES:
            file_of(tree, imported)
        with file_of(tree, module).open("a", encoding="utf-8") as source:
            source.write(f"\nimport {imported}\n")


def file_of(tree: Path, module: str) -> Path:
    """Where a module stands; a package or file that does not exist yet is made."""
    *parents, name = module.split(".")
    folder = tree
    for parent in parents:
        folder = folder / parent
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    package, file = folder / name, folder / f"{name}.py"
    if package.is_dir():
        return package / "__init__.py"
    file.touch()
    return file


def lint(tree: Path) -> tuple[str, int]:
    """The report of lint-imports over a tree, and its exit code."""
    program = Path(sys.executable).with_name("lint-imports")
    # Wide, so that no line of the report is broken in two.
    environment = {**os.environ, "COLUMNS": "500", "NO_COLOR": "1", "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [str(program), "--no-logo", "--no-cache"],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr, done.returncode


def part_of_the_report(report: str, contract: str) -> str:
    """What a report says under the name of one contract: from its title to the next."""
    titles = {found["id"]: found["name"] for found in CONTRACTS["contracts"]}
    _, _, details = report.partition("Broken contracts")
    _, _, part = details.partition(titles[contract] + "\n")
    for other in titles.values():
        part = part.partition("\n" + other + "\n")[0]
    return part
