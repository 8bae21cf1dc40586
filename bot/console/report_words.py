"""The words of the reports: what each table is about, what each row is called, and what each count means."""

from __future__ import annotations

from datetime import date, datetime

from bot.console import cases_words as words
from bot.dialogue.catalogue import Catalogue
from cases.reports.hiding import SMALLEST
from cases.reports.history import ZONE
from cases.reports.measures import NOT_KNOWN, Cell, Promise
from cases.reports.period import Period

SMALL, WITHHELD = f"fewer than {SMALLEST}", "not shown"
# A table: its heading, what its rows are, and what its total is.
TABLES: dict[str, tuple[str, str, str]] = {
    "received": ("What became of them", "State", "Received"),
    "month": ("Month by month", "Month", "Received"),
    "subject": ("What they were about", "Theme", "Taken up"),
    "nature": ("What kind of matter it was", "Kind", "Taken up"),
    "channel": ("How they reached us", "Channel", "Taken up"),
    "complainant_type": ("Who came to us", "Who", "Taken up"),
    "sent_to": ("Where people were sent", "Where to", "Sent elsewhere"),
    "stage": ("How far they went", "Stage", "Filed"),
    "represented": ("Who brought them", "For whom", "Filed"),
    "adjustments": ("Adjustments", "Adjustments", "Filed"),
    "outcome": ("How they ended", "Outcome", "Filed"),
    "remedy": ("What was put right", "Remedy", "Answered by a decision"),
    "cause": ("Why it happened", "Root cause", "Upheld, in part or whole"),
    "answered": ("Answered", "", "Filed"),
    "assessment": ("Failures in an assessment", "", "Answered by a decision"),
}
ROWS: dict[str, dict[str, str]] = {
    "subject": {
        "service": "Service",
        "product": "Products",
        "qualification_assessment": "Qualifications and assessments",
        "exam_result": "Exam and assessment results",
        "study_centre": "Study centres",
        "member_conduct": "The conduct of members",
        "staff_member": "Members of staff",
        "director": "Directors",
        "business_centre": "The Business Centre",
        "membership_application": "Applications for membership",
        "system_delivery": "Systems and their delivery",
        "process_support": "Help with a process",
        "certificate": "Certificates",
        "data_protection": "Personal data",
        "other": "Something else",
    },
    "nature": {
        "complaint": "Complaints",
        "enquiry": "Enquiries",
        "feedback": "Feedback and suggestions",
        "compliment": "Compliments",
        "appeal": "Appeals against a decision or result",
    },
    "complainant_type": {
        "member": "Members",
        "registered_student": "Registered students",
        "learner": "Learners",
        "apprentice": "Apprentices",
        "delegate": "Delegates of courses and events",
        "employer_customer": "Employers",
        "learning_organisation": "Learning organisations and centres",
        "business_centre_customer": "Customers of the Business Centre",
        "staff": "Staff",
        "service_user": "Users of services",
        "public": "Others",
    },
    "channel": {
        "chat": "Online",
        "email": "E-mail",
        "phone": "Telephone",
        "voicemail": "Voicemail",
        "in_person": "In person",
        "post": "Post",
        "via_staff": "Through a member of staff",
        "social_media": "Social media",
    },
    "received": {
        "filed": "Filed as a complaint",
        "signposted": "Sent elsewhere",
        "informal": "Informal: enquiries, feedback, compliments",
        "withdrawn": "Withdrawn",
        "draft": "Open: begun and not sent yet",
        "abandoned": "Abandoned: begun and never sent",
    },
    "stage": {
        "single": "The one stage there is",
        "stage_1": "Stage 1",
        "stage_2": "Stage 2",
        "stage_3": "Stage 3",
        "final": "Final stage",
        "appeal": "Appeal",
        NOT_KNOWN: "No stage",
    },
    "represented": {
        "self": "For themselves",
        "consent": "For somebody who agreed",
        "deceased": "For somebody who has died",
        "unable": "For somebody who cannot do it themselves",
        "none": "For somebody who has not agreed yet",
    },
    "adjustments": {"asked": "Asked for an adjustment", "none": "Asked for none"},
    "outcome": {
        "upheld": "Upheld",
        "partly_upheld": "Upheld in part",
        "not_upheld": "Not upheld",
        "resolved": "Settled with the person",
        "withdrawn": "Closed as withdrawn",
        "not_pursued": "Not pursued",
        "out_of_scope": "Out of scope",
        "duplicate": "The same as another",
        "open": "Not closed yet",
    },
    "remedy": {
        "apology": "An apology",
        "explanation": "An explanation",
        "decision_changed": "A decision changed",
        "assessment_reviewed": "An assessment reviewed",
        "put_right": "What was wrong put right",
        "refund": "A refund",
        "payment": "A payment",
        "process_changed": "A process changed",
        "training": "Training",
        "none": "Nothing was owed",
        "other": "Something else",
    },
    "cause": {
        "communication": "Communication",
        "delay": "Delay",
        "staff_conduct": "How staff behaved",
        "wrong_information": "Wrong information",
        "service_quality": "Quality of the service",
        "assessment": "Assessment",
        "decision": "A decision",
        "administration": "Administration",
        "system_fault": "A fault in a system",
        "fees": "Fees",
        "accessibility": "Accessibility",
        "policy": "The policy itself",
        "third_party": "Somebody else's doing",
        "other": "Something else",
        "unknown": "Not found out",
    },
    "answered": {"answered": "Had an answer"},
    "assessment": {"failure_in_assessment": "Uncovered a failure in an assessment"},
}
CLOCK_STATES = {
    "kept": "Kept in time",
    "late": "Kept late",
    "not_kept": "Not kept",
    "running": "Not due yet",
    "stopped": "No longer owed",
}
STEPS = {
    "opened": "Opened it",
    "story": "Told their story",
    "check": "Came to the last page",
    "sent": "Sent it",
}
FACES = {"chat": "Conversation", "form": "Form", "phone": "Written down by staff"}
UNITS = {
    "working_day": ("working day", "working days"),
    "calendar_day": ("day", "days"),
    "week": ("week", "weeks"),
    "month": ("month", "months"),
    "hour": ("hour", "hours"),
}
# What each word means here; docs/reports.md says the same at length.
MEANINGS = (
    (
        "Received",
        "Everything in which somebody told us something. One that was sent counts on the day of its receipt; one that "
        "was not, on the day of its first words. A mere greeting does not count.",
    ),
    ("Filed", "Sent as a complaint and taken up, whatever became of it since."),
    ("Sent elsewhere", "Ours to hear, not to decide: recorded, and the person told where to go."),
    ("Informal", "Enquiries, feedback and compliments."),
    ("Withdrawn", "Taken back by the person, before or after it was sent."),
    ("Open", "Begun, told, and not sent when this report was made."),
    ("Abandoned", "Begun, told, and silent for so long that staff were shown it."),
    ("Taken up", "Filed, informal, or sent elsewhere."),
    ("Answered by a decision", "Closed as upheld, upheld in part, not upheld, or settled with the person."),
    (
        "Kept in time",
        "What was promised was done by the end of the last day. Kept late: after it. Not kept: the day is over, and it "
        "was not done. The share counts these three.",
    ),
    ("Days to answer", "Calendar days from receipt to the first answer, of those that had one."),
    (
        f"Fewer than {SMALLEST}",
        f"A number from 1 to {SMALLEST - 1} is not printed, so that nobody is known again by being one of few. Where "
        "the other numbers would tell which it is, one more is not shown.",
    ),
)


