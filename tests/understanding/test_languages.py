"""Another language is told by its script or its small words; names, loan words and greetings are no other language."""

from __future__ import annotations

import string
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import OpenQuestion
from bot.understanding.examples import read_examples
from bot.understanding.intents import INTENTS, OUT_OF_SCOPE, TRAINING_LINES
from bot.understanding.languages import foreign
from bot.understanding.reader import Reader
from tests.understanding.questions import EXHAUSTED, FACTS, NAME, NOW, REMEDY, SUBJECT

WRITTEN = {
    "cy": ["Dwi ddim wedi cael fy nhystysgrif eto", "Rydw i eisiau gwneud cwyn", "Nid yw'r tiwtor wedi ateb fy e-bost ers mis", "Mae'r ganolfan wedi cau ac nid oes neb yn ateb", "Dim yn gwybod", "Beth sydd yn digwydd nesaf?", "Roedd y tiwtor yn anghwrtais iawn wrthyf", "Pam ydych chi'n gofyn hynny?"],
    "pl": ["Nie dostałem jeszcze mojego certyfikatu", "nie wiem", "Proszę o zwrot pieniędzy, kurs został odwołany", "Nikt nie odpowiada na moje maile od trzech tygodni", "dzien dobry chce zlozyc skarge na egzaminatora", "Nie rozumiem pytania", "Dlaczego pytacie o mój numer telefonu?"],
    "ro": ["Nu am primit certificatul meu", "nu știu", "Profesorul a fost foarte nepoliticos cu mine", "vreau banii inapoi pentru ca nu s-a tinut cursul", "Bună ziua, vreau să fac o plângere", "Nimeni nu mi-a răspuns de două luni"],
    "fr": ["Je n'ai pas reçu mon certificat", "je ne sais pas", "Bonjour, je voudrais déposer une plainte contre mon formateur", "Personne ne répond à mes messages depuis trois semaines", "C'est inacceptable, je veux être remboursé", "Je ne comprends pas la question"],
    "es": ["No he recibido mi certificado todavía", "no lo sé", "Quiero presentar una queja porque nadie me contesta", "El profesor fue muy grosero conmigo", "no entiendo la pregunta", "Mi hijo suspendió el examen por culpa de ustedes", "Hola, necesito hablar con alguien que hable español"],
    "pt": ["Não recebi o meu certificado", "não sei", "Quero apresentar uma queixa porque ninguém responde", "O professor foi muito mal-educado comigo", "Eu não falo inglês muito bem, posso escrever em português?"],
    "it": ["Non ho ricevuto il mio certificato", "non lo so", "Vorrei fare un reclamo perché nessuno mi risponde", "non capisco la domanda"],
    "de": ["Ich habe mein Zeugnis nicht bekommen", "ich weiß nicht", "Niemand antwortet auf meine E-Mails seit drei Wochen", "Ich verstehe die Frage nicht"],
    "nl": ["Ik heb mijn certificaat niet gekregen", "Ik begrijp de vraag niet"],
    "hu": ["Nem kaptam meg a bizonyítványomat", "Nem tudom, mert senki nem válaszol"],
    "tr": ["Sertifikamı hâlâ almadım ve kimse cevap vermiyor", "bilmiyorum ama çok kötü bir kurs"],
    "lt": ["Aš dar negavau savo sertifikato", "Niekas man neatsako jau tris savaites"],
    "so": ["Ma aan helin shahaadadii weli", "waxaan rabaa inaan cabasho sameeyo"],
    "sq": ["Nuk e kam marrë certifikatën time", "Nuk kuptoj pyetjen, ju lutem"],
    "ur": ["مجھے ابھی تک میرا سرٹیفکیٹ نہیں ملا", "میں شکایت کرنا چاہتا ہوں"],
    "ar": ["لم أستلم شهادتي حتى الآن", "أريد تقديم شكوى"],
    "fa": ["من هنوز گواهینامه‌ام را نگرفته‌ام و کسی پاسخ نمی‌دهد"],
    "zh": ["我还没有收到我的证书", "我要投诉我的老师"],
    "ja": ["証明書がまだ届いていません"],
    "ko": ["아직 수료증을 받지 못했습니다"],
    "ru": ["Я до сих пор не получил свой сертификат"],
    "uk": ["Я ще не отримав свій сертифікат"],
    "bn": ["আমি এখনও আমার সনদ পাইনি"],
    "pa": ["ਮੈਨੂੰ ਅਜੇ ਤੱਕ ਸਰਟੀਫਿਕੇਟ ਨਹੀਂ ਮਿਲਿਆ"],
    "gu": ["મને હજુ પ્રમાણપત્ર મળ્યું નથી"],
    "ta": ["எனக்கு இன்னும் சான்றிதழ் கிடைக்கவில்லை"],
    "hi": ["मुझे अभी तक प्रमाणपत्र नहीं मिला"],
    "el": ["Δεν έχω λάβει το πιστοποιητικό μου"],
}  # fmt: skip
ENGLISH = [
    "Jean-Claude de la Fontaine",
    "Łukasz Żółć",
    "Siân ap Dafydd ap Gwilym",
    "José María González de la Cruz",
    "Müller und Söhne GmbH",
    "Nguyễn Thị Minh Khai",
    "Coleg Gwent",
    "Prifysgol Cymru Y Drindod Dewi Sant",
    "Coleg y Cymoedd",
    "Ysgol Gyfun Gymraeg Glantaf",
    "école normale supérieure",
    "He told me c'est la vie and hung up",
    "It was a fait accompli, en route to being a cause celebre",
    "Señora Díaz was rude",
    "déjà vu",
    "vis-à-vis the course",
    "ad hoc, pro rata, bona fide and per se",
    "Diolch",
    "Cymru am byth",
    "my tutor Mr Khan said inshallah",
    "the Dar es Salaam centre",
    "Les Mills course",
    "Los Angeles",
    "El Salvador",
    "La Trobe University",
    "Universidad de los Andes",
    "王小明",
    "محمد علي",
    "Иван",
    "n/a",
    "idk tbh",
    "cu l8r",
    "no me gusta",
    "que sera sera",
    "Une Marson",
    "Et tu, Brute?",
    "Nie",
    "Dom",
    "Ty",
    "Jan Kowalski and Anna z Nowak",
    "Ma Siu Man",
    "Via della Conciliazione 12, Roma",
    "Rue de la Paix, Paris",
    "Plaza de los Reyes 4, 28001 Madrid",
    "Unter den Linden 5, 10117 Berlin",
    "ul. Nowa 3, Warszawa",
    "Calle Mayor",
    "I am from Rio de Janeiro",
    "con man",
    "et al",
    "ok la",
    "a la carte",
    "Mae West",
    "Mae Jones",
    "Nia ap Iwan",
    "Non Evans",
    "voila",
    "Bon Appétit Catering Ltd",
    "Café des Amis",
    "Van den Berg",
    "Das Auto",
    "der die das",
    "Heb 4:12",
    "Y Ganolfan Ddysgu, Aberystwyth",
    "Mi5",
    "por favor",
    "nada",
    "nie wieder",
    "It was Dr. Müller from Köln who marked it, und so weiter",
    "My centre, Coleg Meirion-Dwyfor, has closed. Diolch.",
    "I sat it in São Paulo with Universidade de São Paulo and it was fine",
    "the Ofqual rep was not au fait with it",
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for code, texts in WRITTEN.items() for text in texts]
)
def test_a_sentence_in_another_language_is_known_for_it(code: str, text: str) -> None:
    assert foreign(text) == code


