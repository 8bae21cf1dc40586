"""What is kept of complaints: conversations, cases, what becomes of them, and where they go.

Every table leads with the organisation, so that tenants can be put on shards of their own.
"""

from __future__ import annotations

import sqlalchemy as sa

from cases.columns import Instant, Words, belongs_to, json_column, metadata, one_of

CONVERSATION_STATES = ("draft", "filed", "signposted", "informal", "withdrawn", "abandoned")
MESSAGE_ROLES = ("complainant", "assistant", "staff", "system")
OUTBOX_STATES = ("pending", "leased", "delivered", "dead")
RECEIVER_STATES = ("working", "resting", "disabled")
SCANS = ("clean", "unscanned", "infected")
AUDIT_ACTORS = ("complainant", "staff", "system")
ERASED_BECAUSE = ("retention", "request")
CLOCK_STATES = ("running", "met", "missed", "paused", "stopped")
PROGRESS = ("received", "acknowledged", "responded", "closed")

# `key_hash` is the SHA-256 of the secret that names the conversation: the secret itself is never stored.
conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("key_hash", sa.String(64), nullable=False),
    sa.Column("reference", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("recorded_by", Words),
    sa.Column("data", json_column(), nullable=False),
    sa.Column("privacy_version", sa.String(64)),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("first_told_at", Instant),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("last_seq", sa.Integer, nullable=False),
    sa.UniqueConstraint("organisation", "key_hash"),
    sa.UniqueConstraint("organisation", "reference"),
    # What has lapsed is looked for among the drafts alone; updated_at would be moved in an index at every turn.
    sa.Index(None, "organisation", "state"),
    one_of("state", CONVERSATION_STATES),
)

# Append-only. `entries` is what an assistant row put on the wire, word for word, so that it can be said again.
messages = sa.Table(
    "messages",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("conversation_id", sa.String(64), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("message_id", sa.String(200)),
    sa.Column("entries", json_column()),
    sa.Column("in_reply_to", sa.Integer),
    belongs_to("conversations", ("organisation", "conversation_id"), ("organisation", "id")),
    sa.UniqueConstraint("organisation", "conversation_id", "message_id"),
    one_of("role", MESSAGE_ROLES),
)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("reference", sa.String(64), primary_key=True),
    sa.Column("conversation_id", sa.String(64), nullable=False),
    sa.Column("conversation_reference", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("first_told_at", Instant),
    sa.Column("disposition", sa.String(32)),
    sa.Column("handler", sa.Text),
    sa.Column("stage", sa.String(16)),
    sa.Column("acknowledge_by", sa.Date),
    sa.Column("respond_by", sa.Date),
    sa.Column("record", json_column(), nullable=False),
    sa.Column("policy_sha256", sa.String(64)),
    sa.Column("created_at", Instant, nullable=False),
    # Moves with every write to the case, its clocks, events and notes: the ETag of the API.
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    # How far the organisation has come with it; cases.events moves it.
    sa.Column("progress", sa.String(16), nullable=False, server_default="received"),
    # Out of the record, by cases.case_row: whether only those who deal with it may open it.
    sa.Column("restricted", sa.Boolean, nullable=False, server_default=sa.false()),
    # Moves with the version.
    sa.Column("updated_at", Instant, nullable=False),
    belongs_to("conversations", ("organisation", "conversation_id"), ("organisation", "id")),
    sa.Index(None, "organisation", "conversation_id"),
    # The register is read by page, the newest first.
    sa.Index(None, "organisation", "created_at", "reference"),
    sa.Index(None, "organisation", "restricted", "created_at", "reference"),
    sa.Index(None, "organisation", "updated_at"),
    one_of("state", CONVERSATION_STATES),
    one_of("progress", PROGRESS),
)

# One row for each promise of a case; at most one of a kind may apply to a case. `due` is the day in force; `promised`
# is the first day that was told, once another took its place (it is never un-told), `extensions` how often that was by
# an extension, and `extended_reason` the last reason. `met_at` is when what was promised was done: on a missed clock,
# too late; null on it, not yet. `stops` lists the days on which it stood still: [{"first": "...", "last": "..."}],
# `last` null while it does.
clocks = sa.Table(
    "clocks",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("case_reference", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(64), primary_key=True),
    sa.Column("by", sa.String(32), nullable=False),
    sa.Column("due", sa.Date),
    sa.Column("amount", sa.Integer),
    sa.Column("unit", sa.String(32)),
    sa.Column("from_event", sa.String(64)),
    sa.Column("first_day", sa.String(32)),
    sa.Column("force", sa.String(32)),
    sa.Column("clause", sa.Text),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("met_at", Instant),
    sa.Column("paused_at", Instant),
    sa.Column("promised", sa.Date),
    sa.Column("extensions", sa.Integer, nullable=False, server_default="0"),
    sa.Column("extended_reason", Words),
    sa.Column("stops", json_column()),
    # Of cases.watch (migration 0007): the last warning was for this day, so many working days before it (-1: it had
    # passed); the calendar that the row was last counted with, and the day that it gives.
    sa.Column("warned_due", sa.Date),
    sa.Column("warned_days", sa.Integer),
    sa.Column("calendar_version", sa.String(120)),
    sa.Column("recomputed", sa.Date),
    belongs_to("cases", ("organisation", "case_reference"), ("organisation", "reference")),
    sa.Index(None, "organisation", "due"),
    # What is looked at again and again is the clocks that run; in time most have ended.
    sa.Index(None, "organisation", "state", "due"),
    one_of("state", CLOCK_STATES),
)

# `id` is the delivery id: the same on every attempt, so that a receiver can drop what it has had. The reference is a
# case's, or that of the conversation for what is said of a draft.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("case_reference", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("target", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("lease_until", Instant),
    sa.Column("last_error", Words),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("delivered_at", Instant),
    sa.Column("alarmed_at", Instant),
    # What the row is about beside its case (migration 0007): which clock, which reminder.
    sa.Column("detail", json_column()),
    # The one query that crosses organisations: what is due now.
    sa.Index(None, "state", "due_at"),
    one_of("state", OUTBOX_STATES),
)

