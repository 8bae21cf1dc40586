"""The PDF that a person gets: tagged, titled, in its language, read in order, and deaf to what anybody typed into it."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

from handoff.letters import KINDS, Letter, as_pdf
from handoff.letters.pdf import PLAIN, NoLayout
from handoff.letters.wording import LAYOUT
from tests.handoff.letters import LINK, STORY, bereaved, letter, of_kind, pending, read, record

# Each would do something if it were read as typst: evaluate, open a file, fetch, draw, break out, or refuse to compile.
MARKUP = [
    '#eval("1+1")',
    '#read("/etc/passwd")',
    '#import "@preview/cetz:0.1.0": *',
    '#include "letter.typ"',
    '#image("/etc/passwd")',
    "#panic()",
    "#sys.inputs.letter",
    '#link("https://evil.example")[your refund]',
    "= A heading",
    "$ x^2 $ *bold* _slant_ `raw`",
    "// a comment, /* another */",
    "<label> @reference",
    "\\u{1F600} \\",
    "]] )) }} #{ #[ #(",
    "- a list\n+ another\n/ Term: text",
    '"); #set page(width: 1pt); #let x = ("',
    "~ -- --- ... 'quotes' \"double\"",
    "${jndi:ldap://evil} {{7*7}} {reference} %s",
    "<script>alert(1)</script>",
]


def pdf(kind: str, language: str = "en", **changes: str) -> bytes:
    of, more = of_kind(kind)
    return as_pdf(letter(kind, {**of, **changes}, language, **more))


class TestAccessible:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("language", ["en", "cy"])
    def test_every_letter_is_tagged_titled_and_in_its_language(self, kind: str, language: str) -> None:
        of, more = of_kind(kind)
        made = letter(kind, of, language, **more)
        found = read(as_pdf(made))
        assert (found.title, found.language) == (made.title, f"{language}-GB")
        assert found.shows_title
        assert found.is_ua
        assert [text for tag, text in found.tags if tag == "H1"] == [made.title]
        assert all(described for _, described in found.links), "a link says where it leads"

    def test_it_is_read_in_the_order_in_which_it_is_written(self) -> None:
        found = read(pdf("acknowledgement"))
        told = found.text
        steps = [
            "The Chartered Institute of Marketing",
            "Ann Evans",
            "Your reference: CIM-0000-0000-0",
            "Dear Ann Evans,",
            "We have received your complaint",
            "What happens next",
            "What happens",
            "By",
            "We confirm to you",
            "Wednesday 30\u00a0December\u00a02026",
            "We send you our answer.",
            "Tuesday 26\u00a0January\u00a02027",
            "How to reach us",
            "Yours sincerely,",
        ]
        at = 0
        for step in steps:
            assert (at := told.find(step, at)) >= 0, f"'{step}' is missing, or comes too early"

    def test_dates_stand_in_a_table_with_headings(self) -> None:
        tags = read(pdf("acknowledgement")).tags
        assert [text for tag, text in tags if tag == "TH"] == ["What happens", "By"]
        cells = [text for tag, text in tags if tag == "TD"]
        assert cells[:2] == [
            "We confirm to you that we are dealing with your complaint.",
            "Wednesday 30\u00a0December\u00a02026",
        ]

    def test_the_persons_words_are_a_quotation_line_by_line(self) -> None:
        found = read(as_pdf(letter("written_record", bereaved())))
        for line in STORY.splitlines():
            assert line in found.text
        with pikepdf.open(io.BytesIO(as_pdf(letter("written_record", bereaved())))) as opened:
            tags = [one for one in opened.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one]
            assert [tag.S for tag in tags].count(pikepdf.Name.BlockQuote) == 3

    def test_a_link_leads_where_it_says(self) -> None:
        found = read(as_pdf(letter("consent_request", pending())))
        assert LINK in [url for url, _ in found.links]

    def test_nothing_needs_a_picture_and_every_font_is_in_the_file(self) -> None:
        with pikepdf.open(io.BytesIO(pdf("acknowledgement"))) as found:
            assert all("/XObject" not in page.resources or not page.resources.XObject for page in found.pages)
            fonts = [font for page in found.pages for font in page.resources.Font.values()]
            assert all("/FontFile" in str(font.DescendantFonts[0].FontDescriptor.keys()) for font in fonts)

    def test_a_layout_without_tags_is_caught_by_the_reader(self, tmp_path: Path) -> None:
        """The planted fault: what stands on the page but is no content is not read aloud."""
        plain = tmp_path / "letter.typ"
        plain.write_text(LAYOUT.read_text().replace("#letter.greeting", "#pdf.artifact(letter.greeting)"))
        assert "Dear Ann Evans," not in read(as_pdf(letter("acknowledgement"), plain)).text

    def test_a_layout_without_a_title_is_refused(self, tmp_path: Path) -> None:
        broken = tmp_path / "letter.typ"
        broken.write_text(LAYOUT.read_text().replace("title: letter.title, ", ""))
        with pytest.raises(NoLayout, match="title"):
            as_pdf(letter("acknowledgement"), broken)


class TestWhatPeopleType:
    @pytest.mark.parametrize("typed", MARKUP)
    def test_markup_is_text(self, typed: str) -> None:
        found = read(pdf("written_record", narrative=f"Before. {typed}\nAfter."))
        told = found.text.replace("\n", " ")
        for line in typed.splitlines():
            assert " ".join(line.split()) in " ".join(told.split())
        assert [text for tag, text in found.tags if tag == "H1"] == ["A record of what you told us"]
        assert not [url for url, _ in found.links if "evil" in url]

    @pytest.mark.parametrize("typed", MARKUP)
    def test_markup_in_a_name_an_address_or_a_reason_is_text_too(self, typed: str) -> None:
        one = " ".join(typed.split())
        person = {"name": one, "post": typed, "preferred_contact": "post"}
        told = read(as_pdf(letter("holding", record(complainant=person), note=typed))).text
        assert f"Dear {one}," in " ".join(told.split())

    def test_a_planted_layout_that_evaluates_is_caught(self, tmp_path: Path) -> None:
        fault = tmp_path / "letter.typ"
        fault.write_text(LAYOUT.read_text().replace("line => [#line]", 'line => eval(line, mode: "markup")'))
        made = letter("written_record", {**bereaved(), "narrative": "#(1+1) left"})
        assert "#(1+1) left" not in read(as_pdf(made, fault)).text
        assert "#(1+1) left" in read(as_pdf(made)).text

    def test_a_very_long_story_runs_over_pages_and_loses_nothing(self) -> None:
        story = "\n\n".join(f"Paragraph {number} of what happened to us." for number in range(400))
        found = read(pdf("written_record", narrative=story))
        assert all(f"Paragraph {number} of" in found.text for number in range(400))

    @pytest.mark.parametrize(
        ("typed", "shown"),
        [
            ("Siân Ŵyn, Zażółć, Ελλάδα, Привет", "Siân Ŵyn, Zażółć, Ελλάδα, Привет"),
            ("they said 😀👍🏽 and 谢谢你 in the end", f"they said {PLAIN}"),
            ("bell\x07 and \u202egnirts", "bell and gnirts"),
        ],
    )
    def test_every_script_can_be_sent_and_what_cannot_be_printed_is_said(
        self, typed: str, shown: str
    ) -> None:
        found = read(pdf("written_record", narrative=typed))
        assert shown in found.text
        assert ("cannot be printed here" in found.text) == (PLAIN in shown)
        assert " in the end" in found.text or "😀" not in typed

    def test_dozens_of_scripts_at_once_are_no_reason_to_fail(self) -> None:
        typed = "".join(chr(point) for point in range(0x0900, 0x1100, 7)) + "".join(
            chr(point) for point in range(0x2600, 0x2800, 5)
        )
        assert "cannot be printed here" in read(pdf("written_record", narrative=f"Words {typed}")).text


class TestTheFile:
    def test_the_same_letter_is_the_same_file(self) -> None:
        assert pdf("acknowledgement") == pdf("acknowledgement")

    def test_it_is_small(self) -> None:
        assert max(len(pdf(kind)) for kind in KINDS) < 60_000

    def test_an_organisations_own_layout_is_used_and_its_slips_are_told(self, tmp_path: Path) -> None:
        own = tmp_path / "letter.typ"
        own.write_text(
            '#let l = json(bytes(sys.inputs.letter))\n#set document(title: l.title)\n#set text(lang: "en")\n= Ours: #l.title\n'
        )
        made: Letter = letter("closure")
        assert "Ours: Our answer to your complaint is complete" in read(as_pdf(made, own)).text
        own.write_text("#nonsense")
        with pytest.raises(NoLayout, match="unknown variable: nonsense"):
            as_pdf(made, own)
        with pytest.raises(NoLayout, match="there is no layout"):
            as_pdf(made, tmp_path / "gone.typ")
