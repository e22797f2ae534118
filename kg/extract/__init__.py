"""Extraction: from the title and abstract of a paper to its entities, roles and lineage, as spaCy components.

Each component stands in a file named for what it finds and can be added to any pipeline by ``nlp.add_pipe``; spaCy
finds it by the package's entry points: ``paper_sentences``, ``abbreviations``, ``name_tagger``, ``name_judge``,
``paper_entities``, ``roles``, ``lineage``. `load` gives the shipped pipeline, `extract` streams papers through it,
`version` names its state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kg.extract.state import version

if TYPE_CHECKING:
    from kg.extract.pipeline import extract, load, make_doc, span_of

__all__ = ["extract", "load", "make_doc", "span_of", "version"]


def __getattr__(name: str) -> Any:
    """Import what needs spaCy, a second of a build that may have nothing to extract, when it is first asked for."""
    if name in __all__:
        from kg.extract import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module 'kg.extract' has no attribute {name!r}")
