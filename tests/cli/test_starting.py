"""A start loads what every turn needs and leaves the rest for whoever first asks for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.servers import settings

# Each with what first needs it. Measured together they would be a third of the time until the server is ready.
LATER = {
    "authlib": "a sign-in at the organisation's own provider",
    "zxcvbn": "the choice of a password",
    "typst": "a letter",
    "icalendar": "a calendar file",
    "PIL": "a picture",
    "httpx._main": "nothing of ours; httpx's command line",
    "requests": "nothing of ours; spaCy's command line",
    "weasel": "nothing of ours; spaCy's command line",
    "sanic": "rasa_sdk's own server",
    "rich": "a picture of an error, with what its variables hold",
    "sklearn": "training",
    "psycopg": "a PostgreSQL store",
    "holidays.countries.france": "no organisation of ours",
}

_CHILD = """
import gc, json, sys
{prelude}
from bot.cli import logs, main, serving

really = serving.Announced.startup

async def startup(server, sockets=None):
    await really(server, sockets)
    said = {{"collects": gc.isenabled(), "frozen": gc.get_freeze_count(), "loaded": sorted(sys.modules)}}
    print(json.dumps(said), file=sys.stderr)
    server.should_exit = True

serving.Announced.startup = startup
sys.argv = ["hearout", "serve", "--port", "0"]
main()
"""


def started(folder: Path, prelude: str = "") -> Any:
    """What a real server says of itself when it is ready; it ends by itself."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD.format(prelude=prelude)],
        env=settings(folder, HEAROUT_LOG_LEVEL="error"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(next(line for line in done.stderr.splitlines() if line.startswith('{"collects"')))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return started(tmp_path_factory.mktemp("data"))


def early(ready: Any) -> list[str]:
    """The modules that were loaded too soon."""
    return [name for name in LATER if name in ready["loaded"]]


def test_a_server_that_is_ready_has_loaded_nothing_that_only_some_requests_need(ready: Any) -> None:
    assert early(ready) == []
    assert "spacy" in ready["loaded"]
    assert "rasa_sdk" in ready["loaded"]


def test_a_module_that_is_loaded_too_soon_is_named(tmp_path: Path) -> None:
    # The planted fault.
    assert early(started(tmp_path, "import icalendar")) == ["icalendar"]


def test_a_server_that_is_ready_collects_its_rubbish_again_and_leaves_what_stays_alone(ready: Any) -> None:
    assert ready["collects"] is True
    assert ready["frozen"] > 100_000


def test_what_was_left_out_of_spacy_and_rasa_sdk_can_still_be_had() -> None:
    child = (
        "import bot.understanding.pipeline, actions.runner\n"
        "import sanic, spacy.cli\n"
        "assert callable(spacy.cli.info) and sanic.Sanic.__module__ == 'sanic.app'\n"
    )
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
