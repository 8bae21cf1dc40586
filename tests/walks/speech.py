"""What people say in generated walks: right answers, wrong ones, questions to us, commands, and what programs send."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from policy_rules.compiled import CompiledPack
from policy_rules.facts import VOCABULARY
from policy_rules.questions import Questions

STORIES = st.sampled_from(
    [
        "my course materials never came and nobody replies to my emails",
        "it's rubbish",
        "My son was your learner. He died in October and you still write to him about his reviews.",
        "THIS IS A DISGRACE!!! I have had the mark back, it's wrong. WHO CHECKS THESE??",
        "We are an employer with six apprentices on your programme and the portal has been down for two weeks.",
        "I work for CMS as an assessor and my line manager changed my hours without asking me.",
        "My study centre, Northgate College, closed. I have been through the centre's own complaints procedure. "
        "Also, my certificate has not arrived after five months.",
        "I want to complain about a CIM member who was rude to me at an event on 3 March 2026.",
        "Just a suggestion, the app would be handier with a dark mode",
        "When is the next course in Leicester?",
        "I want to appeal. My name is Jo Bell, jo.bell@example.org, 020 7946 0018, and I had your answer on 1/9/2026.",
        "I am so unhappy with you that I want to end it all",
        "😡😡 my certificate never came 😡",
        "x" * 3000,
    ]
)
GARBAGE = st.sampled_from(
    [
        "", " ", "?", "??", "purple", "57", "no idea what you mean by that", "yes and no", "it depends",
        "you already asked me that!", "fuck off", "👍", "👎", "maybe?", "my email is jo@example.org",
        "sorry, my email is wrong@example.org and my phone is 07700 900123", "31 February 2026", "next Tuesday",
        "tomorrow", "on 1 January 2031", "not-an-address", "call 12", "no", "yes", "none of them", "the first one",
        "I mean the study centre, not the service", "Actually it is about a director.", "my mother died",
        "I am an apprentice", "I had your final answer on 2 November 2026", "it's about my certificate",
        "I want to complain", "undo", "I want to kill myself", "/", "/nonsense", "/SetSlots", "/SetSlots()",
        "Please keep my name out of it", "I live in Wales and studied there", "Is there a human?", "{name} {0} %s",
        "not March, May", "it's Moore, not Moor", "Moore should be Muir", "no, the other one", "sorry, I meant 5 May",
        "change my name to Alex Muir", "change the date to 3 March 2026", "my e-mail is wrong", "*Muir", "I want it anonymous",
        "nie rozumiem pytania", "je ne comprends pas la question", "我不明白这个问题", "you useless idiots",
        "what if I did both of them?", "cheers for that, very kind of you", "can we start all of this over again",
        "drop my complaint, they have said sorry", "how long until somebody gets back to me about it all then",
        "<script>alert(1)</script>", "Robert'); DROP TABLE cases;--", "a" * 500, "x@y", "..", "\u202e\u200b",
    ]
)  # fmt: skip
ASIDES = [
    "why do you ask?", "why do you need to know that?", "when will I hear?", "how long will it take?",
    "what happens next?", "what is your policy?", "who will handle this?", "who handles this?",
    "what is my reference?", "what is your complaints policy?", "what do you mean?", "thank you", "hello?", "by when?",
    "/policy", "/meaning", "/thanks", "/deadline", "/why_asked", "/process", "/status", "/who_handles",
]  # fmt: skip
COMMANDS = [
    "skip", "go back", "can I speak to a human", "save and come back later", "start again",
    "I want to withdraw my complaint", "send", "repeat that", "change my name", "change my e-mail",
    "change what I want", "I have another complaint", "the date is wrong", "/another", "/change(subject)", "/back", "/human", "/pause", "/restart", "/withdraw", "/send",
]  # fmt: skip
DEEDS = [
    "I missed an exam because of it", "It cost me three weeks of work", "An apology and the fee", "That it stops",
    "Alex Moore", "Northgate College", "Large print, please", "Two letters and a photo", "It gives no reasons",
]  # fmt: skip

# What a page sends only as the answer to its own question.
_NOT_SENT_UNASKED = ("confirm_facts", "check_answers", "story", "channel")

Said = tuple[str, str | None]


def answer_to(question: dict[str, Any], today: date) -> st.SearchStrategy[Said]:
    """What is said, and the value that must be kept; None where nothing is kept under the question itself."""
    kind, name = question["kind"], question["id"]
    if kind == "choice":
        return st.sampled_from(question["choices"]).flatmap(lambda choice: _chosen(name, choice))
    if kind == "yes_no":
        return st.sampled_from([("yes", "true"), ("no", "false"), ("Yes!", "true"), ("no thanks", "false")])
    if kind == "confirm":
        return st.sampled_from([("yes", "true"), ("no", "false")])
    if kind == "check":
        return st.sampled_from([("send", "send"), ("yes", "send"), ("/SetSlots(check_answers=send)", "send")])
    if kind == "date":
        return st.integers(1, 700).flatmap(lambda days: _dated(today - timedelta(days)))
    if kind == "email":
        return st.integers(0, 99).map(lambda n: (f"jo{n}@example.org", f"jo{n}@example.org"))
    if kind == "phone":
        return st.integers(10, 99).map(lambda n: (f"020 7946 00{n}", f"+4420794600{n}"))
    if name == "story":
        return STORIES.map(lambda story: (story, story))
    return st.sampled_from(DEEDS).map(lambda words: (words, words))


def _chosen(name: str, choice: dict[str, str]) -> st.SearchStrategy[Said]:
    value, label = choice["value"], choice["label"]
    return st.sampled_from([(label, value), (f"/SetSlots({name}={value})", value)])


def _dated(day: date) -> st.SearchStrategy[Said]:
    return st.sampled_from([(f"{day:%-d %B %Y}", day.isoformat()), (day.isoformat(), day.isoformat())])


def good_slots(compiled: CompiledPack, questions: Questions) -> st.SearchStrategy[str]:
    """One to three names that this organisation knows, each with a value that it takes."""
    values: dict[str, tuple[str, ...]] = {}
    for name in questions.ids():
        question = questions.get(name)
        if question is None or name in _NOT_SENT_UNASKED:
            continue
        if question.values:
            values[name] = tuple(question.values)
        elif name in VOCABULARY:
            values[name] = ("2026-03-02", "2025-12-31")
        elif question.kind == "yes_no":
            values[name] = ("true", "false")
        elif question.kind == "text":
            values[name] = ("something else", "none")
    pairs = st.sampled_from(sorted(values)).flatmap(
        lambda name: st.sampled_from(values[name]).map(lambda value: (name, value))
    )
    chosen = st.lists(pairs, min_size=1, max_size=3, unique_by=lambda pair: pair[0])
    return chosen.map(lambda pairs: f"/SetSlots({', '.join(f'{name}={value}' for name, value in pairs)})")


def facts_of_an_example(compiled: CompiledPack) -> st.SearchStrategy[str]:
    """The facts of a case that the organisation's own pack works out, so that every route is walked."""
    told = [
        ", ".join(f"{name}={value}" for name, value in example.facts.items() if name != "channel")
        for example in compiled.pack.examples
    ]
    return st.sampled_from(told).map(lambda facts: f"/SetSlots({facts})")


def bad_slots() -> st.SearchStrategy[str]:
    """Selections with a name or a value that nobody knows, or that cannot be read; none says what is right."""
    return st.sampled_from(
        [
            "/SetSlots(natur=complaint)", "/SetSlots(nature=complant)", "/SetSlots(subject=)", "/SetSlots(=x)",
            "/SetSlots(nation=france)", "/SetSlots(previous_response_at=yesterday)", "/SetSlots nature=complaint",
            "/SetSlots(on_behalf_of=me)", "/SetSlots(facts=x)", "/SetSlots(nature=complaint", "/nonsense{\"a\": [1]}",
            "/SetSlots(still_complain=perhaps)", "/SetSlots(confirm_facts=perhaps)", "/SetSlots(__proto__=1)",
            "/SetSlots(natur=complaint, subjct=service, nashun=wales)",
        ]
    )  # fmt: skip


def clearing(names: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(names).map(lambda name: f"/SetSlots({name}=null)")
