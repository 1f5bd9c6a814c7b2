"""Checks the language identifier: the contract of its command, script checks, plugged-in models, training."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from xinstruct import languages
from xinstruct.commands.lid import command
from xinstruct.tools.lid.identifier import LanguageIdentifier, normalise, script_of
from xinstruct.tools.lid.trainer import Line, Settings, fit, held_out, make_model, read_lines, spans_of

SENTENCES = {
    "fin_Latn": "Kunta rakentaa uuden koulun keskustaan, ja työt alkavat ensi keväänä.",
    "ind_Latn": "Pemerintah kota akan membangun jembatan baru yang menghubungkan kedua desa itu.",
    "tha_Thai": "เทศบาลจะสร้างโรงเรียนใหม่ในใจกลางเมืองปีหน้า",
    "tur_Latn": "Belediye gelecek yıl şehir merkezine yeni bir okul yapacağını açıkladı.",
    "vie_Latn": "Thành phố sẽ xây một trường học mới ở trung tâm vào năm tới.",
    "ben_Beng": "আগামী বছর শহরের কেন্দ্রে একটি নতুন বিদ্যালয় তৈরি করা হবে।",
    "hin_Deva": "नगर निगम अगले साल शहर के बीच में एक नया विद्यालय बनाएगा।",
    "swh_Latn": "Serikali ya mkoa itajenga shule mpya katikati ya mji mwaka ujao.",
    "tam_Taml": "அடுத்த ஆண்டு நகரின் மையத்தில் புதிய பள்ளி கட்டப்படும்.",
    "urd_Arab": "بلدیہ اگلے سال شہر کے بیچ میں ایک نیا اسکول تعمیر کرے گی۔",
    "tel_Telu": "వచ్చే సంవత్సరం నగరం మధ్యలో కొత్త పాఠశాల నిర్మిస్తారు.",
    "mar_Deva": "महानगरपालिका पुढच्या वर्षी शहराच्या मध्यभागी नवीन शाळा बांधणार आहे.",
    "npi_Deva": "नगरपालिकाले अर्को वर्ष सहरको बीचमा नयाँ विद्यालय बनाउने भएको छ।",
    "isl_Latn": "Bærinn ætlar að byggja nýjan skóla í miðbænum á næsta ári.",
    "eus_Latn": "Udalak eskola berri bat eraikiko du herriaren erdian datorren urtean.",
    "tgl_Latn": "Magtatayo ang lungsod ng bagong paaralan sa gitna ng bayan sa susunod na taon.",
    "eng_Latn": "The council will build a new school in the middle of the town next year.",
    "deu_Latn": "Die Stadt will im nächsten Jahr eine neue Schule in der Mitte des Ortes bauen.",
    "spa_Latn": "El ayuntamiento construirá una nueva escuela en el centro de la ciudad el próximo año.",
    "cmn_Hans": "市政府明年将在市中心建一所新的学校，我们都很高兴。",
    "cmn_Hant": "市政府明年將在市中心建一所新的學校，我們都很高興。",
    "jpn_Jpan": "市は来年、町の中心に新しい学校を建てる予定です。",
    "kor_Hang": "시는 내년에 도심에 새 학교를 지을 예정이다.",
    "arb_Arab": "ستبني البلدية مدرسة جديدة في وسط المدينة في العام المقبل.",
    "rus_Cyrl": "В следующем году город построит новую школу в центре.",
}


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    return LanguageIdentifier()


def predict(lines: bytes, *options: str) -> list[tuple[str, float]]:
    done = CliRunner().invoke(command, ["predict", *options], input=lines)
    assert done.exit_code == 0, done.output
    rows = [row.split("\t") for row in done.output.split("\n")[:-1]]
    return [(label, float(score)) for label, score in rows]


def test_plain_sentences_are_given_their_language(identifier: LanguageIdentifier) -> None:
    given = identifier.identify_many(list(SENTENCES.values()))
    assert {gold: guess.label for gold, guess in zip(SENTENCES, given, strict=True)} == {
        gold: gold for gold in SENTENCES
    }


def test_near_languages_are_told_apart_where_their_words_differ(identifier: LanguageIdentifier) -> None:
    told = {
        "zsm_Latn": "Perpustakaan itu dibuka sehingga malam kerana ramai pembaca boleh datang selepas kerja.",
        "ind_Latn": "Perpustakaan itu buka sampai malam karena banyak pembaca bisa datang setelah bekerja.",
        "nno_Latn": "Biblioteket er ope til seint på kvelden, og eg veit ikkje kven som kjem.",
        "nob_Latn": "Biblioteket er åpent til sent på kvelden, og jeg vet ikke hvem som kommer.",
    }
    assert [identifier.identify(text).label for text in told.values()] == list(told)


def test_every_line_in_gives_one_line_out() -> None:
    lines = b"Hyv\xc3\xa4\xc3\xa4 p\xc3\xa4iv\xc3\xa4\xc3\xa4\n\n123 !?\n\xff\xfe\xfa\nlast line without an end"
    rows = predict(lines)
    assert len(rows) == 5
    assert [label for label, _ in rows[1:4]] == ["und"] * 3
    assert "und" not in {rows[0][0], rows[4][0]}
    assert all(0 <= score <= 1 for _, score in rows)


def test_line_ends_other_than_a_newline_do_not_split_a_line() -> None:
    assert len(predict("yksi\u2028kaksi\x0bkolme\rneljä\r\nviisi\n".encode())) == 2


def test_without_letters_only_is_und(identifier: LanguageIdentifier) -> None:
    assert identifier.identify("2024-01-01 🙂 ***").label == "und"
    assert identifier.identify("a").label != "und"
    assert identifier.identify("- " * 3000 + SENTENCES["fin_Latn"]).label == "fin_Latn"


def test_at_least_gives_und_below_and_keeps_the_score() -> None:
    plain, strict = predict(b"ja no\n"), predict(b"ja no\n", "--at-least", "1.0")
    assert plain[0][0] != "und"
    assert strict == [("und", plain[0][1])]


def test_a_very_long_line_is_one_line() -> None:
    assert predict(b"Suomi on kaunis maa ja kes\xc3\xa4 on lyhyt. " * 20_000 + b"\nx\n")[0][0] == "fin_Latn"


def test_a_label_is_never_in_a_script_that_the_text_lacks(identifier: LanguageIdentifier) -> None:
    for gold, text in SENTENCES.items():
        scripts = {script_of(word) for word in text.split()}
        for piece in (text[:5], text[:12], text):
            label = identifier.identify(piece).label
            assert label[4:] in scripts | {gold[4:]} or {label[4:], gold[4:]} <= {"Hans", "Hant", "Jpan"}, piece


def test_a_script_of_one_language_decides(identifier: LanguageIdentifier) -> None:
    assert identifier.identify("ไทย").label == "tha_Thai"
    assert identifier.identify("かな").label == "jpn_Jpan"
    assert identifier.identify("iPhone を買う").label == "jpn_Jpan"


@pytest.mark.parametrize(
    ("text", "script"),
    [("Kiswahili", "Latn"), ("हिन्दी abc", "Deva"), ("东西说话", "Hans"), ("東西說話", "Hant"), ("日本の", "Jpan"),
     ("한국어", "Hang"), ("ⵜⴰⵎⴰⵣⵉⵖⵜ", "Tfng"), ("123", ""), ("", "")],
)  # fmt: skip
def test_script_of_most_letters(text: str, script: str) -> None:
    assert script_of(text) == script


def test_links_digits_and_signs_are_not_seen() -> None:
    assert normalise("Katso https://a.fi/B?c=1 tai kirjoita a.b@c.fi: 24 €/kk!") == "katso tai kirjoita kk"
    assert normalise("Ng’ombe  ISTANBUL İzmir\nkitap") == "ng'ombe istanbul izmir kitap"


def test_a_model_with_two_letter_labels_can_be_plugged_in(tmp_path: Path) -> None:
    path = toy_model(
        tmp_path / "two.bin", {"fi": SENTENCES["fin_Latn"], "zh": SENTENCES["cmn_Hans"], "als": "Grüezi mitenand"}
    )
    plugged = LanguageIdentifier(path)
    assert plugged.labels == ("cmn_Hans", "fin_Latn", "gsw_Latn")
    assert plugged.identify(SENTENCES["fin_Latn"]).label == "fin_Latn"
    assert plugged.identify(SENTENCES["cmn_Hant"]).label == "cmn_Hant"


def test_a_model_may_know_languages_that_the_table_does_not(tmp_path: Path) -> None:
    path = toy_model(tmp_path / "glot.bin", {"swh_Latn": SENTENCES["swh_Latn"], "qaa_Latn": "zz yy xx ww"})
    plugged = LanguageIdentifier(path)
    assert plugged.identify("zz yy xx ww").label == "qaa_Latn"
    assert plugged.identify(SENTENCES["swh_Latn"]).score <= 1.0


def test_noise_as_model_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "noise.ftz"
    path.write_bytes(b"no model" * 9)
    done = CliRunner().invoke(command, ["predict", "--model", str(path)], input=b"x\n")
    assert done.exit_code == 2
    assert "no fastText model" in done.output


def test_score_counts_a_member_as_right_under_its_macrolanguage(tmp_path: Path) -> None:
    gold = tmp_path / "gold.tsv"
    gold.write_text(f"swa\t{SENTENCES['swh_Latn']}\nfin_Latn\t{SENTENCES['fin_Latn']}\n", encoding="utf-8")
    done = CliRunner().invoke(command, ["score", str(gold)])
    assert "macro-F1 1.000 over the 2 languages present" in done.output


def test_score_reads_json_lines_and_shows_what_was_said_instead(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    rows = [
        {"lang": "fin", "script": "Latn", "text": SENTENCES["deu_Latn"]},
        {"lang": "deu", "script": "Latn", "text": SENTENCES["deu_Latn"]},
    ]
    gold.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    done = CliRunner().invoke(command, ["score", str(gold)])
    assert "deu_Latn 1" in next(row for row in done.output.split("\n") if row.startswith("fin_Latn"))


def test_a_row_that_is_not_labelled_is_named_with_its_line(tmp_path: Path) -> None:
    gold = tmp_path / "gold.tsv"
    gold.write_text("fin_Latn\tyksi\nno label here\n", encoding="utf-8")
    done = CliRunner().invoke(command, ["score", str(gold)])
    assert done.exit_code == 2
    assert "gold.tsv, line 2" in done.output


def labelled_lines(path: Path) -> list[Line]:
    rows = [
        json.dumps({"lang": label, "source": source, "text": SENTENCES[label]})
        for label in ("fin_Latn", "deu_Latn", "tur_Latn")
        for source in ("news", "tales")
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    return list(read_lines([path]))


@pytest.mark.slow
def test_training_makes_a_model_with_its_calibration(tmp_path: Path) -> None:
    small = Settings(
        fewest_spans=50, buckets=1_100_000, dimensions=8, epochs=5, held_out=1.0, shortest_held_out=10, shortest_left=10
    )  # fmt: skip
    lines = labelled_lines(tmp_path / "lines.jsonl")
    note = make_model(lines, tmp_path / "made", small)
    assert set(note["unseen_sources"]) == set(held_out(lines, small).values())
    assert len(note["calibration"]["right"]) == len(note["calibration"]["longest"]) + 1
    trained = LanguageIdentifier(tmp_path / "made" / "lid.ftz")
    assert [trained.identify(SENTENCES[label]).label for label in trained.labels] == list(trained.labels)


def test_half_of_the_languages_lend_a_source_to_the_calibration_and_keep_another() -> None:
    sources = ("news", "tales", "law", "a short one")
    lines = [
        Line(label, source, "x" * (10 if source == "a short one" else 5000))
        for label in languages.all_languages()[:200]
        for source in sources
    ]
    held = held_out([*lines, Line("qqq_Latn", "news", "x" * 20_000), Line("qqq_Latn", "tales", "x" * 9000)], Settings())
    assert 70 < len(held) < 130
    assert set(held.values()) == {"news", "tales", "law"}
    assert held == held_out(reversed(lines), Settings())
    assert "qqq_Latn" not in held_out([Line("qqq_Latn", "tales", "x" * 9000)], Settings(held_out=1.0))


def test_the_same_lines_and_seed_give_the_same_spans(tmp_path: Path) -> None:
    lines = labelled_lines(tmp_path / "lines.jsonl")
    once, again = (list(spans_of(lines, Settings(fewest_spans=50))) for _ in range(2))
    other = list(spans_of(lines, Settings(fewest_spans=50, seed=8)))
    assert once == again
    assert once != other
    assert {label for label, _ in once} == {"fin_Latn", "deu_Latn", "tur_Latn"}


def test_shipped_model_is_small_and_knows_the_languages_of_the_table(identifier: LanguageIdentifier) -> None:
    assert identifier.path.stat().st_size < 10.5e6
    assert len(identifier.labels) >= 400
    assert set(identifier.labels) <= set(languages.all_languages())


def test_prose_of_an_unseen_source_is_identified(identifier: LanguageIdentifier, shared_data: Path) -> None:
    with gzip.open(shared_data / "lid" / "lid_sentences.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["source"] == "SIB-200"]
    # Indonesian is left out: it and Malay are the pair that the model still confuses (models/lid/README.md).
    wanted = ("fin", "tha", "tur", "vie", "ben", "hin", "swh", "tam", "urd", "tel", "mar", "npi", "isl", "eus")
    for code in wanted:
        texts = [row["text"] for row in rows if row["lang"] == code]
        right = sum(guess.label[:3] == code for guess in identifier.identify_many(texts))
        assert right / len(texts) >= 0.95, code


def test_scores_mean_the_chance_of_being_right(identifier: LanguageIdentifier, shared_data: Path) -> None:
    with gzip.open(shared_data / "lid" / "lid_sentences.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["source"] == "SIB-200"]
    known = set(identifier.labels)
    gold = [(f"{row['lang']}_{row['script']}", row["text"]) for row in rows[::3]]
    gold = [(name, text) for name, text in gold if name in known]
    guesses = identifier.identify_many([text for _, text in gold])
    right = sum(guess.label == name for (name, _), guess in zip(gold, guesses, strict=True)) / len(gold)
    assert abs(sum(guess.score for guess in guesses) / len(guesses) - right) < 0.05


def toy_model(path: Path, texts: dict[str, str]) -> Path:
    model = fit(list(texts.items()) * 20, minn=1, maxn=3, dim=64, epoch=5, bucket=140_000, minCount=10**6, lr=1.0)
    model.save_model(str(path))
    return path
