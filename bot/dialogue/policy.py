"""What is said of the policy itself: which document it is, the steps that it knows, and where it can be had."""

from __future__ import annotations

from bot.dialogue import outcome
from bot.dialogue.context import Context

# What a pack writes for a document that bears no version.
_UNDATED = "undated"
_ORDER = ("single", "stage_1", "stage_2", "stage_3", "final", "appeal")


def named(context: Context) -> list[str]:
    """The policy of the organisation in words."""
    pack, words = context.compiled.pack, context.words
    key = "undated" if pack.source.version == _UNDATED else "version"
    lines = [
        words.say("policy.title", title=pack.source.title),
        words.say(f"policy.{key}", version=pack.source.version),
    ]
    steps = stages(context)
    if len(steps) > 1:
        lines += [words.say("policy.stages"), *steps]
    reach = outcome.contact_lines(context, pack.contacts["complaints"].model_dump())
    lines += [words.say("policy.copy"), *reach] if reach else [words.say("policy.copy_nowhere")]
    return ["\n".join(lines)]


def stages(context: Context) -> list[str]:
    """The steps of the policy by its own names, in their order, each with who answers there as a rule."""
    found: dict[str, tuple[int, str | None]] = {}
    for route in context.compiled.pack.routes:
        if route.stage is not None:
            # The last route of a stage is the one for everybody who is nothing special.
            name = route.stage_name or route.stage.replace("_", " ").capitalize()
            found[name] = (_ORDER.index(route.stage), route.handler)
    ordered = sorted(found.items(), key=lambda item: item[1][0])
    return [name if handler is None else f"{name} ({handler})" for name, (_, handler) in ordered]
