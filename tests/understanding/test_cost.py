"""What understanding costs: nothing where no text is read, and little where it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import thread_time

import pytest

from bot.understanding.parsing import Interpreter
from bot.understanding.reader import Reader
from tests.understanding.questions import FACTS, NOW, STORY

TWELVE = "my tutor was rude to me on Monday and I want a refund"
TEN_TIMES = (
    "I am a member and I am writing on behalf of my daughter, who is a learner at an accredited study centre in Reading. "
    "The certificate that she was promised has still not arrived and nobody answers our emails. I rang on 12 March 2026 and "
    "the lady on the phone was rude to me. I have been through the centre's own complaints procedure and they turned us "
    "down flat. My name is Jane Hartley, my membership number is 30412267 and you can reach me at jane@example.org or on "
    "020 7946 0018 after five. What I want is the certificate, an apology, and the fee for the second copy given back, "
    "because none of this was our doing and she starts a new job in May, for which she needs it."
)


# Milliseconds, twice what `make bench` allows a quiet machine: here other tests run beside us and share its caches.
PARSED = {TWELVE: 2.0, TEN_TIMES: 6.0}
# A story is read once in a conversation, by every finder that there is.
READ = {TWELVE: 3.0, TEN_TIMES: 10.0}


def _median_of_the_best_round(work: Callable[[], object]) -> float:
    """Milliseconds of this thread: the machine's other work is not ours."""
    rounds = []
    for _ in range(5):
        times = []
        for _ in range(40):
            begun = thread_time()
            work()
            times.append((thread_time() - begun) * 1000)
        rounds.append(median(times))
    return min(rounds)


@pytest.mark.parametrize("text", [TWELVE, TEN_TIMES], ids=["short", "long"])
def test_a_message_is_parsed_within_its_budget(reader: Reader, text: str) -> None:
    interpreter = Interpreter(reader)
    assert _median_of_the_best_round(lambda: interpreter.parse(text, now=NOW, facts=FACTS)) <= PARSED[text]


@pytest.mark.parametrize("text", [TWELVE, TEN_TIMES], ids=["short", "long"])
def test_a_story_is_read_within_its_budget(reader: Reader, text: str) -> None:
    assert _median_of_the_best_round(lambda: reader.read(text, STORY, now=NOW, facts=FACTS)) <= READ[text]


def test_what_reads_no_text_does_not_load_spacy() -> None:
    light = "import bot.understanding, bot.understanding.lint, bot.understanding.payloads, bot.understanding.phrases"
    heavy = "('spacy', 'dateparser', 'phonenumbers', 'numpy')"
    program = f"import sys; {light}; sys.exit(str([m for m in {heavy} if m in sys.modules]) if set({heavy}) & set(sys.modules) else 0)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reader_keeps_no_word_of_what_it_read(reader: Reader) -> None:
    vocabulary = reader._pipeline._nlp.vocab
    for number in range(300):
        reader.read(f"my tutor zzqx{number}w was rude", STORY, now=NOW, facts=FACTS)
    assert not [word for word in vocabulary.strings if word.startswith("zzqx")]
