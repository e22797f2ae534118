"""The steps of training, one after the other.

In order: vectors of character n-grams and guessing hidden words, both on unlabelled abstracts where there are any;
taggers on all folds but one, for what they say of the fold left out, and one on all; judges, roles and lineage on what
was said from outside each paper's fold. Some of the unlabelled abstracts may have labels in a file of their own: they
are lessons like the gold, but for what depends on how papers were chosen. Fixed seeds throughout; the number of cores
decides only how long it takes.
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

from kg.errors import GoldError
from kg.evaluate.gold import read_gold
from kg.extract.candidates import Lexicon
from kg.extract.extensions import GAP
from kg.extract.lineage import LineageModel
from kg.extract.tagger import WEIGHTS, Said, Tagger
from kg.train.judge import ROUNDS, Judges, fit_judge, lexicon_of, make_case
from kg.train.lineage import train_lineage
from kg.train.roles import train_roles
from kg.train.tagger import (
    NO_LIMIT,
    Example,
    Settings,
    fit,
    frequent_norms,
    make_example,
    new_tagger,
    pretrain,
    said_of,
)

FOLDS = 4

SMALL = 0.2
"""Papers of a gold file with less than this share of all gold count twice: few, and another kind of text."""

LABELLED, CONTRASTED = 0.4, 0.3
"""How much the lineage of a paper counts that was chosen to be labelled, and that of a written text, beside gold."""

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
        n_gold = len(rows)
        rare = frozenset(paper for file in files if len(file) < SMALL * n_gold for paper in file)
        if labels is not None:
            known = {row["id"] for row in rows}
            others = {row["id"]: row for row in texts if "id" in row and row["id"] not in known}
            rows += read_gold(labels, others).values()
        fold = [fold_of(row["id"], folds) for row in rows]
        if len(set(fold)) < 2:
            raise GoldError(f"{gold[0]}: {len(rows)} gold papers are too few to train on; dozens are the least")
        written = list(read_gold(contrasts, roles=False).values()) if contrasts else []
        return cls(rows, [make_example(row) for row in rows], folds, fold, rare, n_gold, written)

    def inside(self, k: int) -> list[Example]:
        """Return the papers of a fold."""
        return [example for example, n in zip(self.examples, self.fold, strict=True) if n == k]

    def outside(self, k: int) -> list[Example]:
        """Return the papers of all other folds, and the rare ones a second time; ``k = folds`` leaves none out."""
        numbers = [i for i, n in enumerate(self.fold) if n != k]
        numbers += [i for i in numbers if self.rows[i]["id"] in self.rare]
        return [self.examples[i] for i in numbers]

    def as_rows(self, of_folds: Sequence[Sequence[Any]]) -> list[Any]:
        """Return what is known of each paper in the order of the rows, given it for the papers of each fold."""
        streams = [iter(fold) for fold in of_folds]
        return [next(streams[k]) for k in self.fold]

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
        labels: gold rows without texts, of papers in ``unlabelled``.
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
        said: list[list[Said]] = []
        written: dict[str, np.ndarray] = {}
        for k in range(folds + 1):
            tagger = in_training(kept / "start")
            said.append(fit_tagger(lessons, k, tagger, kept / f"tagger{k}" if k < folds else weights, settings))
            written |= leanings_of(lessons, k, tagger)
    papers = lessons.as_rows(said)
    judges = judges_of(lessons, [labels for labels, _ in papers], rounds)
    judges.all.to_disk(weights)
    _log.info("roles and lineage")
    leanings = [leanings.astype(np.float32) for _, leanings in papers]
    train_roles(lessons.rows, leanings).save(weights / "roles.npz")
    leanings += [written[row["id"]] for row in lessons.contrasts]
    lineage_of(lessons, judges, leanings).save(weights / "lineage.npz")


def lineage_of(lessons: Lessons, judges: Judges, leanings: Sequence[np.ndarray]) -> LineageModel:
    """Train the lineage on all papers and contrasts, each as extractors read it that have not seen its labels."""
    found = [judges.found.get(row["id"], []) for row in lessons.rows]
    found += [[] for _ in lessons.contrasts]
    n_labelled = len(lessons.rows) - lessons.n_gold
    weight = [1.0] * lessons.n_gold + [LABELLED] * n_labelled + [CONTRASTED] * len(lessons.contrasts)
    return train_lineage([*lessons.rows, *lessons.contrasts], found, weight, leanings)


def fit_tagger(lessons: Lessons, k: int, tagger: Tagger, out: Path, settings: Settings) -> list[Said]:
    """Train a tagger on all folds but one, write it, and return what it says of the papers of that fold."""
    examples = lessons.outside(k)
    _log.info("tagger blind to fold %d: %d papers", k, len(examples))
    fit(tagger, examples, settings, seed=k).to_disk(out)
    halves = (Said(*(part.astype(np.float16) for part in said)) for said in said_of(tagger, lessons.inside(k)))
    return list(halves)  # half the memory


def leanings_of(lessons: Lessons, k: int, tagger: Tagger) -> dict[str, np.ndarray]:
    """Return what the tagger that is blind to a fold says of the texts written after its papers, by their ids."""
    rows = [row for row in lessons.contrasts if fold_of(row["source"], lessons.folds) == k]
    said = said_of(tagger, [make_example({key: row[key] for key in ("title", "abstract")}) for row in rows])
    return {row["id"]: leanings for row, (_, leanings) in zip(rows, said, strict=True)}


def judges_of(lessons: Lessons, scores: Sequence[np.ndarray], rounds: int) -> Judges:
    """Return judges trained on the probabilities that taggers gave to the words of papers that they had not seen."""
    lexicons = [lessons.lexicon(k) for k in range(lessons.folds + 1)]
    papers = zip(lessons.rows, lessons.fold, lessons.examples, scores, strict=True)
    cases = [make_case(row, k, example, said.astype(np.float32), lexicons[k]) for row, k, example, said in papers]
    _log.info("judge on %d candidates", sum(len(case.groups) for case in cases))
    weight = {row["id"]: 2.0 if row["id"] in lessons.rare else 1.0 for row in lessons.rows}
    chosen = {row["id"] for row in lessons.rows[lessons.n_gold :]}
    return fit_judge(cases, weight, lexicons, rounds, chosen)


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
