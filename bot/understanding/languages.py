"""Whether a message is written in another language than English, and in which: by its script, or by its small words.

Nothing is translated, and nothing turns on it but a sentence to the person. So it is made to be precise: a name, a loan
word or a greeting within English does not count, and one word alone does only where its script tells.
"""

from __future__ import annotations

import re
from unicodedata import combining, name, normalize

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LONGEST = 2000  # characters that are looked at
_FEWEST_LETTERS = 5  # of another script; and three words where it has spaces: fewer may be a name
_FEWEST_WORDS = 3
_FOREIGN_SHARE = 0.25  # of the words must be small words of the one language,
_ENGLISH_SHARE = 0.2  # and no more than these English ones
_SLASHED = str.maketrans("łøđðæœßŁØĐıəñ", "lodðaosLODiən")

# Codes as in ISO 639-1 where the script is that of one language, else of the one most written with it in Britain.
_SCRIPTS = {
    "ARABIC": "ar", "CYRILLIC": "ru", "GREEK": "el", "HEBREW": "he", "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta",
    "GURMUKHI": "pa", "GUJARATI": "gu", "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "THAI": "th",
    "ARMENIAN": "hy", "GEORGIAN": "ka", "ETHIOPIC": "am", "SINHALA": "si", "TELUGU": "te", "MALAYALAM": "ml",
    "KANNADA": "kn", "MYANMAR": "my", "KHMER": "km", "LAO": "lo", "TIBETAN": "bo",
}  # fmt: skip
# Letters that Urdu and Persian have and Arabic has not.
_URDU, _PERSIAN, _UKRAINIAN = frozenset("ٹڈڑںےہھۓ"), frozenset("پچژگ"), frozenset("іїєґІЇЄҐ")
_UNSPACED = ("zh", "ja", "th", "my", "km", "lo", "bo")

# Small words, without their accents. None is English, part of a name (de, la, van), or a phrase that English borrows.
_SMALL = {
    "cy": "yn yr mae wedi ddim dw dwi rwy rwyf nid ond ac fy eich ein oherwydd gyda gan roedd oedd bod fod hyn hynny "
    "ydy ydw ydi sydd wyf cwyn gwyno cwyno eisiau hoffwn diolch pan beth pam sut chi nhw heb cael gael arnaf mewn nawr "
    "rwan hefyd byth unrhyw dydw dyw nac oes ble pryd wrthyf wrth atoch fawr iawn dim nes neb mor rydw rydym ers "
    "cefais ges chefais wnes gwneud fi amser arholiad fyny ar",
    "pl": "nie jest sie ze bo ale czy jak moj moja moje prosze dziekuje bardzo dlaczego gdzie kiedy mam mnie mi jestem "
    "byl byla bylo przez dla od po tylko juz jeszcze chce chcialbym chcialabym moge zostalem otrzymalem otrzymalam "
    "dostalem dostalam nikt nic wiem mojego mojej tego jestescie panstwo skarge skarga dzien dobry z w na i "
    "rozumiem pytania pytanie odpowiedzi egzamin certyfikat pieniadze zwrot moich moim ktory ktora",
    "ro": "nu este sunt pentru mai dar si sa ca cu din am ati vreau vrea imi mi multumesc va rog cand unde cum "
    "foarte nimeni nimic niciun nicio primit mea meu mele acest aceasta fost fara despre dupa inca decat buna ziua "
    "stiu pot plangere certificatul nu-mi raspuns",
    "fr": "je vous nous les des est et pas mais avec pour mon ma mes votre notre une que qui dans sur ce cette ont "
    "etes suis ete tres merci bonjour jamais personne j'ai c'est n'est n'ai qu'il d'un d'une l'examen quand comment "
    "pourquoi depuis aussi plus leur ils elle aux sont avez rien toujours sais s'il veux voudrais plainte recu cela",
    "es": "el los las una que por para con mi mis pero muy esta este estoy tengo quiero quisiera nunca nadie como "
    "cuando donde gracias hola usted ustedes ha han sido hace desde tambien porque su sus lo les yo ni nada se "
    "entiendo hablo espanol queja pregunta examen certificado recibido respuesta me hay fue era son es y "
    "del al dinero no",
    "pt": "nao uma os um que por para com meu minha meus minhas mas muito esta este estou tenho quero gostaria nunca "
    "ninguem como quando onde obrigado obrigada ola voce voces foi desde tambem porque seu sua nada sei falo portugues "
    "queixa exame certificado recebi resposta eu ainda dos das ao pela pelo mais ja isso sao e o",
    "it": "il gli una che per con mio mia miei ma molto questa questo sono ho voglio vorrei mai nessuno come quando "
    "dove grazie buongiorno non stato stata anche perche suo sua niente capisco parlo italiano reclamo esame "
    "certificato ricevuto risposta domanda lo so io ancora della delle degli dal nel nella ha hanno lei voi e "
    "di piu e'",
    "de": "ich nicht das und ist ein eine mein meine mit fur auf aber sehr habe hat haben wurde warum wo wann wie "
    "danke bitte guten tag niemand nichts noch auch sie wir uns seit schon weil dass keine kein mir mich zu den dem "
    "beschwerde prufung zeugnis bekommen verstehe spreche deutsch ihr ihre von bin sind oder bei nach",
    "nl": "ik niet het een en mijn met voor maar heel heb hebben heeft waarom waar wanneer hoe dank bedankt goedendag "
    "niemand niets nog ook wij ons sinds omdat geen klacht examen gekregen begrijp spreek nederlands jullie zijn aan "
    "naar bij dat die deze wordt weet van",
    "hu": "nem es hogy az egy vagyok van volt meg mert de nagyon miert hol mikor hogyan koszonom kerem senki semmi meg "
    "csak nekem engem szeretnek kaptam panasz vizsga tudom beszelek magyarul ezt azt mar vagy sem lett az en",
    "tr": "bir ve bu icin ama cok degil var yok ben benim bana neden nerede nasil tesekkurler tesekkur ederim lutfen "
    "hicbir hic kimse sikayet sinav sertifika almadim aldim istiyorum bilmiyorum daha gibi ile olarak mi bize sizin "
    "hala ne zaman",
    "lt": "ne yra kad ir su bet labai kodel kur kada kaip aciu prasau niekas nieko dar tik man mane noriu gavau "
    "skundas egzaminas nezinau suprantu lietuviskai jau nuo mano jusu as buvo apie del savo uz iki",
    "so": "waa waan iyo ma aan inaan ku ka la oo laakiin mahadsanid sidee goorma xaggee sababta cid ayaa baan wax "
    "cabasho imtixaan shahaado ahay igu ii uma weli anigu waxaan",
    "sq": "nuk eshte dhe per une jam nje me te ne por shume pse ku kur si faleminderit ju lutem askush asgje kam "
    "ankese provim kuptoj flas shqip im ime qe nga ende",
}  # fmt: skip
_ENGLISH = frozenset(
    "the an and or but of to in on at for from with by is are was were be been am i my me mine you your we our us he "
    "she it its they them their his her this that these those not no yes do does did have has had will would can could "
    "should if so as what when where who why how there here which than then about after before because just only very "
    "please never get got all any some one out up said told i'm it's i've don't didn't can't want need hello thanks "
    "thank dont didnt cant im ive ur u pls".split()
)
_BY_WORD: dict[str, tuple[str, ...]] = {}
for _code, _words in _SMALL.items():
    for _word in set(_words.split()):
        _BY_WORD[_word] = (*_BY_WORD.get(_word, ()), _code)


