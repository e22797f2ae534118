"""Training: from gold files to the weights in ``kg/extract/weights``; the verb ``kg train``.

In order: vectors of character n-grams and guessing hidden words, both on unlabelled abstracts where there are any;
taggers on all folds but one, for what they say of the fold left out, and one on all; judges on the scores from outside
each paper's fold; roles and lineage. Some of the unlabelled abstracts may have labels in a file of their own: they are
lessons like the gold, but for what depends on how papers were chosen. One thread and fixed seeds throughout.
"""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import numpy as np
from spacy.vectors import Vectors
from toolz import partition_all

from kg.errors import GoldError
from kg.evaluate.gold import read_gold
from kg.extract.candidates import Lexicon
from kg.extract.entities import THRESHOLD, make_entities
from kg.extract.extensions import GAP
from kg.extract.judge import Judge, judged_name
from kg.extract.lineage import LineageModel
from kg.extract.tagger import WEIGHTS, Tagger
from kg.extract.train_judge import ROUNDS, Judges, fit_judge, lexicon_of, make_case, reading_of
from kg.extract.train_lineage import train_lineage
from kg.extract.train_roles import train_roles
from kg.extract.train_tagger import (
    NO_LIMIT,
    Example,
    Settings,
    fit,
    frequent_norms,
    make_example,
    new_tagger,
    pretrain,
    scores_of,
)
from kg.records import PaperEntity

FOLDS = 4

SMALL = 0.2
"""Papers of a gold file with less than this share of all papers count twice: few, and another kind of text."""

LABELLED, CONTRASTED = 0.4, 0.3
"""How much the lineage of a paper counts that was chosen to be labelled, and that of a written text, beside gold."""

TOGETHER = 64
"""Papers that are read together."""

Row = Mapping[str, Any]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lessons:
    """The gold papers, and what all steps must know of them."""

    rows: list[dict[str, Any]]
    examples: list[Example]
    folds: int
    fold: list[int]  # of each paper
    rare: frozenset[str]  # ids of the papers that count twice
    n_gold: int  # the rows from here on were chosen to be labelled
    lineages: list[dict[str, Any]]  # papers of which the lineage alone is labelled
    contrasts: list[dict[str, Any]]  # texts written to show what is lineage and what is not

    @classmethod
    def read(
        cls,
        gold: Sequence[Path],
        folds: int,
        labels: Path | None = None,
        texts: Sequence[dict[str, Any]] = (),
        contrasts: Path | None = None,
    ) -> Lessons:
        """Read the files; a paper that stands in two counts as it stands in the last."""
        files = [read_gold(path) for path in gold]
        rows = list({row["id"]: row for file in files for row in file.values()}.values())
        n_gold, lineages = len(rows), []
        if labels is not None:
            known = {row["id"] for row in rows}
            labelled = read_gold(labels, {row["id"]: row for row in texts if "id" in row and row["id"] not in known})
            rows += [row for row in labelled.values() if "entities" in row]
            lineages = [row for row in labelled.values() if "entities" not in row]
        rare = frozenset(paper for file in files if len(file) < SMALL * len(rows) for paper in file)
        fold = [fold_of(row["id"], folds) for row in rows]
        if len(set(fold)) < 2:
            raise GoldError(f"{gold[0]}: {len(rows)} gold papers are too few to train on; dozens are the least")
        written = list(read_gold(contrasts, roles=False).values()) if contrasts else []
        return cls(rows, [make_example(row) for row in rows], folds, fold, rare, n_gold, lineages, written)

    def inside(self, k: int) -> list[Example]:
        """Return the papers of a fold."""
        return [example for example, n in zip(self.examples, self.fold, strict=True) if n == k]

    def outside(self, k: int) -> list[Example]:
        """Return the papers of all other folds, and the rare ones a second time; ``k = folds`` leaves none out."""
        numbers = [i for i, n in enumerate(self.fold) if n != k]
        numbers += [i for i in numbers if self.rows[i]["id"] in self.rare]
        return [self.examples[i] for i in numbers]

    def lexicon(self, k: int) -> Lexicon:
        """Return the names of all other folds."""
        return lexicon_of([row for row, n in zip(self.rows, self.fold, strict=True) if n != k])


def train(
    gold: Sequence[Path],
    unlabelled: Path | None = None,
    weights: Path = WEIGHTS,
    settings: Settings | None = None,
    folds: int = FOLDS,
    rounds: int = ROUNDS,
    labels: Path | None = None,
    contrasts: Path | None = None,
) -> None:
    """Rebuild the extractor's weights.

    Args:
        gold: files in the form of the guidelines.
        unlabelled: JSON Lines with ``title`` and ``abstract``, plain or gzipped, for vectors and pre-training.
        weights: the folder to write to.
        settings: of the tagger.
        folds: parts of the gold; each is scored by a tagger that was trained on the others.
        rounds: trees of the judge for each class.
        labels: gold rows without texts, of papers in ``unlabelled``: entities and lineage, or lineage alone.
        contrasts: gold rows without roles, of written texts, each with the paper that it was written after as
            ``source``; lineage alone learns from them.

    Raises:
        GoldError: a gold file cannot be read, or all gold is too little to learn from.
    """
    settings = settings or Settings()
    texts = read_unlabelled(unlabelled) if unlabelled else []
    lessons = Lessons.read(gold, folds, labels, texts, contrasts)
    others = [make_example(row) for row in texts]
    with TemporaryDirectory() as scratch:
        kept = Path(scratch)
        first_tagger(lessons.examples[: lessons.n_gold], others, settings).to_disk(kept / "start")
        taggers = [kept / f"tagger{k}" for k in range(folds)] + [weights]
        scores = [fit_tagger(lessons, k, in_training(kept / "start"), taggers[k], settings) for k in range(folds + 1)]
    judges = judges_of(lessons, scores, rounds)
    judges.all.to_disk(weights)
    _log.info("roles and lineage")
    train_roles(lessons.rows).save(weights / "roles.npz")
    lineage_of(lessons, judges, Tagger.from_disk(weights)).save(weights / "lineage.npz")


