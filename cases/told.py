"""What may be told of a case after it was filed: the events of `cases.events`, each with its shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from cases.closing import Closing

Kind = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]
Reason = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    at: AwareDatetime | None = Field(
        default=None, description="When it happened, RFC 3339 with an offset; now, if not given."
    )
    by: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        pattern=r"\S",
        description="Who did it; the key's name, else.",
    )


class Acknowledged(_Told):
    """The complainant was told that the complaint arrived. Stops the clock `acknowledge`, starts those that wait."""

    kind: Literal["acknowledged"]


class Recorded(_Told):
    """The complainant has the written record of an oral complaint. Stops the clock `written_record`."""

    kind: Literal["recorded"]


class Responded(_Told):
    """The answer reached the complainant. Stops `respond` and `acknowledge`; the complainant's own window begins."""

    kind: Literal["responded"]


class Resolved(_Told):
    """The matter is settled to the complainant's satisfaction. Stops `resolve_aim` too; early exits are taken."""

    kind: Literal["resolved"]


class Fulfilled(_Told):
    """What one clock of the organisation promises was done: for the kinds of clock that a policy has of its own."""

    kind: Literal["fulfilled"]
    clock: Kind


class Closed(_Told):
    """The case has ended. With an answer it settles every clock that is open; without one it stops them."""

    kind: Literal["closed"]
    closing: Closing


class Reopened(_Told):
    """A closed case goes on, where it was; the clocks that its end had stopped run again, to the same days."""

    kind: Literal["reopened"]
    reason: Reason


class Paused(_Told):
    """Clocks stand still, where the policy lets them, from this local day on."""

    kind: Literal["paused"]
    reason: Reason
    clocks: tuple[Kind, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        description="Which; all that the policy lets, if not given.",
    )


class Resumed(_Told):
    """Clocks that stood still run again from this local day on; their last days move with the days they stood."""

    kind: Literal["resumed"]


class Prolonged(_Told):
    """A promise is moved to a later day, as the policy allows. The first promise is kept beside it."""

    kind: Literal["extended"]
    to: date = Field(description="The new last day.")
    reason: Reason
    clock: Kind = "respond"
    agreed: bool = Field(default=False, description="The complainant agrees, where the policy asks for that.")


Told = Annotated[
    Acknowledged
    | Recorded
    | Responded
    | Resolved
    | Fulfilled
    | Closed
    | Reopened
    | Paused
    | Resumed
    | Prolonged,
    Field(discriminator="kind"),
]
# A writer who has not seen the case as it stands may undo what another has just done: these need If-Match.
COULD_CLASH = frozenset({"closed", "reopened", "paused", "resumed", "extended"})
SHAPES: Mapping[str, type[BaseModel]] = {
    "acknowledged": Acknowledged,
    "recorded": Recorded,
    "responded": Responded,
    "resolved": Resolved,
    "fulfilled": Fulfilled,
    "closed": Closed,
    "reopened": Reopened,
    "paused": Paused,
    "resumed": Resumed,
    "extended": Prolonged,
}
KINDS: Mapping[str, TypeAdapter[Told]] = {kind: TypeAdapter(shape) for kind, shape in SHAPES.items()}
