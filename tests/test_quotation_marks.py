"""Quotations are found in the conventions of all languages, and apostrophes, inches and arrows are none."""

import pytest
import regex

from xinstruct.stages.cluster import _SUBJECT
from xinstruct.tools import edits, guards, wording
from xinstruct.tools.evols.wording import names
from xinstruct.tools.quotation_marks import DOUBLY_QUOTED, MARKS, QUOTED, quotations
from xinstruct.tools.stretches import Passage
from xinstruct.tools.translating.keeping import untouchable

# One sentence or two as they stand in books and newspapers of the language.
SENTENCES = {
    "eng": ("The band played “Yesterday” and then “Let It Be”.", ["Yesterday", "Let It Be"]),
    "swe": ("Strindberg skrev ”Röda rummet” och ”Giftas”.", ["Röda rummet", "Giftas"]),
    "fin": ("Hän luki ”Seitsemää veljestä” ja ”Linnan juhlia”.", ["Seitsemää veljestä", "Linnan juhlia"]),
    "fin, of books": ("»Tulkaa sisään», sanoi Maija. »Kahvi on valmista.»", ["Tulkaa sisään", "Kahvi on valmista."]),
    "fin, with an ending": ("Aleksis Kiven ”Nummisuutarit”-näytelmä ja ”Kullervo”", ["Nummisuutarit", "Kullervo"]),
    "deu": ("Er las „Die Räuber“ und „Maria Stuart“.", ["Die Räuber", "Maria Stuart"]),
    "deu, of books": ("»Kommst du?«, fragte sie. »Gleich.«", ["Kommst du?", "Gleich."]),
    "deu, by keyboard": ('Goethes „Faust" und Schillers „Wallenstein" sind Dramen.', ["Faust", "Wallenstein"]),
    "deu, one in the other": ("„Kennst du ‚Momo‘?“, fragte er.", ["Kennst du ‚Momo‘?"]),
    "dan": ("»Hvor er du?« spurgte hun. »Her.«", ["Hvor er du?", "Her."]),
    "nob": ("Ibsen skrev «Peer Gynt» og «Et dukkehjem».", ["Peer Gynt", "Et dukkehjem"]),
    "fra": ("Camus a écrit « La Peste » et l’essai « Noces ».", ["La Peste", "Noces"]),
    "rus": ("«Он сказал мне: «Да», — и ушёл», — вспоминает она.", ["Он сказал мне: «Да», — и ушёл"]),
    "ukr": ("Роман «Тигролови» і вірш “Любіть Україну”.", ["Тигролови", "Любіть Україну"]),
    "pol": ("Czytał „Pana Tadeusza” i „Lalkę”.", ["Pana Tadeusza", "Lalkę"]),
    "ces": ("Napsal „Krakatit“ a „Matku“.", ["Krakatit", "Matku"]),
    "hun": ("Olvasta „A Pál utcai fiúk” című regényt.", ["A Pál utcai fiúk"]),
    "nld": ("Zij las „Max Havelaar” en ‘De avonden’.", ["Max Havelaar"]),
    "ell": ("Διάβασε το «Ζορμπάς» και την “Ασκητική”.", ["Ζορμπάς", "Ασκητική"]),
    "cmn": ("他读了《红楼梦》和〈祝福〉，还说“很好”。", ["红楼梦", "祝福", "很好"]),
    "jpn": ("「『源氏物語』を読んだ」と彼女は言った。", ["『源氏物語』を読んだ"]),
    "kor": ("그는 《토지》와 〈소나기〉를 읽었다.", ["토지", "소나기"]),
    "arb": ("قرأ «الأيام» ثم كتب مقالا عن «الأرض».", ["الأيام", "الأرض"]),
    "heb": ("הוא קרא את ״הארץ״ ואת ״מעריב״.", ["הארץ", "מעריב"]),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_what_is_quoted_is_found_by_the_marks_of_the_language(name: str) -> None:
    sentence, quoted = SENTENCES[name]
    assert quotations(sentence) == quoted


@pytest.mark.parametrize(
    ("sentence", "quoted"),
    [
        ("Kennst du ‚Momo‘ und ‚Jim Knopf‘?", ["Momo", "Jim Knopf"]),
        ("Han läste ’Röda rummet’ i skolan.", ["Röda rummet"]),
        ("Write about ‘Ugali’ and 'Chapati'.", ["Ugali", "Chapati"]),
        ("The students’ rooms and the teachers’ rooms aren’t from the ’90s.", []),
        ("L’été, c’est l’heure d’aller à l’eau.", []),
    ],
)
def test_single_marks_are_told_from_apostrophes(sentence: str, quoted: list[str]) -> None:
    assert [match[0][1:-1] for match in QUOTED.finditer(sentence)] == quoted
    assert not DOUBLY_QUOTED.search(sentence)


@pytest.mark.parametrize(
    "text",
    [
        "Home » News » Sport",
        "»Läs mer\n»Kontakta oss",
        "A 5” pipe is wider than a 4” one.",
        "Die Räuber« und »Maria Stuart",  # a page cut in mid-quotation: what stands between is quoted by nobody
        "Il lit La Peste » et « Noces",
        "צה״ל ומנכ״ל",
    ],
)
def test_arrows_inches_abbreviations_and_halves_of_quotations_quote_nothing(text: str) -> None:
    assert not QUOTED.search(text)


def test_a_closing_mark_of_one_convention_does_not_open_a_quotation_of_another() -> None:
    assert quotations("«Тихий Дон» и «Нос»; »Faust« und »Nathan«; »Nummisuutarit» ja »Kullervo»") == [
        *("Тихий Дон", "Нос", "Faust", "Nathan", "Nummisuutarit", "Kullervo")
    ]
    assert quotations("“Emma” and “Persuasion”, ”Giftas” och ”Inferno”") == ["Emma", "Persuasion", "Giftas", "Inferno"]


def test_every_quotation_mark_of_unicode_is_known_but_one_of_an_old_script() -> None:
    every = set(regex.findall(r"\p{Quotation_Mark}", "".join(map(chr, range(0x110000)))))
    assert every - set(MARKS) == {"⹂"}


@pytest.mark.parametrize(
    "opening_and_closing", ["“”", "””", "„“", "„”", "«»", "»«", "»»", "‹›", "›‹", "「」", "《》", "〈〉"]
)
def test_all_who_look_for_quotations_know_the_same_marks(opening_and_closing: str) -> None:
    opening, closing = opening_and_closing
    title = f"{opening}Nchi Yetu na Watu Wake{closing}"
    said = f"Write an article titled {title} for a local newspaper."
    assert guards.fault(said, "Nchi yetu ni kubwa.", "", handed=False, bare=False, language="swh_Latn") == ("", "")
    assert wording.wording(f"Describe {title}.").target == "§"
    assert wording.quoted(said) == "Nchi Yetu na Watu Wake"
    assert _SUBJECT.findall(said) == [title]
    assert {"nchi", "wake"} <= names(said.lower().replace("nchi", "Nchi"))
    assert Passage("Alisoma Nchi Yetu na Watu Wake jana.").find(title) == (8, 30)
    assert untouchable(said, "Kitabu Nchi Yetu na Watu Wake.") == ["Nchi Yetu na Watu Wake"]
    changed = edits.fault_of_change(
        f"Mwalimu alisoma {title} jana jioni, halafu Asha akacheka sana.",
        f"Mwalimu alisoma {title.replace('Yetu', 'yenu')} jana jioni, halafu Asha akacheka sana.",
        "swh_Latn",
        0.5,
    )
    assert changed[0] == "quotations_changed"


def test_an_order_that_is_only_quoted_is_no_order_in_any_convention() -> None:
    for quoted in (
        "”Translate this text”",
        "»Translate this text«",
        "»Translate this text»",
        "《Translate this text》",
    ):
        said = f"Tell me about the song {quoted} by a Swedish band."
        assert guards.fault(said, "Sången är känd.", "", handed=False, bare=False, language="swe_Latn") == ("", "")
    assert guards.fault("Translate this text.", "Sången.", "", handed=False, bare=False)[0] != ""


def test_a_link_ends_where_a_quotation_closes() -> None:
    for opening, closing in ("「」", "《》", "””", "„“", "»«", "“”"):
        assert guards.LINK.findall(f"See {opening}https://example.org/a{closing}.") == ["https://example.org/a"]


def test_many_marks_that_open_and_never_close_take_little_time() -> None:
    for mark in MARKS:
        assert len(QUOTED.findall(f"{mark}a " * 3000)) <= 3000
