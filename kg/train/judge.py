"""Training of the judge: candidates of the gold papers, what speaks for each, and trees over it.

Nothing that describes a paper may come from its own labels: the tagger's scores, the lexicon, the tables and the linear
model that a paper's evidence is made of are learned on the other folds. Only the shipped ones have seen every paper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kg.extract.abbreviations import definitions
from kg.extract.calibration import Curve
from kg.extract.candidates import Group, Lexicon, Reading, find_groups
from kg.extract.entities import THRESHOLD, make_entities
from kg.extract.evidence import weigh
from kg.extract.extensions import Fields
from kg.extract.judge import N_CLASSES, Judge, judged_name
from kg.extract.linear import HashedLinear, keys_of
from kg.extract.tables import Evidence, Tables
from kg.extract.tokenizer import split_words
from kg.extract.trees import Trees
from kg.extract.wording import Wording, verdict, wording
from kg.extract.words import looks_of
from kg.records import PaperEntity, fold
from kg.schema import ENTITY_TYPES
from kg.train.linear import fit, least_rows
from kg.train.regressions import fit_curve
from kg.train.side_by_side import side_by_side
from kg.train.tagger import Example
from kg.train.trees import fit_trees

Row = Mapping[str, Any]

TREES = {
    "objective": "multiclass",
    "num_class": N_CLASSES,
    "learning_rate": 0.12,
    "num_leaves": 15,
    "min_data_in_leaf": 25,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
}
ROUNDS = 130


@dataclass(slots=True)
class Case:
    """One gold paper as the judge meets it, with the right answers."""

    row: Row
    fold: int
    reading: Reading
    groups: list[Group]
    evidence: Evidence
    wording: Wording | None  # None where there are no groups
    kinds: np.ndarray  # (groups,) index of the type, or that of "no name"


def lexicon_of(rows: Sequence[Row], least: int = 2) -> Lexicon:
    """Return the folded spellings that are names in at least ``least`` of the papers."""
    counts: Counter[str] = Counter()
    spelled: dict[str, set[str]] = {}
    for row in rows:
        surfaces = {s for entity in row["entities"] for s in entity["surfaces"]}
        counts.update({fold(s) for s in surfaces})
        for surface in surfaces:
            spelled.setdefault(fold(surface), set()).add(surface)
    names = {key for key, count in counts.items() if count >= least and len(key) > 1}
    prefixes = set()
    for key in names:
        for surface in spelled[key]:
            so_far = ""
            for word in split_words(surface)[0]:
                so_far += fold(word)
                prefixes.add(so_far)
    return Lexicon(frozenset(names), frozenset(prefixes))


def reading_of(example: Example, scores: np.ndarray) -> Reading:
    """Return an example and the tagger's scores as the judge reads them."""
    title_end, seam = Fields.of(example.text, example.title_end)
    ties = list(definitions(example.text[:title_end]))
    for short, long in definitions(example.text[seam:]):
        ties.append(((short[0] + seam, short[1] + seam), (long[0] + seam, long[1] + seam)))
    return Reading(
        example.text,
        example.title_end,
        example.words,
        example.starts,
        example.ends,
        scores,
        ties,
        looks_of(example.words),
    )


def kind_of(group: Group, row: Row) -> int:
    """Return the index of the type that the gold gives to a group: that of the entity with a spelling in common."""
    keys = set(group.keys)
    for entity in row["entities"]:
        if keys & {fold(s) for s in entity["surfaces"]}:
            return ENTITY_TYPES.index(entity["type"])
    return len(ENTITY_TYPES)


def make_case(row: Row, number: int, example: Example, scores: np.ndarray, lexicon: Lexicon) -> Case:
    """Return a gold paper's candidates with evidence and answers."""
    reading = reading_of(example, scores)
    groups = find_groups(reading, lexicon)
    evidence = weigh([reading], [groups])
    kinds = np.array([kind_of(g, row) for g in groups], dtype=np.int64)
    return Case(row, number, reading, groups, evidence, wording([reading], [groups]) if groups else None, kinds)


def fit_tables(cases: Sequence[Case]) -> Tables:
    """Return the tables that these cases give."""
    none = len(ENTITY_TYPES)
    return Tables.fit((case.evidence, np.where(case.kinds == none, -1, case.kinds)) for case in cases)


