"""Training: from gold files to the weights in ``kg/extract/weights``; the verb ``kg train``.

In order: vectors of character n-grams and guessing hidden words, both on unlabelled abstracts where there are any;
taggers on all folds but one, for what they say of the fold left out; the tagger that ships; the judge on the scores
from outside each paper's fold; roles and lineage. One thread and fixed seeds throughout.
"""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import numpy as np
from spacy.vectors import Vectors

from kg.evaluate.gold import read_gold
from kg.extract.extensions import GAP
from kg.extract.tagger import WEIGHTS, Tagger
from kg.extract.train_judge import ROUNDS, fit_judge, lexicon_of, make_case
from kg.extract.train_lineage import train_lineage
from kg.extract.train_roles import train_roles
from kg.extract.train_tagger import (
    Example,
    Settings,
    fit,
    frequent_norms,
    make_example,
    new_tagger,
    pretrain,
    scores_of,
)

FOLDS = 4

SMALL = 0.2
"""Papers of a gold file with less than this share of all papers count twice: few, and another kind of text."""

Row = Mapping[str, Any]
_log = logging.getLogger(__name__)


def train(
    gold: Sequence[Path],
    unlabelled: Path | None = None,
    weights: Path = WEIGHTS,
    settings: Settings | None = None,
    folds: int = FOLDS,
    rounds: int = ROUNDS,
) -> None:
    """Rebuild the extractor's weights.

    Args:
        gold: files in the form of the guidelines.
        unlabelled: JSON Lines with ``title`` and ``abstract``, plain or gzipped, for vectors and pre-training.
        weights: the folder to write to.
        settings: of the tagger.
        folds: parts of the gold; each is scored by a tagger that was trained on the others.
        rounds: trees of the judge for each class.

    Raises:
        GoldError: a gold file cannot be read.
    """
    settings = settings or Settings()
    files = [read_gold(path) for path in gold]
    rows = list({row["id"]: row for file in files for row in file.values()}.values())
    rare = {paper for file in files if len(file) < SMALL * len(rows) for paper in file}
    texts = read_unlabelled(unlabelled) if unlabelled else []
    examples = [make_example(row) for row in rows]
    others = [make_example(row) for row in texts]
    start = first_tagger(examples, others, settings)
    number = [fold_of(row["id"], folds) for row in rows]

    scores: dict[int, np.ndarray] = {}
    for k in range(folds):
        inside = [i for i, n in enumerate(number) if n == k]
        outside = twice([i for i, n in enumerate(number) if n != k], rows, rare)
        _log.info("tagger without fold %d: %d papers", k, len(outside))
        tagger = fit(copy_of(start), [examples[i] for i in outside], settings, seed=k)
        said = scores_of(tagger, [examples[i] for i in inside])
        scores.update((i, s.astype(np.float16)) for i, s in zip(inside, said, strict=True))  # 100 MB less
    _log.info("tagger on all %d papers", len(rows))
    everything = twice(range(len(rows)), rows, rare)
    fit(start, [examples[i] for i in everything], settings, seed=folds).to_disk(weights)

    cases = []
    for k in range(folds):
        lexicon = lexicon_of([row for row, n in zip(rows, number, strict=True) if n != k])
        cases += [
            make_case(rows[i], k, examples[i], scores[i].astype(np.float32), lexicon)
            for i, n in enumerate(number)
            if n == k
        ]
    _log.info("judge on %d candidates", sum(len(case.groups) for case in cases))
    weight = {row["id"]: 2.0 if row["id"] in rare else 1.0 for row in rows}
    judge, found = fit_judge(cases, weight, folds, lexicon_of(rows), rounds)
    judge.to_disk(weights)
    _log.info("roles and lineage")
    train_roles(rows).save(weights / "roles.npz")
    train_lineage(rows, [found.get(row["id"], []) for row in rows]).save(weights / "lineage.npz")


def twice(numbers: Iterable[int], rows: Sequence[Row], rare: Collection[str]) -> list[int]:
    """Return the numbers of papers, and those of rare papers a second time."""
    numbers = list(numbers)
    return numbers + [i for i in numbers if rows[i]["id"] in rare]


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


def copy_of(tagger: Tagger) -> Tagger:
    """Return a tagger with the same weights that can be trained by itself."""
    return Tagger({name: value.copy() for name, value in tagger.params.items()}, tagger.config, tagger.features)


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
