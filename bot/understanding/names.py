"""What a person's name looks like, written with capitals or dictated in small letters; never without a cue."""

from __future__ import annotations

import re

from bot.understanding.spans import Span
from bot.understanding.tokens import Tokens

TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor rev reverend sir dame lady lord cllr councillor".split()
)
_UPPER = "A-ZÀ-ÖØ-ÞŁŚŻŽŠČĆŹĐŐŰĀĒĪŌŪŴŶ"
_WORD = rf"(?:[{_UPPER}]['’])?[{_UPPER}][^\W\d_]{{0,24}}(?:['’-][{_UPPER}]?[^\W\d_]{{1,20}}){{0,2}}"
_NAME = re.compile(
    rf"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Rev|Cllr|MR|MRS|MS|MISS|DR)\.?[ ])?"
    rf"(?:\((?:Mr|Mrs|Ms|Miss|Dr)\.?\)[ ])?"
    rf"(?:[{_UPPER}]\.?[ ]){{0,3}}{_WORD}"
    rf"(?:[ ](?:(?:de|van|von|der|den|la|le|al|bin|ibn|ap|ab|ferch|da|dos|di|el|O|Mc|Mac)[ ]){{0,2}}"
    rf"(?:[{_UPPER}]\.?[ ])?{_WORD}){{0,3}}"
)
# Words that begin with a capital and are no part of a name.
NOT_NAMES = frozenset(
    """i im ive my me we our you your he she they it this that these those the a an and but or so because if when
    while where what which who how why not no yes please thank thanks many kind best warm regards yours
    sincerely faithfully truly wishes dear hello hi good morning afternoon evening sir madam to from re sent
    subject date attached enclosed cc ps monday tuesday wednesday thursday friday saturday sunday january
    february march april june july august september october november december easter christmas cim cipfa cmi
    cqm cms mcim fcim acim dipm cpfa fcpfa mcmi fcmi acmi cmgr ba bsc ma msc mba phd acca aat aca cima icaew
    ofqual esfa nvq btec hnc hnd level unit module chartered institute management managers marketing marketer
    accountant accountants accountancy finance public council ltd limited plc llp university college academy
    school centre center training institute's department team manager director leader officer head chief
    executive chair chairman president secretary treasurer tutor trainer teacher assessor assistant
    administrator coordinator adviser advisor consultant complaints complaint customer service services
    support member membership members student learner apprentice apprenticeship certificate diploma award exam
    examination exams course programme hall house street road lane avenue england scotland wales ireland
    northern britain british english welsh scottish irish uk gb europe london manchester birmingham leeds
    bristol cardiff edinburgh glasgow belfast swansea reading leicester nottingham sheffield liverpool iphone
    ipad android samsung outlook gmail google microsoft teams zoom facebook linkedin whatsapp internet online
    portal she's he's it's i'm i've on in at of for with by as is was are were has have had will can could
    would do did does am be all any some one two three first second last next new old same other another every
    each also after before since until there here now then once again still just only even never always today
    yesterday tomorrow last sorry ok okay mobile tel telephone phone email mail e address number ref reference
    name signed self senior junior hr it gdpr business english maths functional skills operations associate
    professional digital green black yellow belt lean sigma six polish french german italian spanish
    portuguese greek turkish indian pakistani bangladeshi chinese nigerian ghanaian romanian bulgarian
    ukrainian russian american canadian australian african asian european jewish muslim christian hindu sikh
    deaf blind disabled dyslexic autistic pregnant single married retired self-employed unemployed really very
    so quite extremely deeply utterly absolutely totally completely truly angry furious upset disgusted
    appalled shocked disappointed unhappy worried stressed done fed tired sick sad cross motors garage
    solicitors foods sons group holdings legal partners associates engineering builders plumbing electrical
    consulting consultancy co company trust charity hospital surgery nursery homes logistics transport bakery
    cafe restaurant stores nhs union church association society federation""".split()
)
_FIRST_NAMES = frozenset("will may june april august reading".split())
# Words that end a dictated name, or that follow "my name is" without being one.
_COMMON = NOT_NAMES | frozenset(
    """spelt spelled misspelt misspelled wrong wrongly incorrect incorrectly missing written printed mentioned
    different same listed shown down used known over everywhere given going below above and or clear private
    confidential mine his her under withheld mud important correct right fine up too being been got get
    getting put taken took made left lost changed removed deleted calling ringing writing phoning emailing
    speaking here about got want need would like am was were did had has have complained complaining trying
    tried waiting waited studying doing working work live living based aged years old ok okay hello hi
    actually really currently sorry basically just already both his hers theirs ours nobody somebody anything
    something nothing out off into than such own its very much more most less least quite rather day days week
    weeks month months year years account list record records form certificate system paper website page
    letter invoice card badge register file files document documents database screen contact details reach
    call ring email address number mobile phone postcode double spelling mother father daughter son wife
    husband mum dad brother sister boss friend client partner job role tutor trainer assessor centre but cos
    coz cause because though although however therefore anyway regarding concerning following further""".split()
)


