"""Measures decontamination on evaluation sets of several shapes, in which many items share a stretch of text.

`benchmarks.decontamination` prints it. Sets are made of the XQuAD passages of six languages and of questions that are
pieces of other evaluation texts. Of passages, each repeated with so many questions, 60 characters are planted in
documents, which are to be dropped. Of frames, which stand in every item before the question, documents hold all, with a
question of their own; these are to stay. A long one that few items share cannot be told from a passage.
"""

import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from xinstruct.tools.overlap.fingerprint import Fingerprint
from xinstruct.tools.overlap.index import Index
from xinstruct.tools.overlap.search import overlaps

_PASSAGES = 8
_QUESTION = 70  # characters
_FRAMES = {"instruction of 80 characters": 80, "instruction of 160": 160, "worked examples of 900": 900}
_EVERY_ITEM_BEGINS = "Given the passage and the query, write the letter of the answer that is right.\nPassage: "


def report(passages: dict[str, list[str]], others: dict[str, list[str]], documents: dict[str, list[str]]) -> None:
    """Prints what is dropped, for each shape. passages, others, documents: texts by language."""
    print(f"\n{'shape of the set':50}{'dropped':>16}{'left out':>12}")
    for questions in (9, 15, 50, 100, 200):
        for several in (1, _PASSAGES):
            _tell(
                f"passages: {several}; questions of each: {questions}",
                _about(passages, others, questions, several),
                documents,
            )
    _tell("passages: 8; questions of each: 15; in a frame", _about(passages, others, 15, 8, framed=True), documents)
    print("to stay:")
    _tell("the frame of these", _about(passages, others, 15, 8, framed=True, own=True), documents)
    for name, length in _FRAMES.items():
        for questions in (15, 60, 200):
            _tell(f"{name}, {questions} questions", _framed(others, documents, questions, length), documents)


Set = tuple[str, list[str], list[str]]


def _tell(shape: str, sets: Iterator[Set], documents: dict[str, list[str]]) -> None:
    dropped = planted = left_out = 0
    for language, items, stretches in sets:
        chance = random.Random(f"{language} {shape}")
        made = Fingerprint.of("set", [(str(number), item) for number, item in enumerate(items)])
        texts = [
            f"{chance.choice(documents[language])}\n{one}\n{chance.choice(documents[language])}" for one in stretches
        ]
        with tempfile.TemporaryDirectory() as folder:
            Index.write(Path(folder) / "index", "", [made])
            dropped += sum(found is not None for found in overlaps(texts, Index(Path(folder) / "index")))
        planted += len(texts)
        left_out += made.left_out.frames
    print(f"{shape:50}{dropped / planted:>9.3f} of {planted}{left_out:>12}")


def _about(
    passages: dict[str, list[str]],
    others: dict[str, list[str]],
    questions: int,
    several: int,
    framed: bool = False,
    own: bool = False,
) -> Iterator[Set]:
    """Items that repeat a passage before each question, and 60 characters of passages, or frames with own questions."""
    for language, of in passages.items():
        chance = random.Random(f"{language} {questions} {several}")
        chosen = chance.sample(of, several)
        asked = iter(_questions(others[language], questions * several + 30, chance))
        frame, end = (_EVERY_ITEM_BEGINS, "\nAnswer with one letter:") if framed else ("Passage: ", "")
        items = [f"{frame}{passage}\nQuery: {next(asked)}{end}" for passage in chosen for _ in range(questions)]
        places = [(passage, chance.randrange(len(passage) - 59)) for passage in chance.choices(chosen, k=30)]
        stretches = [f"{frame}{next(asked)}{end}" if own else passage[at : at + 60] for passage, at in places]
        yield language, items, stretches


def _framed(
    others: dict[str, list[str]], documents: dict[str, list[str]], questions: int, length: int
) -> Iterator[Set]:
    """Items that begin with the same stretch of a text, and that stretch with other questions."""
    for language, of in others.items():
        chance = random.Random(f"{language} {questions} {length}")
        frame = " ".join(chance.sample(of, 20))[:length]
        items = [f"{frame}\n{one}" for one in _questions(of, questions, chance)]
        yield language, items, [f"{frame}\n{one}" for one in _questions(documents[language][:500], 30, chance)]


def _questions(texts: Sequence[str], count: int, chance: random.Random) -> list[str]:
    """Different pieces of texts."""
    pieces = [text[at : at + _QUESTION] for text in texts for at in range(0, len(text) - _QUESTION + 1, 23)]
    return chance.sample(list(dict.fromkeys(pieces)), count)
