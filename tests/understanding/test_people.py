"""Names in a story: whose they are, and that a wrong one is worse than none."""

from __future__ import annotations

from time import thread_time

import pytest

from bot.understanding.accused import find_accused
from bot.understanding.people import find_own_names, find_represented
from bot.understanding.tokens import tokens_of

OWN = [
    ("My name is Jane Hartley.", "Jane Hartley"),
    ("my name is Dr Siân O'Neil-Jones and I teach", "Dr Siân O'Neil-Jones"),
    ("my name is jo bell and i want my money back", "Jo Bell"),
    ("my name's jo bell i need help", "Jo Bell"),
    ("my name is will smith", "Will Smith"),
    ("my name is Jean.", "Jean"),
    ("my full name is Anna-Maria de Souza, and", "Anna-Maria de Souza"),
    ("MY NAME IS JO BELL AND I WANT A REFUND", "Jo Bell"),
    ("Name: Jane Hartley\nEmail: x", "Jane Hartley"),
    ("I'm Jane Hartley and I am a member", "Jane Hartley"),
    ("I am Jane Hartley, a member.", "Jane Hartley"),
    ("hello this is jo bell calling about my certificate", "Jo Bell"),
    ("Hi, Jane Hartley here.", "Jane Hartley"),
    ("It's Jane Hartley again.", "Jane Hartley"),
    ("Jane Hartley, membership number 30412267. My certificate is late.", "Jane Hartley"),
    ("It was bad. Regards, Jane Hartley", "Jane Hartley"),
    ("it was bad regards jo bell", "Jo Bell"),
    ("Yours sincerely\nJ. Hartley (Mrs)", "J. Hartley"),
    ("Yours faithfully,\n(Mrs) Jean Dunn", "Jean Dunn"),
    ("Yours, Gwen Rees", "Gwen Rees"),
    ("Thanks,\nJo Bell", "Jo Bell"),
    ("Many thanks, Jo Bell", "Jo Bell"),
    ("Best wishes Mrs Dunn", "Mrs Dunn"),
    ("Kind regards\nJane Hartley MCIM\nDirector", "Jane Hartley"),
    ("Diolch, Siân Rees", "Siân Rees"),
    ("Nobody rang.\n\nJane Hartley\njane@example.org\nTel: 07400 123456", "Jane Hartley"),
    ("It was bad - Jane Hartley", "Jane Hartley"),
    ("My name is Jo Bell.\n\nRegards, Jo", "Jo Bell"),
    ("It was bad. Jane Hartley, branch treasurer, Leeds", "Jane Hartley"),
    ("It was bad. Many thanks, Jo.", "Jo"),
    ("my number is 30412267, name is Jane Hartley", "Jane Hartley"),
    ("hello there i'm Jane Hartley and i want a refund", "Jane Hartley"),
    ("I am a member. D. J. Cartwright", "D. J. Cartwright"),
    ("It was bad. Jo Bell jo.bell@example.org", "Jo Bell"),
    ("It was bad. Jo Bell, L&D manager. j.d@example.org", "Jo Bell"),
    ("it was bad ring me jo bell jo.bell@example.org", "Jo Bell"),
    ("i want it changed. name is jo bell 07700 900414", "Jo Bell"),
    ("write to my tutor mark hill mark.hill@example.org", None),
    ("I rang Mark Hill. He never rang back, his number is 07700 900414", None),
    ("Who was it? Mark Hill.", None),
    ("I was taught by two people. Mr Hill, Mrs Jones.", None),
    ("He was rude. Mark Hill is his name.", None),
    ("Thanks, Jo, for nothing", None),
    ("Thanks to Jo", None),
    ("My name is on the list", None),
    ("My name is spelled wrongly", None),
    ("my name is wrong on it", None),
    ("my name was never read out", None),
    ("my name is not jo bell", None),
    ("my user name is jbell", None),
    ("Her name is Jane Hartley", None),
    ("The tutor, this is Bob, was kind", None),
    ("I am Chartered Marketer", None),
    ("I am Head Teacher at a school", None),
    ("I am Welsh and proud", None),
    ("I am Polish Anna and", None),
    ("I'm Really Angry, I can tell you", None),
    ("Thanks Jane for your help", None),
    ("Thank You", None),
    ("Sent from my iPhone", None),
    ("Dear Jane Hartley,\nI wish to complain.", None),
    ("Please ask Jane Hartley.", None),
    ("Regards\n\nTeam Leader", None),
    ("regards, a very angry member", None),
    ("I spoke to Jane Hartley on Monday and to Mark Hill on Tuesday", None),
    ("It was bad.\n\nNot happy", None),
    ("My name is Jo Bell and my name is Ann Dale", "Ann Dale|Jo Bell"),
]


@pytest.mark.parametrize(("text", "name"), OWN)
def test_the_writer_is_who_says_so_or_signs(text: str, name: str | None) -> None:
    found = find_own_names(tokens_of(text))
    assert "|".join(sorted(span.value for span in found)) == (name or "")
    assert all(0 <= span.start < span.end <= len(text) for span in found)


