"""`hearout handoff add | list | test | retry | dead`, beside a server that runs and without one."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot import cli
from bot.app import utc_now
from bot.app.receivers import mail_server, targets_of
from bot.cli.overlay_file import entry_of, with_entry
from bot.overlay import BrokenOverlay, Overlays, load_overlay
from bot.receivers import KINDS
from bot.settings import Settings
from cases import outbox, receivers
from cases.store import Store, migrate, open_store
from handoff.alarm import Trouble, _body
from handoff.http import Caller
from handoff.secrets import Secret
from handoff.targets import TARGETS, RequestTrackerTarget, WebhookTarget
from handoff.targets.request_tracker import Source
from tests.cases.builders import file_a_case
from tests.channels.servers import STRANGER, running
from tests.handoff.receiver import Receiver, Reply, receiving
from tests.handoff.test_webhook import verified

FILE = """\
# Who looks after this: the complaints office.
privacy_notice: {version: "2026-11", text: 'Ours.'}   # agreed in November

alarm:
  name: A. Person   # until the new one comes
  email: a@example.org
handoff:
  # the folder for the archive
  - target: folder
    path: cases
languages: [en, cy]
"""


def handoff(data: Path, *arguments: str, **more: str) -> tuple[int, str, str]:
    """The command in this process: a program of its own takes two seconds to begin."""
    given = {"HEAROUT_DATA_DIR": str(data), "COLUMNS": "200", **more}
    done = CliRunner().invoke(cli.app, ["handoff", *arguments], env=given)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def settings_file(data: Path, organisation: str = "cqm") -> Path:
    path = data / "organisations" / f"{organisation}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


class TestAdd:
    """A place is added; what a person wrote stays."""

    def test_every_other_line_and_comment_stays(self, tmp_path: Path) -> None:
        path = settings_file(tmp_path)
        path.write_text(FILE)
        code, said, _ = handoff(
            tmp_path, "add", "cqm", "email", "to=one@example.org, two@example.org", "name=office"
        )
        assert code == 0
        assert "'office'" in said
        assert (
            path.read_text().replace(
                "  - target: email\n    to:\n      - one@example.org\n      - two@example.org\n    name: office\n",
                "",
            )
            == FILE
        )
        assert load_overlay(path).targets == ("folder", "office")

    def test_a_webhook_gets_a_secret_that_only_its_owner_reads(self, tmp_path: Path) -> None:
        code, said, _ = handoff(tmp_path, "add", "cqm", "webhook", "url=https://cases.example.org/hook")
        assert code == 0
        secret = tmp_path / "secrets" / "cqm.webhook"
        assert str(secret) in said
        assert secret.stat().st_mode & 0o077 == 0
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]{44}\n", secret.read_text())
        assert "whsec" not in settings_file(tmp_path).read_text() + said
        assert load_overlay(settings_file(tmp_path)).targets == ("folder", "webhook"), "the folder stays"
        assert "Nobody is named" in said

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            (("cqm", "webhok", "url=https://a.example.org"), "Did you mean 'webhook'?"),
            (("cqn", "webhook", "url=https://a.example.org"), "cqm"),
            (("cqm", "webhook"), "'url' is missing"),
            (("cqm", "webhook", "url=https://me:pw@a.example.org/"), "no user or password in it"),
            (("cqm", "webhook", "url=http://a.example.org"), "allow_private"),
            (("cqm", "webhook", "url"), "'url' is not a setting. Write name=value"),
            (("cqm", "webhook", "url=https://a.example.org", "adress=x"), "unknown setting 'adress'"),
            (("cqm", "folder"), "two entries have the same name"),
            (("cqm", "email", "to=nobody"), "email"),
        ],
    )
    def test_what_cannot_be_is_said_and_the_file_is_as_it_was(
        self, tmp_path: Path, given: tuple[str, ...], says: str
    ) -> None:
        path = settings_file(tmp_path)
        path.write_text(FILE)
        code, _, error = handoff(tmp_path, "add", *given)
        assert code == 2
        assert says in error
        assert path.read_text() == FILE
        assert not (tmp_path / "secrets").exists()

    def test_a_broken_file_is_not_made_worse(self, tmp_path: Path) -> None:
        path = settings_file(tmp_path)
        path.write_text("alarm: [")
        code, _, error = handoff(tmp_path, "add", "cqm", "folder", "name=other")
        assert (code, path.read_text()) == (2, "alarm: [")
        assert "cqm.yml:" in error

    def test_a_file_of_comments_keeps_them(self) -> None:
        text, after = with_entry("# ours\n# since 2026\n", entry_of("folder", [("name", "other")]), "cqm.yml")
        assert text.startswith("# ours\n# since 2026\n")
        assert after.targets == ("folder", "other")

    def test_words_that_yaml_would_take_for_something_else_stay_words(self) -> None:
        before = "departments: {no: a@example.org, 010: b@example.org}\nprivacy_notice: {version: 1.10}\n"
        text, after = with_entry(before, entry_of("folder", [("name", "other")]), "cqm.yml")
        assert set(after.departments) == {"no", "010"}
        assert after.privacy_notice.version == "1.10"
        assert text.startswith(before)

    def test_where_more_would_change_it_refuses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The planted fault: a writer that loses what it does not understand."""
        from ruamel.yaml import YAML

        load = YAML.load

        def forgetful(self: YAML, text: str) -> Any:
            document = load(self, text)
            document.pop("alarm", None)
            return document

        monkeypatch.setattr(YAML, "load", forgetful)
        with pytest.raises(BrokenOverlay, match="by hand"):
            with_entry(FILE, entry_of("folder", [("name", "other")]), "cqm.yml")