def name_at(tokens: Tokens, index: int, *, least: int = 1) -> Span | None:
    """The name that begins at a word, of `least` words beside its title; cut before a word that is no part of one."""
    if not 0 <= index < len(tokens.words) or not (tokens.capital(index) or tokens.words[index] == "("):
        return None
    start = tokens.starts[index]
    match = _NAME.match(tokens.text, start)
    if match is None:
        return None
    kept: list[str] = []
    titled = False
    for word in match.group().split(" "):
        plain = word.strip(".()").lower()
        if plain in TITLES and not kept:
            titled = True
        elif plain.replace("’", "'") in NOT_NAMES and not _names_too(plain, word, first=not kept):
            break
        elif word.isupper() and len(word) > 3 and kept and not kept[-1].isupper():
            break  # letters behind a name
        kept.append(word)
    while kept and len(kept[-1].strip(".")) == 1:
        kept.pop()
    said = [word for word in kept if word.strip(".()").lower() not in TITLES]
    if len(said) < (1 if titled else least) or all(len(word.strip(".")) == 1 for word in said):
        return None
    whole = " ".join(kept)
    shown = [word for word in kept if not word.startswith("(")]
    if all(word.isupper() for word in said) and max(map(len, said)) > 3:
        shown = [_small(word) for word in shown]
    return Span(" ".join(shown), start, start + len(whole))


def _names_too(plain: str, word: str, *, first: bool) -> bool:
    """Whether a word is a name all the same: an initial, or "Will", "May" and the like where a name begins."""
    return (len(plain) == 1 and word.endswith(".")) or (first and plain in _FIRST_NAMES)


def _small(word: str) -> str:
    """HARTLEY as Hartley, and O'NEIL-JONES as O'Neil-Jones."""
    return re.sub(r"[^\W\d_]+", lambda part: part.group().capitalize(), word)


def spoken_name_at(tokens: Tokens, index: int, *, least: int = 1) -> Span | None:
    """A name in small letters, as a machine writes it down, with the capitals that it should have."""
    at = index
    initial = len(tokens.at(index)) == 1 and tokens.at(index + 1) == "."
    at += 2 * initial
    while at < len(tokens.words) and at - index < 4 and _may_be_name(tokens, at, index):
        at += 1
    words = [word for word in tokens.words[index:at] if word != "."]
    if tokens.at(at) in ("'", "’", "-") and tokens.touches(at):
        return None
    said = [word for word in words if word not in TITLES]
    if not least <= len(said) <= 3 or (len(said) == 1 and len(said[0]) < 2):
        return None
    end = tokens.at(at)
    if end and not (end in _COMMON or tokens.breaks(at) or not end.isalnum() or end.isdecimal()):
        return None
    shown = [f"{word.upper()}." if len(word) == 1 and initial else word.capitalize() for word in words]
    return Span(" ".join(shown), tokens.starts[index], tokens.ends[at - 1])


def _may_be_name(tokens: Tokens, at: int, index: int) -> bool:
    word = tokens.words[at]
    if at > index and tokens.breaks(at) and len(tokens.at(at - 2)) != 1:
        return False
    if word in TITLES:
        return at == index
    return word.isalpha() and (word not in _COMMON or (at == index and word in _FIRST_NAMES))


def longest(names: list[Span]) -> list[Span]:
    """The names without those that are part of another: "Mr Hill" beside "Mark Hill" is one person."""
    kept: list[Span] = []
    for name in sorted(names, key=lambda span: (-len(_parts(span)), span.start)):
        parts = _parts(name)
        if not any(parts <= _parts(other) for other in kept):
            kept.append(name)
    return kept


def _parts(name: Span) -> frozenset[str]:
    words = (word.strip(".").casefold() for word in name.value.split())
    return frozenset(word for word in words if word not in TITLES)
