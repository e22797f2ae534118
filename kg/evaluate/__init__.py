"""Evaluation: how well the extractor reads, by the figures of the annotators' scorer, and what it gets wrong.

>>> gold = {"p": {"id": "p", "title": "On DPO", "abstract": "", "lineage": [], "entities": [
...     {"name": "DPO", "type": "method", "role": "uses", "surfaces": ["DPO"]}]}}
>>> score(gold, gold)["edge"]
(1.0, 1.0, 1.0)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spacy.language import Language

from kg.evaluate.errors import errors, format_errors
from kg.evaluate.gold import papers, read_gold
from kg.evaluate.graph import read_graph
from kg.evaluate.scorer import Figures, format_figures, score
from kg.extract import extract

__all__ = ["errors", "evaluate", "format_errors", "format_figures", "predict", "read_gold", "read_graph", "score"]


def predict(
    rows: dict[str, dict[str, Any]], nlp: Language | None = None, min_confidence: float = 0.0
) -> dict[str, dict[str, Any]]:
    """Return what the extractor says of gold papers, in the gold form, by id.

    Args:
        rows: papers as `read_gold` gives them.
        nlp: a pipeline as `kg.extract.load` gives it; the shipped one if None.
        min_confidence: entities and lineage pairs below it are left out, and pairs of entities left out.
    """
    return {extraction.paper: extraction.to_gold(min_confidence) for extraction in extract(papers(rows), nlp)}


def evaluate(gold_path: str | Path, nlp: Language | None = None, min_confidence: float = 0.0) -> Figures:
    """Run the extractor over a gold file and return its figures (see `score`).

    Raises:
        kg.errors.GoldError: the file is not in the gold form; the message names file and line.
    """
    rows = read_gold(gold_path)
    return score(rows, predict(rows, nlp, min_confidence))