def row_name(table: str, row: str, said: Catalogue) -> str:
    """What a row is called; what comes from the policy is called as the interview calls it."""
    if row in ROWS.get(table, {}):
        return ROWS[table][row]
    if row == "total":
        return TABLES[table][2] if table in TABLES else "Total"
    if row == NOT_KNOWN:
        return "Not known"
    if table in ("subject", "nature", "channel", "complainant_type"):
        return said.label(table, row)
    if table == "clock":
        return words.clock_name(row)
    if table == "question":
        return said.question(row, "label") or words.plain(row)
    return row if table == "sent_to" else words.plain(row)


def cell_text(cell: Cell) -> str:
    """A count as it is read: 2,155, fewer than 5, or not shown."""
    if cell.value is not None:
        return f"{cell.value:,}"
    return SMALL if cell.hidden == "small" else WITHHELD


def day(value: date) -> str:
    """1 January 2026."""
    return f"{value.day} {value:%B %Y}"


def days_of(period: Period) -> str:
    """The period in words, as short as it can be."""
    if period.is_year:
        return str(period.first.year)
    return f"{day(period.first)} to {day(period.last)}"


def instant(at: datetime) -> str:
    """15 January 2027 at 09:30."""
    here = at.astimezone(ZONE)
    return f"{day(here.date())} at {here:%H:%M}"


def promised(promise: Promise) -> str:
    """2 working days; several where the rules differ."""
    found = []
    for amount, unit in promise.amounts:
        if amount is None or unit is None:
            continue
        one, several = UNITS.get(unit, (words.plain(unit).lower(), words.plain(unit).lower()))
        found.append("the same day" if amount == 0 else f"{amount} {one if amount == 1 else several}")
    return " or ".join(found)


def percent(share: float | None) -> str:
    """85.3%; a dash where there is none."""
    return "–" if share is None else f"{share:g}%"