# How each place that cases go to is faring; a place that never had a delivery has no row. `failures` counts those in
# a row; a resting one is tried again, by one delivery, at `rest_until`; a disabled one when somebody says so.
receivers = sa.Table(
    "receivers",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("target", sa.String(64), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("rest_until", Instant),
    sa.Column("failing_since", Instant),
    sa.Column("last_success_at", Instant),
    sa.Column("last_error", Words),
    one_of("state", RECEIVER_STATES),
)

# A link by which the person represented agrees or refuses; the token itself stands in the link alone.
consents = sa.Table(
    "consents",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("conversation_id", sa.String(64), nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    belongs_to("conversations", ("organisation", "conversation_id"), ("organisation", "id")),
)

# What was sent with a conversation; the files themselves stand in cases.vault under their ids. `name` is what the
# person called it, made fit to be shown; size and sha256 are of the file as it is kept.
evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("conversation_id", sa.String(64), nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("type", sa.String(128), nullable=False),
    sa.Column("scan", sa.String(16), nullable=False),
    sa.Column("at", Instant, nullable=False),
    belongs_to("conversations", ("organisation", "conversation_id"), ("organisation", "id")),
    sa.Index(None, "organisation", "conversation_id"),
    one_of("scan", SCANS),
)

# Append-only: triggers refuse to change it (migration 0002). What each entry holds, and what it never holds: audit.py.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.String(16), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("reference", sa.String(64), nullable=False),
    sa.Column("delivery_id", sa.String(32)),
    sa.Column("digest", sa.String(64)),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    # Which key or member of staff did it, by an id that names nobody.
    sa.Column("caller", sa.String(64)),
    # What became of one reference: its history, and what it was at an instant.
    sa.Index(None, "organisation", "reference"),
    one_of("actor", AUDIT_ACTORS),
)

# The newest entry of each chain. Whoever appends locks this row, so that a chain never forks.
audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

# ---- What becomes of a case (migration 0006) ----

# Keys for other systems. A key reads hearout.<organisation>.<prefix>.<secret>; `hash` is the SHA-256 of the secret.
api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("prefix", sa.String(16), primary_key=True),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("scopes", json_column(), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("last_used_at", Instant),
    sa.Column("revoked_at", Instant),
)

# Append-only: a trigger refuses to change an event. `at` is when it happened, `recorded_at` when we were told; `data`
# is what was told of it, `clocks` what became of the clocks.
case_events = sa.Table(
    "case_events",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("case_reference", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("data", json_column(), nullable=False),
    sa.Column("clocks", json_column(), nullable=False),
    belongs_to("cases", ("organisation", "case_reference"), ("organisation", "reference")),
)

# What staff and case systems write beside a case; the complainant is not shown it.
notes = sa.Table(
    "notes",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("case_reference", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", Words, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("at", Instant, nullable=False),
    belongs_to("cases", ("organisation", "case_reference"), ("organisation", "reference")),
)

# How a case ended, for reports; gone when it is reopened (its events keep what was recorded).
closings = sa.Table(
    "closings",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("case_reference", sa.String(64), primary_key=True),
    sa.Column("closed_at", Instant, nullable=False),
    sa.Column("by", Words, nullable=False),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("remedies", json_column(), nullable=False),
    sa.Column("cause", sa.String(32)),
    sa.Column("details", json_column(), nullable=False),
    sa.Column("failure_in_assessment", sa.Boolean, nullable=False),
    belongs_to("cases", ("organisation", "case_reference"), ("organisation", "reference")),
)

# Answers that are given again to a request that is sent again; written with what the request did.
idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("caller", sa.String(64), primary_key=True),
    sa.Column("key_hash", sa.String(64), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("case_reference", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("answer", json_column(), nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "organisation", "expires_at"),
)


# Privacy (migration 0008). A hold keeps a conversation and its cases from being erased; `why` goes when it is lifted.
holds = sa.Table(
    "holds",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("conversation_id", sa.String(64), primary_key=True),
    sa.Column("reference", sa.String(64), nullable=False),
    sa.Column("why", Words, nullable=False),
    sa.Column("placed_by", Words, nullable=False),
    sa.Column("placed_at", Instant, nullable=False),
    belongs_to("conversations", ("organisation", "conversation_id"), ("organisation", "id")),
)

# What is left of a case that was erased, so that the year's counts stay the same: nothing here tells of a person.
tombstones = sa.Table(
    "tombstones",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("reference", sa.String(64), primary_key=True),
    sa.Column("conversation_reference", sa.String(64), nullable=False),
    sa.Column("because", sa.String(16), nullable=False),
    sa.Column("erased_at", Instant, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("received_on", sa.Date),
    sa.Column("disposition", sa.String(32)),
    sa.Column("stage", sa.String(16)),
    sa.Column("facts", json_column(), nullable=False),
    one_of("because", ERASED_BECAUSE),
)

# ---- The complainant afterwards (migration 0009) ----

# Somebody asked for a one-time code. The row is the same for a reference that is nobody's; `key_hash` is of the secret
# of the browser that asked, `address_hash` of the address that was typed, null for the one on file. `code_hash` is
# there once a code was sent.
case_codes = sa.Table(
    "case_codes",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("case_reference", sa.String(64), nullable=False),
    sa.Column("key_hash", sa.String(64), nullable=False),
    sa.Column("address_hash", sa.String(64)),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("settled_at", Instant),
    sa.Column("code_hash", sa.String(64)),
    sa.Column("sent_at", Instant),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("used_at", Instant),
    sa.Index(None, "organisation", "case_reference", "asked_at"),
    sa.Index(None, "organisation", "asked_at"),
)

# A browser that a code has opened a case to; of its secret only the SHA-256 is kept.
case_sessions = sa.Table(
    "case_sessions",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("case_reference", sa.String(64), nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Index(None, "organisation", "expires_at"),
)

# What a contact was before the person put it right. Append-only.
contact_changes = sa.Table(
    "contact_changes",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("case_reference", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("field", sa.String(32), nullable=False),
    sa.Column("old", Words),
    sa.Column("new", Words),
    sa.Column("at", Instant, nullable=False),
    belongs_to("cases", ("organisation", "case_reference"), ("organisation", "reference")),
)

# By what the person of a case may be known again: SHA-256 of the address, number or name, one row of a kind.
person_marks = sa.Table(
    "person_marks",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("case_reference", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("mark", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False),
    belongs_to("cases", ("organisation", "case_reference"), ("organisation", "reference")),
    sa.Index(None, "organisation", "mark", "at"),
)
