"""Training of the component ``lineage`` from gold papers.

The roles that the pairs are judged by are those of a classifier that has not seen the paper, so that training meets the
same doubts as use. Deterministic: the same rows, the same weights.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from scipy.special import expit
from spacy.language import Language
from spacy.tokens import Doc
from toolz import partition_all

from kg.errors import GoldError
from kg.extract.context import context_of
from kg.extract.lineage import LineageModel
from kg.extract.lineage_features import Known, Spoken, candidates, evidence_of
from kg.extract.linear import SPACE, HashedLinear, keys_of
from kg.extract.rivals import Rivals
from kg.extract.role_features import gather
from kg.extract.roles import Roles
from kg.extract.runs import starts_of
from kg.records import PaperEntity, fold
from kg.train.linear import fit, join_keys, keys_in, least_rows
from kg.train.regressions import fit_logistic, fit_rivals
from kg.train.roles import fit_roles, gold_doc, reader
from kg.train.side_by_side import side_by_side
from kg.train.trees import fit_trees

FOLDS = 4

TRUST = (0.98, 0.85)
"""How far "no" and "yes" of the gold are believed: the same construction is settled now one way, now the other."""

TREES = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
}
ROUNDS = 200

SPREAD = (0.02, 0.007, 0.02, 0.02, 0.01)
"""Variance of the prior on the weights of each kind of evidence (see `kg.extract.lineage_features.N_KINDS`)."""

RARE = 10_000
"""What stands for fewer pairs than one in so many texts gets no weight: it would make the file large."""

Row = Mapping[str, Any]
Pair = tuple[int, int]

TOGETHER = 256
"""Papers that are laid out together."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One paper to learn from.

    Attributes:
        row: the gold row.
        found: its entities as an extractor finds them that has not seen it, or None.
        leanings: (tokens, 7) what a tagger that has not seen it says of its words, or None.
        weight: how much it counts.
    """

    row: Row
    found: Sequence[PaperEntity] | None
    leanings: np.ndarray | None
    weight: float

    @property
    def written(self) -> bool:
        """Return whether it is no paper but a text that was written to be learned from."""
        return "source" in self.row

    @property
    def fold(self) -> int:
        """Return the fold that it is in: a written text in that of the paper it was written after."""
        return crc32(self.row.get("source", self.row["id"]).encode()) % FOLDS


def train_lineage(
    rows: Sequence[Row],
    found: Sequence[Sequence[PaperEntity]] | None = None,
    weight: Sequence[float] | None = None,
    leanings: Sequence[np.ndarray | None] | None = None,
) -> LineageModel:
    """Train on gold rows (see ``docs/guidelines.md`` for their form).

    What rivals say and the threshold with the best F1 are set on scores of models that have not seen the paper; the
    weights then come from all papers.

    Args:
        rows: gold papers. One with a ``source`` is a text written after that paper, whose fold it shares; its entities
            need no roles.
        found: the entities of each paper as an extractor finds them that has not seen it (their roles do not matter).
            Training then learns from both readings, and sets these on the found one.
        weight: how much each paper counts; one each if None. Those that count less need not be as other papers are
            (they may have been chosen to be labelled): rivals and threshold are set on the others.
        leanings: for each paper (tokens, 7) what a tagger that has not seen it says of its words; not known if None.

    Raises:
        GoldError: no paper has two entities.
    """
    nothing = [None] * len(rows)
    columns = rows, found or nothing, leanings or nothing, [1.0] * len(rows) if weight is None else weight
    lessons = [Lesson(*values) for values in zip(*columns, strict=True)]
    pairs = _read(lessons)
    seen = [pairs.fold != k for k in range(FOLDS + 1)]  # the last has seen all
    linears = side_by_side(_fit, ((pairs, mask) for mask in seen), len(pairs.target))
    *blind, model = (LineageModel(linear, pairs.kinds[linear.places], Rivals.none()) for linear in linears)
    judged = _judged(blind, pairs)
    drawn = judged.of((judged.found == (found is not None)) & (judged.weight >= 1))
    if len(drawn.target):
        rivals = [_fit_rivals(judged.of(judged.fold != k)) for k in range(FOLDS)]
        odds = np.choose(drawn.fold, [own.odds(drawn.numbers, drawn.facts) for own in rivals])
        slope, offset = fit_logistic(odds, drawn.target)
        model.rivals = replace(_fit_rivals(judged), slope=slope, offset=offset)
        n_wanted = sum(len(lesson.row["lineage"]) for lesson in lessons if lesson.weight >= 1)
        model.threshold = _threshold(expit(odds * slope + offset), drawn.target, n_wanted)
    return model


class Pairs(NamedTuple):
    """P pairs of papers to learn from.

    Attributes:
        keys: the features of all, as `kg.extract.linear.keys_of` gives them.
        spoken: what is said of them, and where.
        known: what else is known of each.
        target: (P,) 1 if it is right, else 0.
        weight: (P,) how much its paper counts.
        fold: (P,) the fold of its paper.
        found: (P,) whether it is one of found entities, not of gold ones.
        written: (P,) whether its text was written to be learned from.
        kinds: (`SPACE`,) the kind of evidence that each feature is of.
        n_papers, n_entities: how many papers they are of, each counted once a reading, and entities.
    """

    keys: np.ndarray
    spoken: Spoken
    known: Known
    target: np.ndarray
    weight: np.ndarray
    fold: np.ndarray
    found: np.ndarray
    written: np.ndarray
    kinds: np.ndarray
    n_papers: int
    n_entities: int


def _read(lessons: Sequence[Lesson]) -> Pairs:
    """Return the pairs of all papers, with gold entities and with found ones, their roles by models blind to them."""
    nlp = reader()
    of_folds: dict[int, list[Lesson]] = {}
    for lesson in lessons:
        of_folds.setdefault(lesson.fold, []).append(lesson)
    papers = [(n, context_of(gold_doc(nlp, n.row, n.leanings))) for n in lessons if not n.written]
    blocks = []
    for k, inside in sorted(of_folds.items()):
        seen = [context for lesson, context in papers if lesson.fold != k and context.entities]
        roles = Roles(fit_roles(seen, iterations=50)) if seen else None
        for some in partition_all(TOGETHER, inside):
            for is_found in (False, True):
                docs = [_doc_of(lesson, is_found, nlp) for lesson in some]
                judged = [(lesson, doc) for lesson, doc in zip(some, docs, strict=True) if len(doc._.entities) > 1]
                if judged:
                    if roles is not None:
                        deque(roles.pipe(doc for _, doc in judged), maxlen=0)
                    blocks.append(_pairs_of(judged, is_found))
    if not blocks:
        raise GoldError("no paper has two entities, so there is no lineage to learn")
    return _joined(blocks)


def _doc_of(lesson: Lesson, is_found: bool, nlp: Language) -> Doc:
    """Return a paper with its gold entities or with those that are found."""
    doc = gold_doc(nlp, lesson.row, lesson.leanings)
    if is_found:
        doc._.entities = list(lesson.found or ())
    return doc


def _pairs_of(judged: Sequence[tuple[Lesson, Doc]], is_found: bool) -> Pairs:
    """Return the pairs of some papers."""
    lessons, papers = [lesson for lesson, _ in judged], [context_of(doc) for _, doc in judged]
    batch, pairs = gather(papers), candidates(papers)
    evidence = evidence_of(batch, papers, pairs)
    known, kinds = evidence.known, np.zeros(SPACE, dtype=np.uint8)
    for kind, (_, features) in enumerate(evidence.features):
        kinds[features] = kind
    wanted = [gold_pairs(lesson.row, context.entities) for lesson, context in zip(lessons, papers, strict=True)]
    before = starts_of(np.array([len(context.entities) for context in papers], dtype=np.int64))[known.paper]
    local = zip((pairs.child - before).tolist(), (pairs.parent - before).tolist(), known.paper.tolist(), strict=True)
    target = np.array([(child, parent) in wanted[paper] for child, parent, paper in local], dtype=np.int64)
    return Pairs(
        keys_of(*evidence.all(), len(target)).astype(np.int64),
        evidence.spoken._replace(keys=evidence.spoken.keys.astype(np.int64)),
        known,
        target,
        np.array([lesson.weight for lesson in lessons])[known.paper],
        np.array([lesson.fold for lesson in lessons])[known.paper],
        np.full(len(target), is_found),
        np.array([lesson.written for lesson in lessons], dtype=bool)[known.paper],
        kinds,
        len(papers),
        batch.n_entities,
    )


def _joined(blocks: Sequence[Pairs]) -> Pairs:
    """Return the pairs of all blocks, rows, papers and entities numbered over all."""
    n_pairs = [len(block.target) for block in blocks]
    papers, entities = (
        np.repeat(starts_of(np.array(sizes)), n_pairs)
        for sizes in ([block.n_papers for block in blocks], [block.n_entities for block in blocks])
    )
    known = Known(*map(np.concatenate, zip(*(block.known for block in blocks), strict=True)))
    known = known._replace(paper=known.paper + papers, child=known.child + entities, parent=known.parent + entities)
    target, weight, fold, found, written = map(
        np.concatenate, zip(*((b.target, b.weight, b.fold, b.found, b.written) for b in blocks), strict=True)
    )
    keys = join_keys([block.keys for block in blocks], n_pairs)
    n_places = [len(block.spoken.row) for block in blocks]
    spoken = Spoken(*map(np.concatenate, zip(*(block.spoken for block in blocks), strict=True)))
    spoken = spoken._replace(
        row=spoken.row + np.repeat(starts_of(np.array(n_pairs)), n_places),
        keys=join_keys([block.spoken.keys for block in blocks], n_places),
    )
    kinds = np.maximum.reduce([block.kinds for block in blocks])
    n_papers, n_entities = sum(block.n_papers for block in blocks), sum(block.n_entities for block in blocks)
    return Pairs(keys, spoken, known, target, weight, fold, found, written, kinds, n_papers, n_entities)


def _fit(pairs: Pairs, seen: np.ndarray) -> HashedLinear:
    """Return the linear model of the pairs that a mask chooses."""
    return fit(
        keys_in(pairs.keys, seen),
        pairs.target[seen],
        2,
        min_rows=least_rows(pairs.n_papers, RARE),
        spread=np.array(SPREAD)[pairs.kinds],
        iterations=60,
        trust=TRUST,
        weight=pairs.weight[seen],
    )


def gold_pairs(row: Row, entities: Sequence[PaperEntity]) -> set[Pair]:
    """Return the lineage pairs of a gold row as (child, parent) indices of ``entities``, by their surfaces.

    Where two share a spelling with one of the gold, as an acronym and its full form found apart, either will do.
    """
    folded = [{fold(s) for s in e.surfaces} for e in entities]

    def indices(name: str) -> list[int]:
        names = {fold(name)}
        for e in row["entities"]:
            if name == e["name"] or name in e["surfaces"]:
                names |= {fold(s) for s in e["surfaces"]}
        return [i for i, own in enumerate(folded) if own & names]

    return {
        (child, parent)
        for link in row["lineage"]
        for child in indices(link["child"])
        for parent in indices(link["parent"])
        if child != parent
    }


class Judged(NamedTuple):
    """Pairs of papers, each scored by a model that has not seen its paper.

    Attributes:
        numbers: (P, `N_NUMBERS`) standing of each pair.
        facts: (P, `N_SEEN`) what else is known of it.
        target, weight, fold, found: (P,) as in `Pairs`.
    """

    numbers: np.ndarray
    facts: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    fold: np.ndarray
    found: np.ndarray

    def of(self, which: np.ndarray) -> Judged:
        """Return the pairs that a mask (P,) chooses."""
        return Judged(*(column[which] for column in self))


def _judged(models: Sequence[LineageModel], pairs: Pairs) -> Judged:
    """Return the pairs of papers, each scored by its fold's model."""
    rows = []
    for k, model in enumerate(models):
        here = (pairs.fold == k) & ~pairs.written
        known = Known(*(column[here] for column in pairs.known))
        matrix = model.linear.matrix_of(keys_in(pairs.keys, here), int(here.sum()))
        weighed = model.weigh(matrix, _spoken_of(pairs.spoken, here), known)
        rest = (column[here] for column in (pairs.target, pairs.weight, pairs.fold, pairs.found))
        rows.append(Judged(weighed.numbers, weighed.facts, *rest))
    return Judged(*map(np.concatenate, zip(*rows, strict=True)))


