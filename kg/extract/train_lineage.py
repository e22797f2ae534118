"""Training of the component ``lineage`` from gold papers.

The roles that the pairs are judged by are those of a classifier that has not seen the paper, so that training meets the
same doubts as use. Deterministic: the same rows, the same weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np
from scipy.optimize import minimize
from spacy.tokens import Doc

from kg.extract.context import Context, Items, read_context
from kg.extract.lineage import LineageModel
from kg.extract.lineage_features import candidates, pair_features
from kg.extract.linear import fit
from kg.extract.role_features import gather, mention_features
from kg.extract.roles import Roles
from kg.extract.train_roles import fit_roles, gold_doc, reader
from kg.records import PaperEntity, fold

FOLDS = 4
Row = Mapping[str, Any]
Pair = tuple[int, int]


def train_lineage(rows: Sequence[Row], found: Sequence[Sequence[PaperEntity]] | None = None) -> LineageModel:
    """Train on gold rows (see ``docs/guidelines.md`` for their form).

    The curve of the probabilities and the threshold with the best F1 are set on scores of models that have not seen
    the paper; the weights then come from all papers.

    Args:
        rows: gold papers.
        found: the entities of each paper as the extractor finds them (their roles do not matter), where training
            shall meet its errors; the gold entities if None.
    """
    nlp, items = reader(), Items()
    docs = [gold_doc(nlp, row) for row in rows]
    part = np.array([crc32(row["id"].encode()) % FOLDS for row in rows])
    contexts = [read_context(doc, doc._.entities, items) for doc in docs]
    if found is not None:
        for doc, entities in zip(docs, found, strict=True):
            doc._.entities = list(entities)
    for k in sorted(set(part.tolist())):
        seen = [c for c, p in zip(contexts, part, strict=True) if p != k and c.entities]
        if seen:
            roles = Roles(fit_roles(seen, iterations=50))
            for doc in roles.pipe([d for d, p in zip(docs, part, strict=True) if p == k]):
                assert isinstance(doc, Doc)
    papers = [read_context(doc, doc._.entities, items) for doc in docs]
    wanted = [gold_pairs(row, doc._.entities) for row, doc in zip(rows, docs, strict=True)]
    usable = np.array([len(c.entities) > 1 for c in papers])
    odds: list[np.ndarray] = []
    verdicts: list[np.ndarray] = []
    for k in range(FOLDS):
        inside = np.flatnonzero(usable & (part == k))
        outside = np.flatnonzero(usable & (part != k))
        if len(inside) and len(outside):
            model = _fit([papers[i] for i in outside], [wanted[i] for i in outside])
            target, score = _score(model, [papers[i] for i in inside], [wanted[i] for i in inside])
            odds.append(score)
            verdicts.append(target)
    model = _fit([papers[i] for i in np.flatnonzero(usable)], [wanted[i] for i in np.flatnonzero(usable)])
    if odds:
        score, target = np.concatenate(odds), np.concatenate(verdicts)
        model.slope, model.offset = _curve(score, target)
        model.threshold = _threshold(model.chances(score), target, sum(len(row["lineage"]) for row in rows))
    return model


def gold_pairs(row: Row, entities: Sequence[PaperEntity]) -> set[Pair]:
    """Return the lineage pairs of a gold row as (child, parent) indices of ``entities``, by their surfaces."""
    folded = [{fold(s) for s in e.surfaces} for e in entities]

    def index(name: str) -> int | None:
        names = {fold(name)}
        for e in row["entities"]:
            if name == e["name"] or name in e["surfaces"]:
                names |= {fold(s) for s in e["surfaces"]}
        return next((i for i, own in enumerate(folded) if own & names), None)

    found = ((index(link["child"]), index(link["parent"])) for link in row["lineage"])
    return {(a, b) for a, b in found if a is not None and b is not None}


def _features(papers: Sequence[Context], wanted: Sequence[set[Pair]]) -> tuple[Any, Any, Any, np.ndarray]:
    batch, pairs = gather(papers), candidates(papers)
    spoken = mention_features(batch)
    before = np.cumsum([0, *(len(c.entities) for c in papers)])
    paper = np.searchsorted(before, pairs.child, side="right") - 1
    local = zip((pairs.child - before[paper]).tolist(), (pairs.parent - before[paper]).tolist(), strict=True)
    target = np.array([pair in wanted[i] for pair, i in zip(local, paper.tolist(), strict=True)], dtype=np.int64)
    return batch, pairs, spoken, target


def _fit(papers: Sequence[Context], wanted: Sequence[set[Pair]]) -> LineageModel:
    batch, pairs, spoken, target = _features(papers, wanted)
    owner, features = pair_features(batch, papers, pairs, spoken)
    return LineageModel(fit(owner, features, target, 2, spread=0.02, iterations=60))


def _score(
    model: LineageModel, papers: Sequence[Context], wanted: Sequence[set[Pair]]
) -> tuple[np.ndarray, np.ndarray]:
    batch, pairs, spoken, target = _features(papers, wanted)
    return target, model.odds(batch, papers, pairs, spoken)


def _curve(odds: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Return slope and offset of the logistic curve that makes the verdicts likeliest (Platt 1999)."""

    def loss(curve: np.ndarray) -> float:
        z = curve[0] * odds + curve[1]
        return float((np.logaddexp(0, z) - target * z).mean())

    slope, offset = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return round(float(slope), 4), round(float(offset), 4)


def _threshold(chances: np.ndarray, target: np.ndarray, n_wanted: int) -> float:
    """Return the probability from which on telling a pair gives the best F1."""
    order = np.argsort(-chances, kind="stable")
    f1 = 2 * np.cumsum(target[order]) / (np.arange(1, len(order) + 1) + n_wanted)
    return round(float(chances[order][int(f1.argmax())]), 4)
