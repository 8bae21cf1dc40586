"""Questions as the dialogue opens them, and a moment to read at."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.messages import OpenQuestion
from policy_rules.facts import VOCABULARY

# A Friday in November, mid-morning in London.
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
FACTS = {name: fact.values for name, fact in VOCABULARY.items()}

STORY = OpenQuestion("story", "text", optional=False)
REMEDY = OpenQuestion("desired_remedy", "text", optional=True)
NAME = OpenQuestion("complainant_name", "text", optional=False)
EMAIL = OpenQuestion("contact_email", "email", optional=True)
PHONE = OpenQuestion("contact_phone", "phone", optional=True)
HAPPENED_ON = OpenQuestion("happened_on", "date", optional=True)
EVIDENCE = OpenQuestion("evidence", "file", optional=True)
CHECK = OpenQuestion("check_answers", "check", optional=False)
CONFIRM = OpenQuestion("confirm_facts", "confirm", optional=False, choices=(("true", "Yes"), ("false", "No")))
EXHAUSTED = OpenQuestion(
    "centre_procedure_exhausted", "yes_no", optional=False, choices=(("true", "Yes"), ("false", "No"))
)
SUBJECT = OpenQuestion(
    "subject",
    "choice",
    optional=False,
    choices=(
        ("service", "Our service"),
        ("exam_result", "An exam result"),
        ("study_centre", "A study centre"),
        ("staff_member", "A member of staff"),
        ("certificate", "A certificate"),
        ("director", "A director"),
        ("other", "Something else"),
    ),
)
BEHALF = OpenQuestion(
    "on_behalf_of", "choice", optional=False, choices=(("self", "For myself"), ("other", "For someone else"))
)
