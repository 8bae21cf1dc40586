"""The page in the frame and its files: who may show them, what they may do, and what is said in which language."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
import yaml

from bot.channels.widget import words_in
from bot.dialogue.catalogue import MAX_WORDS
from bot.overlay import SURFACES
from tests.channels.servers import Running, running

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "bot" / "pages"
SOURCE = ROOT / "web_widget" / "src"
# Words that are only used by names put together.
BY_NAME = (
    "language_", "acknowledge", "respond", "inform_of_action", "resolve_aim", "written_record", "filed", "signposted",
    "informal", "withdrawn", "sending", "received", "not_sent", "phone", "email", "post", "url", "left", "day", "month", "year",
    # These are the server's.
    "hours", "closed", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "title", "no_script",
)  # fmt: skip


def policy_of(server: Running, organisation: str) -> dict[str, str]:
    found = server.http.get(f"/{organisation}/widget").headers["content-security-policy"]
    return dict(part.strip().split(" ", 1) for part in found.split(";") if " " in part.strip())


class TestWhoMayShowIt:
    def test_only_our_own_pages_may_unless_an_organisation_names_its_websites(self, tmp_path: Path) -> None:
        (tmp_path / "organisations").mkdir()
        (tmp_path / "organisations" / "cim.yml").write_text("websites: ['https://www.cim.example']\n")
        with running(tmp_path, allowed_origins=("https://portal.example",)) as server:
            assert policy_of(server, "cim")["frame-ancestors"] == (
                "'self' https://www.cim.example https://portal.example"
            )
            assert policy_of(server, "cqm")["frame-ancestors"] == "'self' https://portal.example"
            # The older header knows no list: it stands where nobody may, and only there.
            assert "x-frame-options" not in server.http.get("/cim/widget").headers
            assert server.http.get("/cim/chat").headers["x-frame-options"] == "DENY"
            assert server.http.get("/readyz").headers["x-frame-options"] == "DENY"

    def test_the_page_may_run_its_own_script_and_nothing_else(self, server: Running) -> None:
        policy = policy_of(server, "cim")
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/=]{44}'", policy["style-src"])
        assert policy["form-action"] == policy["base-uri"] == "'none'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert policy["trusted-types"] == "'none'"

    def test_settings_are_read_by_pages_of_allowed_origins_alone(self, server: Running) -> None:
        own = server.settings.allowed_origins[0]
        allowed = server.http.get("/cim/widget.json", headers={"Origin": own})
        strange = server.http.get("/cim/widget.json", headers={"Origin": "https://evil.example"})
        assert allowed.headers["access-control-allow-origin"] == own
        assert "access-control-allow-origin" not in strange.headers


class TestFiles:
    def test_a_version_is_kept_for_ever_and_the_loader_is_asked_for_again(self, server: Running) -> None:
        html = server.http.get("/cim/widget").text
        for address in re.findall(r'(?:src|href)="(/widget/[^"]+)"', html):
            answer = server.http.get(address)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
        loader = server.http.get("/widget/hearout-loader.js")
        assert loader.headers["cache-control"] == "public, max-age=3600"
        assert (
            server.http.get("/widget/hearout-loader.js?v=older").headers["cache-control"]
            == "public, max-age=3600"
        )

    def test_any_page_may_load_them_and_check_their_integrity(self, server: Running) -> None:
        manifest = json.loads((ROOT / "web_widget" / "dist" / "manifest.json").read_text())
        for name, said in manifest["files"].items():
            answer = server.http.get(f"/widget/{name}")
            assert answer.headers["access-control-allow-origin"] == "*"
            assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
            assert len(answer.content) == said["bytes"]
        html = server.http.get("/cim/widget").text
        assert manifest["files"]["hearout-chat.js"]["integrity"] in html

    def test_they_are_sent_compressed_to_those_who_take_that(self, server: Running) -> None:
        plain = server.http.get("/widget/hearout-chat.js", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        with server.http.stream(
            "GET", "/widget/hearout-chat.js", headers={"Accept-Encoding": "gzip"}
        ) as packed:
            assert packed.headers["content-encoding"] == "gzip"
            assert gzip.decompress(b"".join(packed.iter_raw())) == plain.content

    @pytest.mark.parametrize("name", ["manifest.json", "nothing.js", "..%2fpackage.json", "__init__.py"])
    def test_nothing_else_is_served(self, server: Running, name: str) -> None:
        assert server.http.get(f"/widget/{name}").status_code == 404


class TestSettings:
    def test_settings_stand_in_the_page_where_no_script_element_can_end(self, server: Running) -> None:
        html = server.http.get("/cim/widget").text
        found = re.search(r'<script type="application/json" id="hearout-settings">(.*?)</script>', html)
        assert found is not None
        assert not re.search(r"[<>&]", found[1])
        settings = json.loads(found[1])
        assert (settings["short"], settings["language"]) == ("CIM", "en")
        assert settings == server.http.get("/cim/widget.json").json()

    def test_the_language_is_the_one_asked_for_where_it_is_offered(self, server: Running) -> None:
        assert '<html lang="cy">' in server.http.get("/cim/widget?lang=cy").text
        assert server.http.get("/cim/widget.json?lang=cy").json()["words"]["send"] == "Anfon"
        # Welsh is not offered here.
        assert '<html lang="en">' in server.http.get("/cqm/widget?lang=cy").text
        assert '<html lang="en">' in server.http.get("/cim/widget?lang=../../etc").text

    def test_hours_stand_in_words(self, server: Running) -> None:
        hours = server.http.get("/cipfa/widget.json").json()["hours"]
        assert hours == "Monday to Friday, 08:30 to 17:30, UK time. Closed on bank holidays."


class TestWords:
    def test_both_languages_have_the_same_names_and_places_to_fill_in(self) -> None:
        english, welsh = words_in("en"), words_in("cy")
        assert set(english) == set(welsh)
        for name, text in english.items():
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", welsh[name])), name

    @pytest.mark.parametrize("language", ["en", "cy"])
    def test_sentences_are_short(self, language: str) -> None:
        for name, text in words_in(language).items():
            for sentence in re.split(r"[.!?](?:\s|$)", text):
                assert len(sentence.split()) <= MAX_WORDS, name

    def test_every_word_that_the_script_says_is_in_the_table_and_every_word_is_said(self) -> None:
        script = "\n".join(path.read_text() for path in sorted(SOURCE.glob("*.ts")))
        said = set(re.findall(r"""say(?:\(\))?\)?\(\s*["`](\w+)["`]""", script))
        table = words_in("en")
        assert said - set(table) == set()
        template = (PAGES / "widget.html").read_text()
        unsaid = {n for n in table if f'"{n}"' not in script and f"words.{n}" not in template}
        assert {name for name in unsaid if not name.startswith(BY_NAME)} == set()

    def test_the_tables_are_plain_yaml(self) -> None:
        for language in ("en", "cy"):
            found = yaml.load((PAGES / f"widget.{language}.yml").read_text(), Loader=yaml.CBaseLoader)  # noqa: S506
            assert dict(words_in(language)) == found


def test_the_surfaces_that_colours_are_held_to_are_those_of_the_style_sheet() -> None:
    style = (SOURCE / "style.css").read_text()
    light, dark = style.split("@media (prefers-color-scheme: dark)", 1)
    for part, surfaces in ((light, SURFACES["accent"]), (dark.split("}", 2)[0], SURFACES["accent_dark"])):
        for surface in surfaces:
            assert surface in part
