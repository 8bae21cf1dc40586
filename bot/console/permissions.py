"""Which role may do what: the one place that says so. Every page of the console names one of these.

A role is held within one organisation. What no role is given here, nobody may do.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from cases.staff import ROLES, Role


class Permission(StrEnum):
    """Something that a page does."""

    # For pages that are there before anybody signs in, and for those that everybody has who did.
    ANYBODY = "anybody"
    SIGNED_IN = "signed_in"

    SEE_CASES = "see_cases"
    SEE_RESTRICTED = "see_restricted"
    WORK_ON_CASES = "work_on_cases"
    LOG_COMPLAINTS = "log_complaints"
    EXPORT_CASES = "export_cases"
    SEE_REPORTS = "see_reports"
    REVIEW_LESSONS = "review_lessons"
    SEE_RULES = "see_rules"
    EDIT_RULES = "edit_rules"
    APPROVE_RULES = "approve_rules"
    PRIVACY = "privacy"
    SEE_AUDIT = "see_audit"


P = Permission
OPEN = frozenset({P.ANYBODY, P.SIGNED_IN})

MAY: dict[Role, frozenset[Permission]] = {
    "staff": frozenset(
        {P.SEE_CASES, P.WORK_ON_CASES, P.LOG_COMPLAINTS, P.SEE_RULES, P.SEE_REPORTS, P.REVIEW_LESSONS}
    ),
    # Held beside another role by those who deal with cases that the register keeps back.
    "restricted_cases": frozenset({P.SEE_RESTRICTED}),
    "rules_editor": frozenset({P.SEE_RULES, P.EDIT_RULES}),
    "rules_approver": frozenset({P.SEE_RULES, P.APPROVE_RULES}),
    "privacy_officer": frozenset(
        {
            P.SEE_CASES,
            P.SEE_RESTRICTED,
            P.EXPORT_CASES,
            P.SEE_REPORTS,
            P.REVIEW_LESSONS,
            P.PRIVACY,
            P.SEE_AUDIT,
        }
    ),
    # Reads everything, changes nothing.
    "auditor": frozenset(
        {P.SEE_CASES, P.SEE_RESTRICTED, P.EXPORT_CASES, P.SEE_REPORTS, P.SEE_RULES, P.SEE_AUDIT}
    ),
    # For programs, which have keys (`hearout keys`) and no pages.
    "api_client": frozenset(),
}
# What changes something: an auditor holds none of it.
CHANGES = frozenset(
    {P.WORK_ON_CASES, P.LOG_COMPLAINTS, P.REVIEW_LESSONS, P.EDIT_RULES, P.APPROVE_RULES, P.PRIVACY}
)

ROLE_NAMES: dict[Role, str] = {
    "staff": "Staff",
    "restricted_cases": "Restricted cases",
    "rules_editor": "Rules editor",
    "rules_approver": "Rules approver",
    "privacy_officer": "Privacy officer",
    "auditor": "Auditor",
    "api_client": "API client",
}


def may(roles: Iterable[str]) -> frozenset[Permission]:
    """What somebody with these roles may do, once signed in."""
    given = set(roles)
    return OPEN.union(*(MAY[role] for role in ROLES if role in given))