REPRESENTED = [
    ("My daughter, Cerys Bowen, is a learner", "Cerys Bowen"),
    ("I write on behalf of Mr John Smith.", "Mr John Smith"),
    ("on behalf of my mother, Jean Dunn, who is 81", "Jean Dunn"),
    ("My late husband Tom Price was a member", "Tom Price"),
    ("I write for my friend Sarah Jones", "Sarah Jones"),
    ("My daughter is a learner. Her name is Cerys Bowen.", "Cerys Bowen"),
    ("I act for Mrs Jean Dunn", "Mrs Jean Dunn"),
    ("my client (Tom Price)", "Tom Price"),
    ("our apprentice Tom Price has had no review", "Tom Price"),
    ("I am the mother of Ellie Marsh, who is seventeen", "Ellie Marsh"),
    ("I am Ellie Marsh's mother and", "Ellie Marsh"),
    ("One of my staff, Rebecca Lund, is a student", "Rebecca Lund"),
    ("I support Jodie Kerr, she is one of your learners", "Jodie Kerr"),
    ("my daughter chloe benbow is doing hairdressing", "Chloe Benbow"),
    ("my son failed twice and", None),
    ("my dad passed away he was a member", None),
    ("my daughter maths tutor is rude", None),
    ("I am the head of Marketing Services here", None),
    ("my friend Sarah Jones told me about you", None),
    ("my son Josh is an apprentice", None),
    ("my daughter Level 3 result", None),
    ("my son’s tutor Mark Hill was rude", None),
    ("His name is Mark Hill and he was rude", None),
    ("on behalf of the committee", None),
]


@pytest.mark.parametrize(("text", "name"), REPRESENTED)
def test_the_person_represented_is_named_in_full_beside_what_they_are(text: str, name: str | None) -> None:
    assert [span.value for span in find_represented(tokens_of(text))] == ([name] if name else [])


ACCUSED = [
    ("My tutor Mark Hill shouted at me.", "Mark Hill"),
    ("My tutor, Mark Hill, was rude to me.", "Mark Hill"),
    ("my tutor Mark never turns up", "Mark"),
    ("A tutor called Mark Hill swore at us.", "Mark Hill"),
    ("I want to complain about Mr Hill.", "Mr Hill"),
    ("I want to complain about my tutor Mark Hill.", "Mark Hill"),
    ("This is a complaint against Mark Hill.", "Mark Hill"),
    ("Mr Hill was rude and dismissive.", "Mr Hill"),
    ("I was shouted at by Mr Hill in front of the class.", "Mr Hill"),
    ("My tutor Mark Hill was late. Mr Hill never said sorry.", "Mark Hill"),
    ("I am unhappy with the behaviour of Mrs Jones.", "Mrs Jones"),
    ("Mark Hill, my assessor, did not turn up.", "Mark Hill"),
    ("my assessor (Mark Hill) has not marked anything", "Mark Hill"),
    ("One of your members, David Price, lied to my father.", "David Price"),
    ("I want to complain about the branch chair.", "the branch chair"),
    ("The branch chair was rude to me.", "The branch chair"),
    ("my tutor keeps turning up late", "my tutor"),
    ("my skills coach has never come to see me", "my skills coach"),
    ("I was insulted by an invigilator", "an invigilator"),
    ("The woman on the phone was dismissive.", "The woman on the phone"),
    ("the assessor didn't show up again", "the assessor"),
    ("Our trainer, Neil Garside, denies it all.", "Neil Garside"),
    ("Mr Gareth Pugh, a marketer and one of your members, took my money", "Mr Gareth Pugh"),
    ("A member of yours, David Price ACA, is treasurer of our council.", "David Price"),
    ("One of your directors, Mr Paul Ransome, promised us a place.", "Mr Paul Ransome"),
    ("I am a member of yours, Jane Hartley.", None),
    ("I had an email from your account manager, Kate Lowe, on Monday.", None),
    ("I was shouted at by a man by the name of Mark Hill.", "Mark Hill"),
    ("The assessor swore at me. His name is Mark.", "Mark"),
    ("My son has an assessor. His name is Josh.", None),
    ("I spoke to my tutor Mark Hill about it.", None),
    ("My tutor Mark Hill was brilliant.", None),
    ("My tutor Mark Hill told me to write to you.", None),
    ("I asked my tutor for my certificate.", None),
    ("I rang Mrs Jones, who was very kind.", None),
    ("Mrs Jones replied on 3 March.", None),
    ("Dear Mr Hill, my certificate is late.", None),
    ("Regards, Mr Hill", None),
    ("My manager was rude about my marks.", None),
    ("I have an excellent tutor.", None),
    ("my son's tutor was ill", None),
    ("The director and the chair met.", None),
    ("I am a tutor and I was never paid", None),
    ("My tutor Mark Hill was rude. My assessor Ann Dale was late.", "Ann Dale|Mark Hill"),
]


@pytest.mark.parametrize(("text", "name"), ACCUSED)
def test_it_is_about_whoever_did_the_deed(text: str, name: str | None) -> None:
    found = find_accused(tokens_of(text))
    assert "|".join(sorted(span.value for span in found)) == (name or "")


@pytest.mark.parametrize(
    "unit",
    ["my name is ", "I'm Jane ", "Regards, ", "Jane Hartley\n", "A. ", "my daughter ", "my tutor ", "Mr ", "- Jane ", "O'", "name: ",
     "Jane-", "thanks ", "this is jo ", "complaint about Jane "],
)  # fmt: skip
def test_sixteen_kilobytes_of_names_is_read_in_time(unit: str) -> None:
    text = (unit * 16384)[:16384]
    tokens = tokens_of(text)
    begun = thread_time()
    for find in (find_own_names, find_represented, find_accused):
        find(tokens)
    assert thread_time() - begun < 0.5
