"""Sums, lengths of time, member numbers, case references, postcodes and postal addresses in running text."""

from __future__ import annotations

import pytest

from bot.understanding.amounts import find_durations, find_sums
from bot.understanding.identifiers import find_member_number, find_references
from bot.understanding.postal import find_own_address, find_postcodes
from cases.references import new_reference
from tests.understanding.questions import NOW


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("I paid £450.", "450.00"),
        ("I paid £1,250.50 in full", "1250.50"),
        ("I paid £ 85 and then £30 more", "85.00 30.00"),
        ("it cost 450 pounds", "450.00"),
        ("fifty quid for a certificate", "50.00"),
        ("four hundred and fifty pounds for nothing", "450.00"),
        ("a hundred pounds a month", "100.00"),
        ("one thousand two hundred pounds", "1200.00"),
        ("12 pounds 50 postage", "12.50"),
        ("they took 50p and then 20 pence", "0.50 0.20"),
        ("£1.2k down the drain", "1200.00"),
        ("nearly two grand", "2000.00"),
        ("it cost me a fiver", "5.00"),
        ("GBP 300", "300.00"),
        ("300 GBP", "300.00"),
        ("£0.50", "0.50"),
        ("I have put on 3 stone and weigh 200 lbs", ""),
        ("at 3 p.m. on page 12", ""),
        ("we pounded the streets", ""),
        ("level 5, unit 3, 48 marks", ""),
        ("the grand hall", ""),
        ("p 12 and pp 3", ""),
    ],
)
def test_money_is_pounds_with_pence(text: str, sums: str) -> None:
    found = find_sums(text)
    assert [span.value for span in found] == sums.split()
    assert all(0 <= span.start < span.end <= len(text) for span in found)


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("I have waited nine weeks", "P9W"),
        ("after 40 minutes on hold", "PT40M"),
        ("it took 3 months and 2 days", "P3M P2D"),
        ("a fortnight of silence", "P2W"),
        ("ten working days", "P10D"),
        ("an hour on hold", "PT1H"),
        ("a whole year of my life", "P1Y"),
        ("twenty six weeks", "P26W"),
        ("I have had no tutor since August", "2026-08/.."),
        ("I have had no tutor since December", "2025-12/.."),
        ("a member since 2019", "2019/.."),
        ("since March 2024 I have asked", "2024-03/.."),
        ("nine weeks ago", ""),
        ("twice a week", ""),
        ("£30 a month", ""),
        ("since 3 March", ""),
        ("since March 3", ""),
        ("a few weeks", ""),
        ("the weeks went by", ""),
    ],
)
def test_a_length_of_time_is_written_as_iso_8601_does(text: str, lengths: str) -> None:
    assert [span.value for span in find_durations(text, NOW)] == lengths.split()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Membership number 123456.", "123456"),
        ("my member no. is ab-123456", "AB-123456"),
        ("membership no: 30412267", "30412267"),
        ("I am member 30412267 and", "30412267"),
        ("(membership 30412267)", "30412267"),
        ("my student ID is 1204499", "1204499"),
        ("learner reference: AB12345", "AB12345"),
        ("my CIM number is 30412267", "30412267"),
        ("candidate number 12345/67", "12345/67"),
        ("my membership number is three oh four one double two six seven thanks", "30412267"),
        ("I have been a member for years, number 30412267.", "30412267"),
        ("I am a member, 30412267, and", "30412267"),
        ("I am a member and my phone number is 30412267", None),
        ("member number 12", None),
        ("I have been a member 12 years", None),
        ("a member of staff rang on 07400 123456", None),
        ("the student 12/03/2026 exam", None),
        ("My order number is 123456", None),
        ("I am a member. 123456 was my code", None),
        ("number of members 123456", None),
        ("CIM 2026 awards", None),
    ],
)
def test_a_member_number_is_known_by_its_words(text: str, number: str | None) -> None:
    found = find_member_number(text)
    assert (found.value if found else None) == number


def test_a_reference_of_ours_is_read_however_it_is_typed() -> None:
    ours = new_reference("cqm", b"\x01\x82\x13\x94\x75")
    assert [span.value for span in find_references(f"about {ours}, please")] == [ours]
    assert [span.value for span in find_references(f"about {ours.lower().replace('-', ' ')}")] == [ours]


def test_five_short_words_and_a_wrong_letter_are_no_reference() -> None:
    ours = new_reference("cqm", b"\x01\x82\x13\x94\x75")
    wrong = ours[:-1] + ("2" if ours[-1] != "2" else "3")
    assert find_references(wrong) == []
    assert find_references("they said that they were 9 there when this was a mess") == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("my postcode is le1 2ab", "LE1 2AB"),
        ("SL6 9QH, UK", "SL6 9QH"),
        ("ch14qr", "CH1 4QR"),
        ("EC1A 1BB and W1A 0AX", "EC1A 1BB|W1A 0AX"),
        ("room B12 3rd floor", ""),
        ("level 3 at 10am, unit 4CD", ""),
        ("ref AB12 3456", ""),
    ],
)
def test_a_postcode_is_found_in_any_case(text: str, codes: str) -> None:
    assert "|".join(span.value for span in find_postcodes(text)) == codes


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("My address is 3 Mill Lane, Leicester, LE1 2AB.", "3 Mill Lane, Leicester, LE1 2AB"),
        ("my address is 3 mill lane leicester le1 2ab thanks", "3 mill lane leicester le1 2ab"),
        ("I live at Flat 2, 14 High Street, Oldham OL1 1AA and", "Flat 2, 14 High Street, Oldham OL1 1AA"),
        ("Please write to me at 3 Mill Lane, Leicester LE1 2AB", "3 Mill Lane, Leicester LE1 2AB"),
        (
            "No reply.\n\nYours faithfully,\nJean Dunn (Mrs)\n3 Mill Lane\nLeicester\nLE1 2AB",
            "3 Mill Lane, Leicester, LE1 2AB",
        ),
        ("Address:\n3 Mill Lane\nLeicester\nLE1 2AB", "3 Mill Lane, Leicester, LE1 2AB"),
        ("my address is 12 Oak Drive, Stockport", "12 Oak Drive, Stockport"),
        ("my address is twelve oak drive stockport", "twelve oak drive stockport"),
        ("please reply by post to Flat 2, 14 High Street, Oldham.", "Flat 2, 14 High Street, Oldham"),
        (
            "I do not use e-mail, so please write to me at 9 Kings Road, Bath. I rang twice.",
            "9 Kings Road, Bath",
        ),
        ("I live at 12 Oak Drive and the noise was awful", "12 Oak Drive"),
        ("You sent it to 12 Oak Drive, Stockport, where I have never lived.", None),
        ("The class at 12 Oak Drive was cancelled.", None),
        ("I lost 3 days on the way", None),
        ("my address is on file, the centre is at 12 Oak Drive", None),
        ("You sent it to 3 Mill Lane, Leicester LE1 2AB, where I have never lived.", None),
        ("I wrote to CIPFA, The Quadrant, Sealand Road, Chester, CH1 4QR", None),
        ("The centre is at 3 Mill Lane, Leicester LE1 2AB.", None),
        ("My address is on file. The centre is at 3 Mill Lane, Leicester LE1 2AB.", None),
        ("my address is le1 2ab", None),
    ],
)
def test_only_an_address_that_is_given_as_the_writers_is_theirs(text: str, address: str | None) -> None:
    found = find_own_address(text)
    assert (found.value if found else None) == address