def a_hook(data: Path, receiver: Receiver) -> str:
    """The webhook is the organisation's only place; its secret."""
    code, _, error = handoff(data, "add", "cqm", "webhook", f"url={receiver.url}/hook", "allow_private=true")
    assert code == 0, error
    path = settings_file(data)
    path.write_text(path.read_text().replace("  - target: folder\n", ""))
    return (data / "secrets" / "cqm.webhook").read_text().strip()


def filled(data: Path, *, dead: int = 0, disabled: int = 0) -> None:
    """A database with deliveries to the webhook in these states."""
    url = f"sqlite:///{data / 'hearout.db'}"
    migrate(url)
    store = open_store(url)
    now = datetime.now(UTC)
    for number in range(dead + disabled):
        reference = f"CQM-0000-000{number}-0"
        file_a_case(store, reference=reference, conversation_reference=reference, targets=("webhook",))
    items = store.write_sync(lambda conn: outbox.claim(conn, now, 50, timedelta(seconds=90)))
    for number, item in enumerate(items):
        if number < dead:
            store.write_sync(lambda conn, item=item: outbox.bury(conn, item, "it answered 404", now))  # type: ignore[misc]
        else:
            store.write_sync(lambda conn, item=item: outbox.retry_at(conn, item, now, "410 Gone"))  # type: ignore[misc]
    if disabled:
        store.write_sync(lambda conn: receivers.disable(conn, "cqm", "webhook", now, "410 Gone"))
    store.close()


def rows(data: Path) -> list[dict[str, Any]]:
    store: Store = open_store(f"sqlite:///{data / 'hearout.db'}", read_only=True)
    try:
        return store.read_sync(outbox.listing)
    finally:
        store.close()


def test_every_kind_of_place_can_be_added_and_is_built_as_it_says(tmp_path: Path) -> None:
    given = {
        "request_tracker": (
            "url=https://rt.example.org", "secret_file=secrets/rt", "queue=Complaints", "fields.Organisation=organisation",
            "fields.Route.path=decision.disposition", "fields.Route.values.accept=complaint", "requestor=true",
        ),
        "mapped_json": ("url=https://x.example.org", "secret_env=DESK", "mapping=desk.json", "auth=basic"),
        "webhook": ("url=https://hooks.example.org/x", "trust=our.pem"),
        "email": ("to=a@example.org",),
        "folder": ("name=second", "path=/srv/cases"),
    }  # fmt: skip
    assert set(given) == set(KINDS) == set(TARGETS)
    for target, pairs in given.items():
        code, _, error = handoff(tmp_path, "add", "cqm", target, *pairs)
        assert (code, error) == (0, "")
    chosen = Settings(data_dir=tmp_path)
    built = targets_of(chosen, Overlays(chosen.overlays_dir), mail_server(chosen), "cqm", utc_now)
    assert {type(one) for one in built.values()} == set(TARGETS.values())
    tracker = built["request_tracker"]
    assert isinstance(tracker, RequestTrackerTarget)
    assert tracker.secret == Secret(tmp_path / "secrets" / "rt")
    assert tracker.fields["Route"] == Source("decision.disposition", {"accept": "complaint"})
    assert tracker.requestor
    hook = built["webhook"]
    assert isinstance(hook, WebhookTarget)
    assert hook.caller == Caller(trust=tmp_path / "our.pem")
    refused = handoff(
        tmp_path, "add", "cqm", "request_tracker", "name=b", "url=https://rt.example.org", "secret_env=T", "queue=Q",
        "fields.Remedy=desired_remdy",
    )  # fmt: skip
    assert "did you mean 'desired_remedy'?" in refused[2]


