"""The form in Welsh: begun in it, changed in the middle without losing anything, and what is English marked as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.tongues import marked
from bot.overlay import Overlay
from bot.turn import Desk, context_of
from tests.channels.servers import Running, running
from tests.desk import open_desk
from tests.forms.visitor import Visitor

STORY = "Collwyd fy nhystysgrif dri mis yn ôl ac nid oes neb yn ateb fy negeseuon na'm galwadau."
SETTLED = {"nature": "complaint", "subject": "certificate"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server where CIM offers Welsh."""
    folder: Path = tmp_path_factory.mktemp("data")
    (folder / "organisations").mkdir()
    (folder / "organisations" / "cim.yml").write_text("languages: [en, cy]\n")
    with running(folder) as started:
        yield started


@pytest.fixture
def visitor(server: Running) -> Iterator[Visitor]:
    with Visitor(server, "cim") as somebody:
        yield somebody


def language_of(visitor: Visitor) -> str:
    found = re.findall(r'<html lang="(\w+)">', visitor.page.text)
    assert len(found) == 1
    return str(found[0])


def answers(visitor: Visitor) -> str:
    reference = re.findall(r"(?:Reference|Cyfeirnod) ([A-Z0-9-]+)", visitor.page.text)[0]
    return str(visitor.server.row("conversations", f"reference = '{reference}'")["data"])


def test_the_first_page_offers_welsh_and_what_follows_is_in_it(visitor: Visitor) -> None:
    assert language_of(visitor) == "en"
    assert 'hreflang="cy"' in visitor.page.text
    visitor.get(f"{visitor.home}?lang=cy")
    assert language_of(visitor) == "cy"
    assert "Dywedwch wrth CIM beth aeth o'i le" in visitor.text
    assert '<span lang="en">The Chartered Institute of Marketing</span>' in visitor.page.text
    visitor.tell(STORY)
    assert (visitor.at, language_of(visitor)) == ("step/confirm_facts", "cy")
    assert "A wnaethom eich deall chi?" in visitor.text
    visitor.go_to("subject").send(answer="certificate")
    visitor.finish()
    assert "Mae eich cwyn wedi'i hanfon" in visitor.text
    assert '<span lang="en">Relevant department manager</span>' in visitor.page.text
    assert re.search(r"erbyn dydd \w+ \d+ \w+ \d{4}", visitor.text)
    assert '"language":"cy"' in answers(visitor).replace(" ", "")


def test_the_language_is_changed_in_the_middle_and_what_was_written_stays(visitor: Visitor) -> None:
    visitor.tell("My certificate was lost three months ago and nobody answers my e-mails.").go_to("effect")
    visitor.send(button=("lang", "cy"), answer="I lost a job over it.")
    assert (visitor.at, language_of(visitor)) == ("step/effect", "cy")
    assert "Sut mae hyn wedi effeithio arnoch chi?" in visitor.text
    assert "I lost a job over it.</textarea>" in visitor.page.text
    visitor.send(answer="I lost a job over it.")
    assert visitor.at == "step/desired_remedy"
    assert "I lost a job over it." in answers(visitor)
    visitor.get(f"{visitor.home}/step/desired_remedy?lang=en")
    assert language_of(visitor) == "en"
    assert "What would you like CIM to do" in visitor.text


def test_errors_are_in_welsh(visitor: Visitor) -> None:
    visitor.get(f"{visitor.home}?lang=cy")
    visitor.start().send(answer=" ")
    assert visitor.title.startswith("Gwall: ")
    assert "Dywedwch beth sydd wedi digwydd" in visitor.text


def test_where_it_is_not_switched_on_the_form_is_in_english(server: Running) -> None:
    with Visitor(server, "cms") as somebody:
        somebody.get(f"{somebody.home}?lang=cy")
        assert language_of(somebody) == "en"
        assert "hreflang" not in somebody.page.text


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path, overlay=Overlay(languages=("en", "cy"))) as opened:
        yield opened


@pytest.mark.parametrize(
    ("page", "right"),
    [
        ("<p>Mae'n mynd at: Ofqual.</p>", '<p>Mae\'n mynd at: <span lang="en">Ofqual</span>.</p>'),
        ("<p>Ofqualx</p>", "<p>Ofqualx</p>"),
        ('<p title="Ofqual">Ie</p>', '<p title="Ofqual">Ie</p>'),
        ("<textarea>Ofqual</textarea>", "<textarea>Ofqual</textarea>"),
        ("<title>Ofqual</title>", "<title>Ofqual</title>"),
        (
            "<p>Council for the Curriculum, Examinations &amp; Assessment (CCEA)</p>",
            '<p><span lang="en">Council for the Curriculum, Examinations &amp; Assessment (CCEA)</span></p>',
        ),
        ("<p>&lt;Ofqual&gt;</p>", '<p>&lt;<span lang="en">Ofqual</span>&gt;</p>'),
    ],
)
def test_only_what_is_read_out_is_marked(desk: Desk, page: str, right: str) -> None:
    assert marked(page, context_of(desk, "cim", "cy", "")) == right
    assert marked(page, context_of(desk, "cim", "en", "")) == page