def _spoken_of(spoken: Spoken, chosen: np.ndarray) -> Spoken:
    """Return what is said of the pairs that a mask chooses, the pairs numbered anew."""
    there = chosen[spoken.row]
    return Spoken(
        (np.cumsum(chosen) - 1)[spoken.row[there]],
        spoken.mention[there],
        spoken.together[there],
        spoken.title[there],
        keys_in(spoken.keys, there),
    )


def _fit_rivals(judged: Judged) -> Rivals:
    """Return the regression over the pairs of papers that count in full, and trees over all pairs."""
    drawn = judged.of(judged.weight >= 1)
    if not 0 < drawn.target.sum() < len(drawn.target):
        return Rivals.none()
    rivals = Rivals(fit_rivals(drawn.numbers, drawn.target))
    seen = np.concatenate([judged.numbers, judged.facts], axis=1)
    start = rivals.odds(judged.numbers, judged.facts)
    return replace(rivals, trees=fit_trees(TREES, ROUNDS, seen, judged.target, judged.weight, start))


def _threshold(chances: np.ndarray, target: np.ndarray, n_wanted: int) -> float:
    """Return the probability from which on telling a pair gives the best F1.

    The F1 of each number of told pairs is evened out over a tenth more and a tenth fewer, so that one lucky pair does
    not decide.
    """
    order = np.argsort(-chances, kind="stable")
    told = np.arange(1, len(order) + 1)
    f1 = 2 * np.cumsum(target[order]) / (told + n_wanted)
    total = np.append(0.0, np.cumsum(f1))
    low, high = told - 1 - told // 10, np.minimum(told + told // 10, len(told))
    best = int(((total[high] - total[low]) / (high - low)).argmax())
    return max(round(float(chances[order][best]), 4), 1e-4)
