"""The attributes that the components of ``kg.extract`` hang on a spaCy `Doc`, each registered once.

``title_end``
    Length of the title: the text is title, two newlines, abstract (see `Fields`).
``abbreviations``
    List of (short form, long form) pairs of spans, as the text defines them.
``label_scores``
    (tokens, 17) array of the tagger's probabilities (see `kg.extract.tagger`).
``leanings``
    (tokens, 7) array of what the tagger thinks of the names that words are part of, or None where none has run.
``judged_names``
    List of `kg.extract.entities.JudgedName`, or None where no judge has run.
``entities``
    List of `kg.records.PaperEntity`.
``relations``
    List of `kg.records.PaperRelation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from spacy.attrs import IDX, LENGTH
from spacy.tokens import Doc

from kg.extract.words import Looks, looks_of
from kg.records import Span

GAP = 2
"""Characters between title and abstract in a `Doc`'s text: two newlines."""


_ATTRIBUTES = {
    "title_end": 0,
    "abbreviations": [],
    "label_scores": None,
    "leanings": None,
    "judged_names": None,
    "entities": [],
    "relations": [],
}


@dataclass(frozen=True, slots=True)
class Tokens:
    """A document's text and tokens as plain Python values, and how its words look."""

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]
    looks: Looks


def tokens_of(doc: Doc, text: str | None = None) -> Tokens:
    """Return text and tokens of a `Doc`, worked out once.

    Args:
        doc: the document.
        text: its text, if it is known: ``doc.text`` puts it together anew, token by token.
    """
    tokens = doc.user_data.get("kg.tokens")
    if tokens is None or len(tokens.words) != len(doc):
        text = doc.text if text is None else text
        places = doc.to_array([IDX, LENGTH]).astype(np.int64)
        starts, ends = places[:, 0].tolist(), places.sum(axis=1).tolist()
        words = [text[a:b] for a, b in zip(starts, ends, strict=True)]
        tokens = Tokens(text, words, starts, ends, looks_of(words))
        doc.user_data["kg.tokens"] = tokens
    return tokens


def register() -> None:
    """Register the attributes; a second call changes nothing."""
    for name, default in _ATTRIBUTES.items():
        if not Doc.has_extension(name):
            Doc.set_extension(name, default=default)


class Fields(NamedTuple):
    """Where title and abstract stand in a text: up to ``title_end``, and from ``seam`` on.

    A `Doc` that is no paper, without a title and without the gap after it, is all abstract.
    """

    title_end: int
    seam: int

    @classmethod
    def of(cls, text: str, title_end: int) -> Fields:
        """Return the fields of a text whose title ends at ``title_end``."""
        return cls(title_end, title_end + GAP if title_end or text.startswith("\n" * GAP) else 0)

    def span(self, start: int, end: int) -> Span:
        """Return the stretch of title or abstract at these characters; over the seam it is cut to where it begins."""
        if start < self.title_end:
            return Span("title", start, min(end, self.title_end))
        return Span("abstract", start - self.seam, end - self.seam)

    def place(self, span: Span) -> tuple[int, int]:
        """Return the characters of the text at which a stretch of title or abstract lies."""
        before = self.seam if span.field == "abstract" else 0
        return span.start + before, span.end + before


def fields_of(doc: Doc) -> Fields:
    """Return where title and abstract of a `Doc` stand in its text."""
    return Fields.of(tokens_of(doc).text, doc._.title_end)


def definitions_of(doc: Doc) -> list[tuple[str, str]]:
    """Return the (short form, long form) pairs that the text defines, as written."""
    text, fields = tokens_of(doc).text, fields_of(doc)
    return [(text[slice(*fields.place(a))], text[slice(*fields.place(b))]) for a, b in doc._.abbreviations]


register()
