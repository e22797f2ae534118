"""The attributes that the components of ``kg.extract`` hang on a spaCy `Doc`, each registered once.

``title_end``
    Length of the title: the text is title, two newlines, abstract (see `to_field`).
``abbreviations``
    List of (short form, long form) pairs of spans, as the text defines them.
``label_scores``
    (tokens, 17) array of the tagger's probabilities (see `kg.extract.tagger`).
``judged_names``
    List of `kg.extract.entities.JudgedName`, or None where no judge has run.
``entities``
    List of `kg.records.PaperEntity`.
``relations``
    List of `kg.records.PaperRelation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from spacy.attrs import IDX, LENGTH, SENT_START
from spacy.tokens import Doc

from kg.records import Span

GAP = 2
"""Characters between title and abstract in a `Doc`'s text: two newlines."""


ATTRIBUTES: dict[str, Any] = {
    "title_end": 0,
    "abbreviations": [],
    "label_scores": None,
    "judged_names": None,
    "entities": [],
    "relations": [],
}
"""Names of the attributes, and what each is before a component has set it."""

TOKENS = "kg.tokens"
"""Where a document's `Tokens` are kept in its ``user_data``."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A document's text and tokens as plain Python values."""

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]


def tokens_of(doc: Doc) -> Tokens:
    """Return text and tokens of a `Doc`, worked out once: ``doc.text`` puts the text together anew at each call."""
    tokens = doc.user_data.get(TOKENS)
    if tokens is None or len(tokens.words) != len(doc):
        text = doc.text
        places = doc.to_array([IDX, LENGTH]).astype(np.int64)
        starts, ends = places[:, 0].tolist(), places.sum(axis=1).tolist()
        tokens = Tokens(text, [text[a:b] for a, b in zip(starts, ends, strict=True)], starts, ends)
        doc.user_data[TOKENS] = tokens
    return tokens


def begin_sentences(doc: Doc, first: np.ndarray) -> None:
    """Mark the tokens with these numbers, and no others, as the first of a sentence."""
    opens = np.zeros(len(doc), dtype=bool)
    opens[first] = True
    marks = np.where(opens, 1, -1).reshape(-1, 1)
    doc.from_array([SENT_START], marks.view(np.uint64))  # type: ignore[arg-type]


def sentence_opens(doc: Doc) -> np.ndarray:
    """Return for each token whether it is the first of a sentence; the first of all is."""
    opens = doc.to_array([SENT_START]).ravel() == 1
    opens[:1] = True
    return opens


def register() -> None:
    """Register the attributes; a second call changes nothing."""
    for name, default in ATTRIBUTES.items():
        if not Doc.has_extension(name):
            Doc.set_extension(name, default=default)


def to_field(doc: Doc, start: int, end: int) -> Span:
    """Return the stretch of the paper's title or abstract that lies at these characters of the `Doc`."""
    return field_span(doc._.title_end, start, end)


def field_span(title_end: int, start: int, end: int) -> Span:
    """Return the stretch of title or abstract at these characters of a text whose title ends at ``title_end``."""
    if start < title_end:
        return Span("title", start, min(end, title_end))
    shift = title_end + GAP
    return Span("abstract", start - shift, end - shift)


register()
