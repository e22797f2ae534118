"""The attributes that the components of ``kg.extract`` hang on a spaCy `Doc`, each registered once.

``title_end``
    Length of the title: the text is title, two newlines, abstract (see `to_field`).
``abbreviations``
    List of (short form, long form) pairs of spans, as the text defines them.
``entities``
    List of `kg.records.PaperEntity`.
``relations``
    List of `kg.records.PaperRelation`.
"""

from __future__ import annotations

from spacy.tokens import Doc

from kg.records import Span

GAP = 2
"""Characters between title and abstract in a `Doc`'s text: two newlines."""


def register() -> None:
    """Register the attributes; a second call changes nothing."""
    for name, default in (("title_end", 0), ("abbreviations", []), ("entities", []), ("relations", [])):
        if not Doc.has_extension(name):
            Doc.set_extension(name, default=default)


def to_field(doc: Doc, start: int, end: int) -> Span:
    """Return the stretch of the paper's title or abstract that lies at these characters of the `Doc`."""
    title_end = doc._.title_end
    if start < title_end:
        return Span("title", start, min(end, title_end))
    shift = title_end + GAP
    return Span("abstract", start - shift, end - shift)


register()
