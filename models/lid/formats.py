"""Reads the files in which projects keep text in many languages: messages of programs, treebanks, stories, tables."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import yaml

Messages = dict[str, str]


def of_json(content: bytes) -> Messages:
    """The messages of a flat JSON file, or of one whose messages lie deeper."""
    return dict(_leaves(json.loads(content), ""))


def of_yaml(content: bytes) -> Messages:
    """The messages of a YAML file, under their keys without the language on top."""
    (told,) = yaml.safe_load(content).values()
    return dict(_leaves(told, ""))


def of_android(content: bytes) -> Messages:
    """The messages of an Android app."""
    # Declared entities would be the only danger of these files: what declares any is not read.
    if b"<!ENTITY" in content:
        return {}
    strings = ElementTree.fromstring(content).iter("string")
    return {one.get("name", ""): "".join(one.itertext()) for one in strings}


def of_lines(content: bytes) -> Messages:
    """The lines of a text."""
    return {str(number): line for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines())}


def of_treebank(content: bytes) -> Messages:
    """The sentences of a treebank in CoNLL-U, as they are usually spelt where the treebank says so."""
    told = content.decode()
    spelt = re.findall(r"^# text_ortho = (.*)$", told, re.MULTILINE)
    return of_lines("\n".join(spelt or re.findall(r"^# text = (.*)$", told, re.MULTILINE)).encode())


def of_titles(content: bytes) -> Messages:
    """The column `title` of a CSV file."""
    return _column(content, "title")


def of_texts(content: bytes) -> Messages:
    """The column `text` of a CSV file."""
    return _column(content, "text")


def _column(content: bytes, name: str) -> Messages:
    return {str(n): row[name] for n, row in enumerate(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))}


def of_story(content: bytes) -> Messages:
    """The sentences of a story in Markdown, without its credits; nothing where its licence is not CC BY."""
    told, _, credits = content.decode("utf-8-sig", "replace").rpartition("\n* License:")
    if not credits.startswith(" [CC-BY]"):
        return {}
    return of_lines(re.sub(r"^#+ ?", "", told, flags=re.MULTILINE).encode())


def of_news(content: bytes) -> Messages:
    """The columns `title` and `text` of a table with tabs, cut into sentences."""
    table = csv.DictReader(io.StringIO(content.decode()), delimiter="\t")
    texts = "\n".join(f"{row['title']}\n{row['text']}" for row in table)
    return of_lines(re.sub(r"(?<=[.!?]) +", "\n", texts).encode())


def of_list(content: bytes) -> Messages:
    """A JSON list of sentences."""
    return {str(number): line for number, line in enumerate(json.loads(content))}


def of_talk(content: bytes) -> Messages:
    """What is said in a transcript in CHAT, without the blanks that it sets between words."""
    said = re.findall(r"^\*\w+:\t(.*)$", content.decode(), re.MULTILINE)
    return of_lines("\n".join(line.replace(" ", "") for line in said).encode())


def _leaves(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            if not str(name).startswith("@"):
                yield from _leaves(one, f"{key}/{name}")
    elif isinstance(value, str):
        yield key, value