def fit_wording(cases: Sequence[Case]) -> HashedLinear:
    """Return the linear model over the words that these cases give."""
    owners, features, kinds, at = [], [], [], 0
    for case in cases:
        if case.wording is None:
            continue
        owner, own = case.wording.pairs()
        owners.append(owner + at)
        features.append(own)
        kinds.append(case.kinds)
        at += len(case.groups)
    owner, feature, kind = map(np.concatenate, (owners, features, kinds))
    min_rows = least_rows(len(cases))
    keys = keys_of(owner, feature, len(kind))
    return fit(keys, kind, N_CLASSES, min_rows=min_rows, iterations=40)


def rows_of(case: Case, tables: Tables, words: HashedLinear) -> np.ndarray:
    """Return (groups, features) for the trees."""
    assert case.wording is not None  # `fit_judge` leaves papers without candidates out
    said = verdict(words, case.wording)
    return np.concatenate([case.evidence.numbers, tables.look_up(case.evidence), said], axis=1)


def fit_judging(rows: np.ndarray, kinds: np.ndarray, weights: np.ndarray, rounds: int, seen: np.ndarray) -> Trees:
    """Return boosted trees.

    Args:
        rows: (N, features) as `rows_of` gives them.
        kinds: (N,) right answers.
        weights: (N,) how much each row counts.
        rounds: trees for each class.
        seen: (N,) the rows to learn from.
    """
    least = max(2, min(int(TREES["min_data_in_leaf"]), int(seen.sum()) // 40))  # type: ignore[call-overload]
    return fit_trees({**TREES, "min_data_in_leaf": least}, rounds, rows[seen], kinds[seen], weights[seen])


@dataclass(slots=True)
class Judges:
    """What `fit_judge` gives."""

    all: Judge  # has seen every paper
    blind: list[Judge]  # one a fold, that has not seen the papers of that fold
    found: dict[str, list[PaperEntity]]  # by paper, what the judge that is blind to it finds


def fit_judge(
    cases: Sequence[Case],
    weight: Mapping[str, float],
    lexicons: Sequence[Lexicon],
    rounds: int = ROUNDS,
    chosen: Collection[str] = (),
) -> Judges:
    """Return judges: trees and curve from evidence made out of fold, tables and linear model from all cases.

    Args:
        cases: papers with their candidates.
        weight: how much each paper counts, by id.
        lexicons: for each fold that of all other papers; last, that of all papers.
        rounds: trees for each class.
        chosen: ids of papers that were chosen to be labelled: the curve is set on the others.
    """
    cases = [case for case in cases if case.groups]
    n_folds = len(lexicons) - 1
    table: dict[int, np.ndarray] = {}
    learned = []
    for number in range(n_folds):
        others = [case for case in cases if case.fold != number]
        tables, words = fit_tables(others), fit_wording(others)
        learned.append((tables, words))
        for place, case in enumerate(cases):
            if case.fold == number:
                table[place] = rows_of(case, tables, words)
    rows = np.concatenate([table[place] for place in range(len(cases))])
    kinds = np.concatenate([case.kinds for case in cases])
    folds = np.concatenate([np.full(len(case.groups), case.fold) for case in cases])
    weights = np.concatenate([np.full(len(case.groups), weight[case.row["id"]]) for case in cases])
    chances = np.zeros((len(rows), N_CLASSES))
    blind = []
    calls = ((rows, kinds, weights, rounds, folds != number) for number in range(n_folds + 1))
    *trees, last = side_by_side(fit_judging, calls, len(rows))
    for number in range(n_folds):
        inside = folds == number
        if inside.any():
            chances[inside] = trees[number].predict(rows[inside])
        blind.append(Judge(trees[number], *learned[number], lexicons[number], Curve()))
    drawn = np.concatenate([np.full(len(case.groups), case.row["id"] not in chosen) for case in cases])
    curve = fit_curve(chances[drawn], kinds[drawn])
    for judge in blind:
        judge.curve = curve
    found, at = {}, 0
    for case in cases:
        said = chances[at : at + len(case.groups)]
        at += len(case.groups)
        reading = case.reading
        names = [judged_name(reading, group, row, curve) for group, row in zip(case.groups, said, strict=True)]
        text, fields = reading.text, Fields.of(reading.text, reading.title_end)
        defined = [(text[slice(*short)], text[slice(*long)]) for short, long in reading.definitions]
        found[case.row["id"]] = make_entities(text, fields, names, defined, THRESHOLD)
    return Judges(Judge(last, fit_tables(cases), fit_wording(cases), lexicons[-1], curve), blind, found)