class TestTry:
    """`hearout handoff test`."""

    def test_a_test_delivery_is_marked_and_signed(self, tmp_path: Path) -> None:
        with receiving() as receiver:
            secret = a_hook(tmp_path, receiver)
            code, said, _ = handoff(tmp_path, "test", "cqm")
        assert code == 0
        body = verified(receiver.requests[0], secret)
        assert body["type"] == "test"
        assert body["data"]["flags"] == ["test"]
        assert body["data"]["reference"] in said
        assert body["data"]["reference"].startswith("TEST-")
        assert "no complaint" in body["data"]["narrative"]

    def test_what_stands_in_its_way_is_told(self, tmp_path: Path) -> None:
        with receiving() as receiver:
            receiver.otherwise = lambda request: Reply(404)
            a_hook(tmp_path, receiver)
            code, said, _ = handoff(tmp_path, "test", "cqm", "webhook")
        assert (code, said) == (1, "webhook: failed: it answered 404\n")
        assert handoff(tmp_path, "test", "cqm", "other")[0] == 2


class TestListAndRetry:
    """What waits, what was given up, and how it goes out again."""

    def test_without_a_server_it_is_looked_at_and_made_due_here(self, tmp_path: Path) -> None:
        with receiving() as receiver:
            a_hook(tmp_path, receiver)
        assert "never" in handoff(tmp_path, "list")[1]
        filled(tmp_path, dead=2)
        (row,) = json.loads(handoff(tmp_path, "list", "cqm", "--json")[1])
        assert (row["kind"], row["state"], row["dead"], row["waiting"]) == ("webhook", "working", 2, 0)
        listed = json.loads(handoff(tmp_path, "dead", "--json")[1])
        assert {one["last_error"] for one in listed} == {"it answered 404"}
        one, other = (entry["id"] for entry in listed)
        assert handoff(tmp_path, "retry", one)[1] == "1 given up and 0 waiting are due now.\n"
        assert handoff(tmp_path, "replay", other)[0] == 0, "the name that older letters have"
        assert {row["state"] for row in rows(tmp_path)} == {"pending"}
        assert handoff(tmp_path, "dead")[1] == "Nothing was given up.\n"

    def test_beside_a_server_it_goes_out_at_once(self, tmp_path: Path) -> None:
        with receiving() as receiver:
            secret = a_hook(tmp_path, receiver)
            filled(tmp_path, dead=1, disabled=1)
            with running(tmp_path, delivery_seconds=60) as server:
                stranger = {"X-Forwarded-For": STRANGER}
                refused = server.http.post("/api/v1/handoff/retry", json={"all": True}, headers=stranger)
                assert refused.status_code == 401
                bad = server.http.post("/api/v1/handoff/retry", json={"ids": ["x"]})
                assert bad.status_code == 422
                port = {"HEAROUT_PORT": server.url.rpartition(":")[2]}
                said = handoff(tmp_path, "list")[1]
                assert "disabled" in said
                assert "410 Gone" in said
                (again,) = re.findall(r"hearout handoff (retry .*)", said)
                code, said, error = handoff(tmp_path, *again.split(), **port)
                assert (code, error) == (0, "")
                # The server of this test logs to the same place.
                assert said.endswith("1 given up and 1 waiting are due now.\ncqm/webhook is trusted again.\n")
                deadline = time.monotonic() + 10
                while len(receiver.requests) < 2 and time.monotonic() < deadline:
                    time.sleep(0.02)
        assert len(receiver.requests) == 2
        for request in receiver.requests:
            verified(request, secret)

    def test_what_cannot_be_tried_is_a_sentence(self, tmp_path: Path) -> None:
        assert "Say which" in handoff(tmp_path, "retry")[2]
        assert "is not a delivery id" in handoff(tmp_path, "retry", "CQM-0000-0000-0")[2]
        assert handoff(tmp_path, "retry", "a" * 32)[0] == 2, "there is no database"
        filled(tmp_path)
        assert "No open delivery" in handoff(tmp_path, "retry", "a" * 32)[2]
        assert handoff(tmp_path, "retry", "a" * 32, "--all")[0] == 2

    @pytest.mark.parametrize("also", [(), ("CQM-0000-0001-0",)])
    @pytest.mark.parametrize("kind", ["late", "dead", "disabled"])
    def test_the_command_in_each_alarm_is_a_real_one(
        self, tmp_path: Path, kind: Any, also: tuple[str, ...]
    ) -> None:
        filled(tmp_path)
        trouble = Trouble(kind, "cqm", "CQM-0000-0000-0", "d" * 32, "webhook", 4, "x", also)
        (named,) = [line for line in _body(trouble) if "hearout handoff retry" in line]
        code, _, error = handoff(tmp_path, *named.partition("hearout handoff ")[2].split())
        assert code == 0 or error == f"No open delivery has the id {'d' * 32}.\n"