def lineage_of(lessons: Lessons, judges: Judges, tagger: Tagger) -> LineageModel:
    """Train the lineage on all papers, each as extractors read it that have not seen its labels."""
    rows = [*lessons.rows, *lessons.lineages, *lessons.contrasts]
    found = [judges.found.get(row["id"], []) for row in lessons.rows]
    found += entities_in([make_example(row) for row in lessons.lineages], tagger, judges.all)
    found += [[] for _ in lessons.contrasts]
    n_labelled = len(lessons.rows) - lessons.n_gold + len(lessons.lineages)
    weight = [1.0] * lessons.n_gold + [LABELLED] * n_labelled + [CONTRASTED] * len(lessons.contrasts)
    return train_lineage(rows, found, weight)


def fit_tagger(lessons: Lessons, k: int, tagger: Tagger, out: Path, settings: Settings) -> list[np.ndarray]:
    """Train a tagger on all folds but one, write it, and return what it says of the papers of that fold."""
    examples = lessons.outside(k)
    _log.info("tagger blind to fold %d: %d papers", k, len(examples))
    fit(tagger, examples, settings, seed=k).to_disk(out)
    return [scores.astype(np.float16) for scores in scores_of(tagger, lessons.inside(k))]  # 100 MB less


def judges_of(lessons: Lessons, scores: Sequence[Sequence[np.ndarray]], rounds: int) -> Judges:
    """Return judges trained on what taggers say of papers that they have not seen: ``scores`` of each fold."""
    lexicons = [lessons.lexicon(k) for k in range(lessons.folds + 1)]
    cases = []
    for k in range(lessons.folds):
        rows = [row for row, n in zip(lessons.rows, lessons.fold, strict=True) if n == k]
        for row, example, said in zip(rows, lessons.inside(k), scores[k], strict=True):
            cases.append(make_case(row, k, example, said.astype(np.float32), lexicons[k]))
    _log.info("judge on %d candidates", sum(len(case.groups) for case in cases))
    weight = {row["id"]: 2.0 if row["id"] in lessons.rare else 1.0 for row in lessons.rows}
    chosen = {row["id"] for row in lessons.rows[lessons.n_gold :]}
    return fit_judge(cases, weight, lexicons, rounds, chosen)


def entities_in(texts: Sequence[Example], tagger: Tagger, judge: Judge) -> list[list[PaperEntity]]:
    """Return what a tagger and a judge find in each text."""
    found = []
    for part in partition_all(TOGETHER, texts):
        readings = [reading_of(example, tagger(example.words, example.flags)) for example in part]
        for reading, judged in zip(readings, judge(readings), strict=True):
            names = [judged_name(reading, group, chances, judge.curve) for group, chances in judged]
            found.append(make_entities(reading.text, reading.title_end, names, THRESHOLD))
    return found


def in_training(folder: Path) -> Tagger:
    """Return the tagger in a folder, with a table of words of its own: so it depends on nothing trained before it."""
    tagger = Tagger.from_disk(folder)
    tagger.features.limit = NO_LIMIT
    return tagger


def fold_of(paper: str, folds: int) -> int:
    """Return the fold that a paper belongs to, by its id."""
    return crc32(paper.encode()) % folds


def read_unlabelled(path: Path) -> list[dict[str, Any]]:
    """Return the papers of a JSON Lines file, plain or gzipped."""
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def first_tagger(examples: Sequence[Example], others: Sequence[Example], settings: Settings) -> Tagger:
    """Return the tagger that all others start from: pre-trained where there are unlabelled abstracts."""
    texts = [*others, *examples]
    vectors = fit_vectors(texts) if others else None
    tagger = new_tagger(frequent_norms((e.words for e in texts), settings.frequent), vectors, settings, seed=0)
    if others:
        _log.info("guessing hidden words of %d abstracts", len(texts))
        pretrain(tagger, texts, settings, seed=1)
    return tagger


def fit_vectors(texts: Sequence[Example], width: int = 96, buckets: int = 20_000) -> Vectors:
    """Return floret vectors (Explosion 2022: fastText's n-grams in a small hashed table) of the texts.

    Raises:
        ImportError: the package ``floret`` is not installed; training alone needs it.
    """
    import floret

    with TemporaryDirectory() as folder:
        corpus, table = Path(folder) / "corpus.txt", Path(folder) / "vectors.floret"
        lines = (" ".join("." if w == "\n" * GAP else w for w in text.words) for text in texts)
        corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")
        model = floret.train_unsupervised(
            str(corpus),
            model="cbow",
            mode="floret",
            dim=width,
            bucket=buckets,
            hashCount=2,
            minn=4,
            maxn=5,
            minCount=5,
            epoch=8,
            neg=10,
            lr=0.05,
            thread=1,
        )
        model.save_floret_vectors(str(table))
        with table.open(encoding="utf-8") as rows:
            head = rows.readline().split()
            data = np.array([row.rsplit(None, width)[1:] for row in rows], dtype=np.float32)
    return Vectors(
        data=data.astype(np.float16).astype(np.float32),
        mode="floret",
        minn=4,
        maxn=5,
        hash_count=2,
        hash_seed=int(head[5]),
        bow=head[6],
        eow=head[7],
    )
