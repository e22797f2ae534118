"""From papers to extractions: the shipped pipeline, a `Doc` for a paper, and the stream through both.

>>> from kg.records import Paper
>>> paper = Paper("p1", "SimPO: Simple Preference Optimization", "SimPO outperforms DPO on AlpacaEval 2.")
>>> [extraction] = extract([paper])
>>> extraction.paper
'p1'
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from kg.collector import collector_paused
from kg.extract import (  # noqa: F401  (they register the components)
    abbreviations,
    entities,
    extensions,
    judge,
    lineage,
    roles,
    sentences,
    tagger,
    tokenizer,
)
from kg.records import Extraction, Paper, Span

COMPONENTS = (
    "paper_sentences",
    "abbreviations",
    "name_tagger",
    "name_judge",
    "paper_entities",
    "roles",
    "lineage",
)
"""The components of the shipped pipeline, in order; each can be left out, replaced and measured alone."""

MAX_CHARS = 20_000
"""What is read of one paper, in characters of title and abstract; what stands beyond it is left, with a warning.

The longest abstracts are near 5,000. The work on lineage grows with the square of the entities of a paper.
"""

_SURROGATE = re.compile("[\ud800-\udfff]")
_log = logging.getLogger(__name__)


def load(exclude: Collection[str] = ()) -> Language:
    """Return the shipped pipeline, without the components named in ``exclude``.

    It reads the weights beside this file and nothing else. Put papers in by `make_doc` or use `extract`.
    """
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "kg.PaperTokenizer.v1"}}})
    nlp.max_length = MAX_CHARS + 16
    for name in COMPONENTS:
        if name not in exclude and Language.has_factory(name):
            nlp.add_pipe(name)
    return nlp


@lru_cache(maxsize=1)
def _shipped() -> Language:
    return load()


def make_doc(nlp: Language, title: str, abstract: str) -> Doc:
    """Return a tokenized `Doc` for one paper: title, two line breaks, abstract; ``doc._.title_end`` marks the seam.

    Character offsets of the texts are kept (`span_of` leads back to them): what no text can
    hold, half a surrogate pair, is replaced by U+FFFD; what lies beyond `MAX_CHARS` is cut off with a warning.
    """
    if len(title) + len(abstract) > MAX_CHARS:
        _log.warning("paper of %d characters: read up to %d (%.60r)", len(title) + len(abstract), MAX_CHARS, title)
        title = title[:MAX_CHARS]
        abstract = abstract[: MAX_CHARS - len(title)]
    text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", f"{title}\n\n{abstract}")
    doc = nlp.make_doc(text)
    doc._.title_end = len(title)
    extensions.tokens_of(doc, text)
    return doc


def span_of(doc: Doc, start: int, end: int) -> Span:
    """Return the stretch of title or abstract at these character offsets of ``doc.text``.

    A stretch that reaches over the seam is cut to the field that it begins in.
    """
    return extensions.fields_of(doc).span(start, end)


def extraction_of(doc: Doc, paper_id: str) -> Extraction:
    """Return what the components left on a `Doc` as an `Extraction`."""
    pairs = tuple(dict.fromkeys(extensions.definitions_of(doc)))
    return Extraction(paper_id, tuple(doc._.entities), tuple(doc._.relations), pairs)


def extract(papers: Iterable[Paper], nlp: Language | None = None, batch_size: int = 64) -> Iterator[Extraction]:
    """Yield one `Extraction` for each paper, in their order, reading no further ahead than a batch.

    The same paper gives the same extraction whatever papers stand around it.

    Args:
        papers: any number of them; an empty title or abstract is allowed.
        nlp: a pipeline as `load` gives it; the shipped one if None.
        batch_size: papers that go through the components together.
    """
    nlp = nlp or _shipped()
    for some in minibatch(papers, batch_size):
        with collector_paused():
            docs = ((make_doc(nlp, paper.title, paper.abstract), paper.id) for paper in some)
            found = [extraction_of(*read) for read in nlp.pipe(docs, as_tuples=True, batch_size=batch_size)]
        yield from found
