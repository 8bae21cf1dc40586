"""What is kept of the house itself: who works there, the rules that it goes by, what its reports counted."""

from __future__ import annotations

import sqlalchemy as sa

from cases.columns import Instant, Words, belongs_to, json_column, metadata, one_of

SIGN_INS = ("password", "provider")
DRAFT_STATES = ("open", "submitted", "withdrawn", "published")
DRAFT_STEPS = ("saved", "submitted", "sent_back", "taken_back", "withdrawn", "published")

# ---- Staff who sign in (migration 0010) ----

# `id` is random: the audit trail keeps it of somebody. `invite_hash` is the SHA-256 of the secret of a one-time link.
staff_accounts = sa.Table(
    "staff_accounts",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("email", Words, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("roles", json_column(), nullable=False),
    sa.Column("password_hash", sa.String(255)),
    sa.Column("issuer", Words),
    sa.Column("subject", Words),
    sa.Column("invite_hash", sa.String(64)),
    sa.Column("invite_until", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("signed_in_at", Instant),
    sa.Column("disabled_at", Instant),
    sa.UniqueConstraint("organisation", "email"),
    sa.UniqueConstraint("organisation", "issuer", "subject"),
)

# A browser that somebody signed in with; of its secret only the SHA-256 is kept. A session that ended is no row.
staff_sessions = sa.Table(
    "staff_sessions",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("account_id", sa.String(32), nullable=False),
    sa.Column("how", sa.String(16), nullable=False),
    sa.Column("device", sa.String(64), nullable=False),
    sa.Column("began_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    belongs_to("staff_accounts", ("organisation", "account_id"), ("organisation", "id")),
    sa.Index(None, "organisation", "account_id"),
    sa.Index(None, "organisation", "expires_at"),
    one_of("how", SIGN_INS),
)

# Somebody is away at the identity provider. Good once, for some minutes, in the browser that went.
staff_sign_ins = sa.Table(
    "staff_sign_ins",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("state_hash", sa.String(64), primary_key=True),
    sa.Column("browser_hash", sa.String(64), nullable=False),
    sa.Column("nonce", sa.String(64), nullable=False),
    sa.Column("verifier", sa.String(128), nullable=False),
    sa.Column("back", Words, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "organisation", "expires_at"),
)


# ---- Versions of the rules (migration 0011) ----

# Somebody's work on the rules, until it is published or withdrawn. `base` is the number of the version that it was
# made from, `base_sha256` the hash of that one's text; `again_of` the number of an old version that it brings back;
# `effective_on` the day from which its authors want it, null for as soon as it is approved.
rule_drafts = sa.Table(
    "rule_drafts",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("title", Words, nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("base", sa.Integer, nullable=False),
    sa.Column("base_sha256", sa.String(64), nullable=False),
    sa.Column("again_of", sa.Integer),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("author", sa.String(32), nullable=False),
    sa.Column("author_name", Words, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("source", Words, nullable=False),
    sa.Column("effective_on", sa.Date),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Index(None, "organisation", "state"),
    one_of("state", DRAFT_STATES),
)

# Each step of a draft with its text as it then was. Append-only; the database itself refuses a change.
rule_draft_revisions = sa.Table(
    "rule_draft_revisions",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("draft_id", sa.String(32), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("by_name", Words, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("what", Words, nullable=False),
    belongs_to("rule_drafts", ("organisation", "draft_id"), ("organisation", "id")),
    one_of("kind", DRAFT_STEPS),
)

# What was published, for good: the database itself refuses a change. `sha256` is of the pack in the text, which the
# cases name; `digest` is of all the other columns. `effective_from` null: in force since ever, the file of before.
rule_versions = sa.Table(
    "rule_versions",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("title", Words, nullable=False),
    sa.Column("author", sa.String(32)),
    sa.Column("author_name", Words, nullable=False),
    sa.Column("approver", sa.String(32)),
    sa.Column("approver_name", Words, nullable=False),
    sa.Column("approved_at", Instant, nullable=False),
    sa.Column("effective_from", Instant),
    sa.Column("reason", Words, nullable=False),
    sa.Column("source", Words, nullable=False),
    sa.Column("base", sa.Integer),
    sa.Column("draft_id", sa.String(32)),
    sa.Column("again_of", sa.Integer),
)


# ---- Reports (migration 0013) ----

# What reports count of a case, as it was until its record was replaced by another; coded values only.
report_past = sa.Table(
    "report_past",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("case_reference", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("data", json_column(), nullable=False),
    belongs_to("cases", ("organisation", "case_reference"), ("organisation", "reference")),
)

# What happened in a conversation that was erased, and when, in coded values; `id` is random and leads nowhere.
report_kept = sa.Table(
    "report_kept",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("erased_at", Instant, nullable=False),
    sa.Column("history", json_column(), nullable=False),
)

# A lesson as somebody wrote it for the report; of no case. One that is changed or left out ends, and stays for the
# reports of before.
report_lessons = sa.Table(
    "report_lessons",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("learned_on", sa.Date, nullable=False),
    sa.Column("subject", sa.String(64)),
    sa.Column("words", Words, nullable=False),
    sa.Column("reviewed_at", Instant, nullable=False),
    sa.Column("reviewed_by", sa.String(64), nullable=False),
    sa.Column("ended_at", Instant),
    sa.Index(None, "organisation", "learned_on"),
)

# Which closing of a case somebody has looked at for the report, and the lesson that came of it; null: left out.
report_reviews = sa.Table(
    "report_reviews",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("case_reference", sa.String(64), primary_key=True),
    sa.Column("event", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("lesson_id", sa.String(32)),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    belongs_to("cases", ("organisation", "case_reference"), ("organisation", "reference")),
)
