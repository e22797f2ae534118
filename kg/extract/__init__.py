"""Extraction: from the title and abstract of a paper to its entities, roles and lineage, as spaCy components.

Each component stands in a file named for what it finds and can be added to any pipeline by ``nlp.add_pipe``:
``paper_sentences``, ``abbreviations``, the finders of mentions, ``paper_entities``, ``roles``, ``lineage``.
`load` gives the shipped pipeline, `extract` streams papers through it, `version` names its state.
"""

from kg.extract.pipeline import extract, load, make_doc, span_of, version

__all__ = ["extract", "load", "make_doc", "span_of", "version"]