@pytest.mark.parametrize("text", ENGLISH)
def test_names_and_what_english_borrows_are_no_other_language(text: str) -> None:
    assert foreign(text) is None


def test_no_training_line_is_taken_for_another_language_but_those_that_are() -> None:
    """Four thousand lines in every register of English, Welsh English among them."""
    tripped = {e.text: foreign(e.text) for e in read_examples(TRAINING_LINES, INTENTS) if foreign(e.text)}
    outside = {e.text for e in read_examples(TRAINING_LINES, INTENTS) if e.label == OUT_OF_SCOPE}
    welsh_or_german = {"danke schön", "diolch yn fawr i chi", "hwyl fawr i chi, tidy"}
    assert {text for text in tripped if text not in outside} <= welsh_or_german
    assert len(tripped) < 12


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=300)
def test_no_text_makes_it_raise(text: str) -> None:
    foreign(text)


@given(st.lists(st.text(string.ascii_letters, min_size=1, max_size=8), min_size=1, max_size=1))
def test_one_word_in_letters_that_english_has_is_never_enough(words: list[str]) -> None:
    assert foreign(" ".join(words)) is None


@pytest.mark.parametrize("unit", ["je ", "nie ", "з", "我", "a", "(", "\u0301", "le de "])
def test_sixteen_kilobytes_cost_next_to_nothing(unit: str) -> None:
    text = (unit * 16384)[:16384]
    begun = process_time()
    foreign(text)
    assert process_time() - begun < 0.1


def test_it_is_kept_as_the_answer_where_words_were_asked_for(reader: Reader) -> None:
    said = "Je ne sais pas pourquoi personne ne répond"
    read = reader.read(said, REMEDY, now=NOW, facts=FACTS)
    assert (read.answer, read.language) == (said, "fr")


@pytest.mark.parametrize("question", [SUBJECT, EXHAUSTED, OpenQuestion("happened_on", "date", True)])
def test_it_is_no_answer_where_a_choice_was_asked_for(reader: Reader, question: OpenQuestion) -> None:
    read = reader.read("no entiendo la pregunta", question, now=NOW, facts=FACTS)
    assert (read.answer, read.command, read.aside, read.language) == (None, None, None, "es")


@pytest.mark.parametrize(
    "name", ["Maria dos Santos e Silva", "Hochschule für Wirtschaft und Recht", "王小明和他的朋友"]
)
def test_a_name_is_a_name_in_any_language(reader: Reader, name: str) -> None:
    read = reader.read(name, NAME, now=NOW, facts=FACTS)
    assert (read.answer, read.language) == (name, None)