def foreign(text: str) -> str | None:
    """The code of the language that `text` is in ("pl"), or None where it may well be English. Never raises."""
    text = text[:_LONGEST]
    if not text.isascii():
        script = _script(text)
        if script is not None:
            return script
    words = [_plain(word) for word in _WORD.findall(text)]
    return _by_small_words(words) if len(words) > 1 else None


def _script(text: str) -> str | None:
    """The language of a script that more than half of the letters are of."""
    letters = [char for char in text if char.isalpha()]
    others = [char for char in letters if ord(char) > 0x36F]
    if len(others) < _FEWEST_LETTERS or len(others) * 2 <= len(letters):
        return None
    found = [_SCRIPTS.get(name(char, "").split(" ")[0].split("-")[0]) for char in others]
    # Japanese is told from Chinese by its kana, of which there are few.
    likely = "ja" if "ja" in found else max(set(found), key=found.count)
    if likely not in _UNSPACED and len(text.split()) < _FEWEST_WORDS:
        return None
    if likely == "ar":
        return "ur" if _URDU & set(others) else "fa" if _PERSIAN & set(others) else "ar"
    return "uk" if likely == "ru" and _UKRAINIAN & set(others) else likely


def _by_small_words(words: list[str]) -> str | None:
    english = sum(word in _ENGLISH for word in words)
    met: dict[str, list[str]] = {}
    for word in words:
        for code in _BY_WORD.get(word, ()):
            met.setdefault(code, []).append(word)
    if not met:
        return None
    code = max(met, key=lambda one: (len(met[one]), len(set(met[one]))))
    own = [word for word in met[code] if word not in _ENGLISH]
    enough = len(set(own)) > 1 and len(met[code]) >= _FOREIGN_SHARE * len(words)
    # What both languages have ("me", "no") speaks for neither.
    shared = english - sum(word in _ENGLISH for word in met[code])
    return code if enough and shared <= _ENGLISH_SHARE * len(words) and len(own) > shared else None


def _plain(word: str) -> str:
    """Lower case without accents; a curly apostrophe as a straight one."""
    low = word.lower().replace("’", "'")
    if low.isascii():
        return low
    return "".join(char for char in normalize("NFKD", low.translate(_SLASHED)) if not combining(char))
