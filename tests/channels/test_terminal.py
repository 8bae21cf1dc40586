"""The terminal: a whole conversation from piped answers, as a transcript; breaks and resumes lose nothing."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.terminal import Chat, ChatStopped, socket_url
from tests.channels.servers import Running, running, socket

HEAROUT = Path(sys.executable).with_name("hearout")


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("HEAROUT_")}
    return {**own, "HEAROUT_DATA_DIR": str(data_dir), "COLUMNS": "80", **more}


def hearout(
    data_dir: Path, *arguments: str, typed: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """The command, with these lines piped in."""
    return subprocess.run(
        [str(HEAROUT), *arguments],
        input=typed,
        env=environment(data_dir, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def end(process: subprocess.Popen[str], how: signal.Signals) -> None:
    """Stop a server that we started, and let go of its output."""
    process.send_signal(how)
    process.communicate(timeout=20)


def chat_with(server: Running, lines: list[str], **more: object) -> tuple[Chat, str]:
    """A chat in this process that types these lines; what it printed."""
    out = io.StringIO()
    typed: Iterator[str] = iter(lines)

    def read() -> str:
        try:
            line = next(typed)
        except StopIteration:
            raise EOFError from None
        out.write(f"> {line}\n")
        return line

    talk = Chat(server.url, str(more.pop("organisation", "cqm")), read, out, **more)  # type: ignore[arg-type]
    talk.run()
    return talk, out.getvalue()


class TestTranscripts:
    def test_piped_answers_read_as_a_transcript(self, server: Running) -> None:
        done = hearout(
            server.settings.data_dir,
            "chat",
            "cqm",
            "--url",
            server.url,
            typed="My certificate never came.\n1\nquit\n",
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "CQM, reference CQM-" in done.stdout
        assert "> My certificate never came.\n" in done.stdout
        assert "  1. Yes\n  2. No\n> 1\n" in done.stdout
        # The last line is a command to copy: it is never broken.
        assert all(len(line) < 80 for line in done.stdout.splitlines()[:-1])

    def test_the_end_of_the_input_ends_the_chat_and_says_how_to_go_on(self, server: Running) -> None:
        done = hearout(
            server.settings.data_dir, "chat", "cqm", "--url", server.url, typed="My certificate never came."
        )
        assert done.returncode == 0
        key = re.search(r"hearout chat cqm --resume (\S+)", done.stdout)
        assert key is not None
        again = hearout(
            server.settings.data_dir, "chat", "cqm", "--url", server.url, "--resume", key[1], typed="quit\n"
        )
        assert "1. Yes" in again.stdout

    def test_without_a_server_it_is_its_own_and_keeps_what_was_said(
        self, tmp_path: Path, free_port: int
    ) -> None:
        done = hearout(
            tmp_path, "chat", "cqm", typed="My certificate never came.\nquit\n", HEAROUT_PORT=str(free_port)
        )
        assert (done.returncode, done.stderr) == (0, "")
        listed = hearout(tmp_path, "case", "list", "--json")
        assert '"state": "draft"' in listed.stdout

    def test_without_a_url_it_finds_the_server_that_runs(self, server: Running) -> None:
        port = server.url.rpartition(":")[2]
        done = hearout(server.settings.data_dir, "chat", "cqm", typed="quit\n", HEAROUT_PORT=port)
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_database_that_another_holds_is_said_plainly(self, server: Running, free_port: int) -> None:
        done = hearout(server.settings.data_dir, "chat", "cqm", HEAROUT_PORT=str(free_port))
        assert done.returncode == 2
        assert "--url" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_wrong_organisation_or_key_or_address_is_a_sentence(self, server: Running) -> None:
        folder = server.settings.data_dir
        for arguments, said in (
            (("cqn", "--url", server.url), "Did you mean 'cqm'?"),
            (("cqm", "--url", server.url, "--resume", "nothing"), "no conversation under this key"),
            (("cqm", "--url", "http://127.0.0.1:9"), "No Hearout answers"),
            (("cqm", "--url", "nonsense://"), "nonsense"),
            (("cqm", "--url", server.url, "--channel", "fax"), "channel"),
            (("cqm", "--url", server.url, "--received-at", "2026-12-24"), "offset"),
        ):
            done = hearout(folder, "chat", *arguments)
            assert done.returncode == 2, (arguments, done.stdout)
            assert said in done.stderr
            assert "Traceback" not in done.stderr

    def test_staff_log_a_call(self, server: Running) -> None:
        done = hearout(
            server.settings.data_dir,
            *("chat", "cqm", "--url", server.url, "--channel", "phone", "--recorded-by", "Sam Okafor"),
            *("--received-at", "2026-12-24T16:45:00+00:00"),
            typed="quit\n",
        )
        assert "Recording a complaint" in done.stdout

    def test_ctrl_c_says_how_to_resume(self, server: Running) -> None:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [str(HEAROUT), "chat", "cqm", "--url", server.url],
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(server.settings.data_dir),
            text=True,
            # Tests that were started in the background of a shell hand on that Ctrl-C is not heard.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert process.stdout is not None
        while not process.stdout.readline().startswith("What has happened?"):
            pass
        shown = ""
        while not shown.endswith("\n> "):
            shown += process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=40)
        os.close(ours)
        os.close(theirs)
        assert process.returncode == 130
        assert "hearout chat cqm --resume" in out
        assert "Traceback" not in err


class TestAnswers:
    def test_a_number_chooses_and_a_number_beyond_the_list_is_words(self, server: Running) -> None:
        _, out = chat_with(server, ["My certificate never came.", "99", "1", "quit"])
        assert out.count("Is that right?") == 2

    def test_commands_are_sent_as_themselves_and_help_stays_here(self, server: Running) -> None:
        before = server.stored()["messages"]
        _, out = chat_with(server, ["My certificate never came.", "help", "person", "back", "", "quit"])
        # The greeting, the story, person and back: two rows each. Help and an empty line are no messages.
        assert server.stored()["messages"] == before + 8
        assert out.count("Commands: help") == 2

    def test_a_line_that_ends_in_a_backslash_goes_on(self, server: Running) -> None:
        chat, _ = chat_with(server, ["My certificate\\", "never came.", "quit"])
        shown = hearout(server.settings.data_dir, "case", "show", str(chat.reference), "--json")
        assert "My certificate\\nnever came." in shown.stdout

    def test_the_reply_of_another_tab_is_shown_with_the_next_answer(self, server: Running) -> None:
        chat, _ = chat_with(server, ["My certificate never came.", "quit"])
        with socket(server) as tab:
            tab.hello(chat.key)
            tab.take("reply")
            tab.take("reply")
            tab.say("1")
        _, out = chat_with(server, ["quit"], key=chat.key)
        assert "Is that right?" in out


class TestBreaks:
    def test_a_server_that_is_started_again_in_the_middle_loses_and_doubles_nothing(
        self, tmp_path: Path, free_port: int
    ) -> None:
        def serve() -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [str(HEAROUT), "serve", "--port", str(free_port)],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(tmp_path),
                text=True,
            )
            assert process.stdout is not None
            assert process.stdout.readline() == "Hearout is ready.\n"
            return process

        process = serve()

        def lines() -> Iterator[str]:
            nonlocal process
            yield "My certificate never came."
            end(process, signal.SIGKILL)
            process = serve()
            yield "1"

        typed, out = lines(), io.StringIO()

        def read() -> str:
            try:
                return next(typed)
            except StopIteration:
                raise EOFError from None

        try:
            talk = Chat(f"http://127.0.0.1:{free_port}", "cqm", read, out)
            talk.run()
        finally:
            end(process, signal.SIGTERM)
        assert out.getvalue().count("The connection was lost; trying again.") == 1
        shown = hearout(tmp_path, "case", "show", str(talk.reference), "--json").stdout
        assert shown.count("My certificate never came.") >= 1
        assert shown.count('"role": "complainant"') == 2

    def test_too_fast_waits_and_sends_again(self, tmp_path: Path) -> None:
        waited: list[float] = []

        def wait(seconds: float) -> None:
            waited.append(seconds)
            time.sleep(seconds)

        with running(tmp_path, limit_conversation="2/second") as server:
            chat_with(
                server,
                ["My certificate never came.", "1", "1", "1", "1", "quit"],
                pause=wait,
            )
            assert server.stored()["messages"] == 12
        assert waited

    def test_a_server_that_is_gone_for_good_says_how_to_resume(self, tmp_path: Path) -> None:
        pauses: list[float] = []
        with running(tmp_path) as server:
            lines = iter(["My certificate never came."])
            chat = Chat(server.url, "cqm", lambda: next(lines), io.StringIO(), pause=pauses.append)
            with pytest.raises(StopIteration):
                chat.run()
        chat.read = lambda: "1"
        with pytest.raises(ChatStopped, match="--resume"):
            chat.run()
        assert pauses == sorted(pauses)
        assert len(pauses) == 7


@pytest.mark.parametrize(
    ("url", "socket_address"),
    [
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/cqm/ws"),
        ("https://hearout.example/", "wss://hearout.example/cqm/ws"),
        ("localhost:8000", "ws://localhost:8000/cqm/ws"),
        ("https://example.org/complaints", "wss://example.org/complaints/cqm/ws"),
    ],
)
def test_the_address_of_the_socket_follows_that_of_the_server(url: str, socket_address: str) -> None:
    assert socket_url(url, "cqm") == socket_address
