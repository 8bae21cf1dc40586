"""Qualifications and study centres in a story."""

from __future__ import annotations

from time import thread_time

import pytest

from bot.understanding.centres import find_centres
from bot.understanding.courses import find_qualifications
from bot.understanding.gazetteer import FILE, gazetteer
from bot.understanding.phrases import read_yaml
from bot.understanding.spans import Span
from bot.understanding.tokens import tokens_of


def qualifications(text: str) -> list[Span]:
    tokens = tokens_of(text)
    return find_qualifications(tokens, list(gazetteer().find(tokens)))


def centres(text: str) -> list[Span]:
    tokens = tokens_of(text)
    return find_centres(tokens, list(gazetteer().find(tokens)))


QUALIFICATIONS = [
    (
        "I am doing the Level 5 Diploma in Management and Leadership with you",
        "Level 5 Diploma in Management and Leadership",
    ),
    (
        "i am doing a level 5 diploma in management and leadership with you",
        "Level 5 Diploma in Management and Leadership",
    ),
    (
        "my CMI Level 7 Certificate in Strategic Management and Leadership Practice was late",
        "Level 7 Certificate in Strategic Management and Leadership Practice",
    ),
    ("a Level 3 Award in Education and Training from you", "Level 3 Award in Education and Training"),
    ("my level 3 team leader apprenticeship has stalled", "Level 3 Team Leader apprenticeship"),
    ("I am on the Team Leader apprenticeship", "Team Leader apprenticeship"),
    ("the Adult Care Worker Apprenticeship is a shambles", "Adult Care Worker Apprenticeship"),
    ("the Retail Manager Apprenticeship is a shambles", "Retail Manager Apprenticeship"),
    ("my NVQ level 2 in plumbing", "NVQ level 2 in plumbing"),
    ("my nvq level 2 in plumbing", "NVQ Level 2 in Plumbing"),
    ("an NVQ Level 3 in Business Administration at work", "NVQ Level 3 in Business Administration"),
    ("I failed the Diploma in Professional Marketing", "Diploma in Professional Marketing"),
    ("my Postgraduate Diploma in Sustainable Leadership", "Postgraduate Diploma in Sustainable Leadership"),
    ("the certificate in professional digital marketing", "Certificate in Professional Digital Marketing"),
    ("I am studying for CPFA", "CPFA"),
    ("my AAT exam was cancelled", "AAT"),
    ("the CIPFA Professional Qualification is hard", "CIPFA Professional Qualification"),
    ("I sat the SFM exam in June", "Strategic Financial Management"),
    ("my exam result for Financial Management", "Financial Management"),
    ("the Marketing Principles paper was wrong", "Marketing Principles"),
    ("lean six sigma green belt", "Lean Six Sigma Green Belt"),
    ("functional skills maths was never taught", "Functional Skills Maths"),
    ("the level 4 data analyst course you sold me", "Level 4 Data Analyst course"),
    ("my level 5 diploma never came", "Level 5 Diploma"),
    ("I am on level 3", None),
    ("I enjoy the level of detail", None),
    ("my certificate in June never came", None),
    ("my certificate in the post", None),
    ("you have poor financial management at the top", None),
    ("the council's financial reporting is poor", None),
    ("I am a CPFA member", None),
    ("Jane Hartley CPFA", None),
    ("I have a degree", None),
    ("my apprenticeship is a joke", None),
    ("On the 5th I passed", None),
    ("in a team leader meeting", None),
    (
        "Level 5 Diploma in Leadership and Level 3 Award in Coaching",
        "Level 3 Award in Coaching|Level 5 Diploma in Leadership",
    ),
]


@pytest.mark.parametrize(("text", "name"), QUALIFICATIONS)
def test_a_qualification_is_known_by_its_name_or_its_make(text: str, name: str | None) -> None:
    found = qualifications(text)
    assert "|".join(sorted(span.value for span in found)) == (name or "")
    assert all(0 <= span.start < span.end <= len(text) for span in found)


CENTRES = [
    ("I study at Northgate College and", "Northgate College"),
    ("My study centre, Bridgewater Learning, shut down.", "Bridgewater Learning"),
    ("my study centre is called Northgate", "Northgate"),
    ("the training provider (Acorn Skills Training Ltd) vanished", "Acorn Skills Training Ltd"),
    ("I paid Oxford College of Marketing for a place", "Oxford College of Marketing"),
    ("the college of marketing and I fell out", None),
    ("I am with BPP in Leeds", "BPP"),
    ("classes at the University of Leeds were cancelled", "University of Leeds"),
    ("Northgate College cancelled my class", "Northgate College"),
    ("i go to classes at northgate college on mondays", "Northgate College"),
    ("a course at Leeds City College", "Leeds City College"),
    ("at St Mary's College", "St Mary's College"),
    ("my college is in Reading", None),
    ("at my study centre in Reading", None),
    ("The Study Centre was shut", None),
    ("I rang the Contact Centre", None),
    ("I rang the Customer Service Centre", None),
    ("the meeting room at the Business Centre", None),
    ("at Moor Hall", None),
    ("I work at Northgate College", None),
    ("write to Harborough Enterprise Centre", None),
    ("I was at law school at night college", None),
    ("at a local college", None),
    ("the Chartered Institute of Marketing", None),
    ("Safeguarding Training was on Monday", None),
    ("First Intuition and Kaplan both refused", "First Intuition|Kaplan"),
]


@pytest.mark.parametrize(("text", "name"), CENTRES)
def test_a_study_centre_is_known_by_its_name_or_its_make(text: str, name: str | None) -> None:
    assert "|".join(sorted(span.value for span in centres(text))) == (name or "")


class TestTheGazetteer:
    def test_an_organisation_knows_its_own_and_what_all_know(self) -> None:
        tokens = tokens_of("lean six sigma green belt, SFM, functional skills")
        assert [one.name for one in gazetteer("cqm").find(tokens)] == [
            "Lean Six Sigma Green Belt",
            "Functional Skills",
        ]
        assert len(list(gazetteer().find(tokens))) == 3

    def test_every_organisation_of_the_file_is_one_of_ours(self) -> None:
        from policy_rules.shelf import PackShelf

        assert set(read_yaml(FILE)) <= {"any", *PackShelf().ids()}

    def test_a_list_of_another_name_is_refused(self, tmp_path: object) -> None:
        from pathlib import Path

        wrong = Path(str(tmp_path)) / "wrong.yml"
        wrong.write_text("any:\n  qualification: [NVQ]\n", encoding="utf-8")
        with pytest.raises(ValueError, match="unknown list 'qualification'"):
            gazetteer(None, wrong)

    def test_an_address_of_the_organisation_is_not_the_writers(self) -> None:
        assert gazetteer().ours("comments@cim.co.uk")
        assert not gazetteer().ours("jane@example.org")


@pytest.mark.parametrize(
    "unit",
    ["Level 5 ", "Diploma in ", "level 5 diploma in management and ", "College ", "at College of ", "my centre, ", "A B ", "NVQ level 2 ",
     "Team Leader ", "and & ", "apprenticeship "],
)  # fmt: skip
def test_sixteen_kilobytes_of_titles_is_read_in_time(unit: str) -> None:
    text = (unit * 16384)[:16384]
    begun = thread_time()
    qualifications(text)
    centres(text)
    assert thread_time() - begun < 0.5
