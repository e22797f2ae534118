"""Training of the tagger's network: on masked words of any abstracts first, then on gold labels.

Both questions of the network are learned together: what is a name, and, of the words of names, what the paper does
with it and what descends from what. Adam with decoupled weight decay (Loshchilov and Hutter 2019), a linear rise and
fall of the learning rate, dropout, and whole words hidden at random, so that the network reads a name by its shape
and its context. One thread, fixed seeds: the same texts give the same weights on the same machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from spacy.vectors import Vectors

from kg.extract import network
from kg.extract.entities import JudgedName, claim_places
from kg.extract.extensions import GAP
from kg.extract.tagger import (
    BEGIN,
    CHILD,
    INSIDE,
    LAST,
    N_FLAGS,
    N_LABELS,
    N_LEANINGS,
    SINGLE,
    Said,
    Tagger,
    flags_of,
    label,
)
from kg.extract.tokenizer import split_words
from kg.extract.words import HASHED, TABLES, WordFeatures, looks_of, norm
from kg.schema import ENTITY_TYPES, ROLES

Row = Mapping[str, Any]

NO_LIMIT = 10_000_000
"""Words that a tagger in training keeps: no text is looked up twice, so none may be forgotten."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a training run is made of; the defaults were chosen on held-out training papers (docs/experiments.md)."""

    widths: Mapping[str, int] = field(default_factory=lambda: {"norm": 64, "prefix": 24, "suffix": 32, "shape": 24})
    width: int = 128
    reaches: tuple[int, ...] = (1, 1, 2, 3)  # how far each convolution looks
    pool_at: int | None = 2  # the layer before which repeated words share what they saw
    rate: float = 2e-3
    decay: float = 0.01
    batch: int = 16
    epochs: int = 4
    warm_up: int = 60
    dropout: float = 0.25
    hidden: float = 0.15  # share of words whose own row is hidden
    descent: float = 2.0  # weight of what descends from what, beside labels and roles
    frequent: int = 5  # a norm said as often has a row of its own
    masked_targets: int = 5000
    masked_epochs: float = 4.0


@dataclass(slots=True)
class Example:
    """One paper, ready for the network."""

    text: str
    title_end: int
    words: list[str]
    starts: list[int]
    ends: list[int]
    flags: np.ndarray
    labels: np.ndarray
    leanings: np.ndarray  # (words, 3): index of the role or -1, is it a child, is it a parent
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def make_example(row: Row) -> Example:
    """Return a paper's words, flags and, where it has entities, labels.

    Every occurrence of a surface is labelled, longest first, as the guidelines say.
    """
    title_end = len(row["title"])
    text = row["title"] + "\n" * GAP + row["abstract"]
    words, spaces = split_words(text)
    starts, ends, at = [], [], 0
    for word, space in zip(words, spaces, strict=True):
        starts.append(at)
        ends.append(at + len(word))
        at += len(word) + space
    labels, leanings = _wanted(row, text, starts, ends)
    return Example(text, title_end, words, starts, ends, flags_of(looks_of(words), starts, title_end), labels, leanings)


def _wanted(row: Row, text: str, starts: Sequence[int], ends: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels and the leanings that the entities and the lineage of a paper give its words."""
    labels = np.zeros(len(starts), dtype=np.int64)
    leanings = np.tile(np.array([-1, 0, 0]), (len(starts), 1))
    first = {a: i for i, a in enumerate(starts)}
    final = {b: i for i, b in enumerate(ends)}
    entities = row.get("entities", ())
    children, parents = ({link[end] for link in row.get("lineage", ())} for end in ("child", "parent"))
    names = [JudgedName(tuple(e["surfaces"]), (), ()) for e in entities]
    for entity, places in zip(entities, claim_places(text, names, len(row["title"])), strict=True):
        kind, spellings = ENTITY_TYPES.index(entity["type"]), {entity["name"], *entity["surfaces"]}
        leaning = ROLES.index(entity["role"]), bool(spellings & children), bool(spellings & parents)
        for a, b in places:
            if a in first and b in final:
                i, j = first[a], final[b]
                leanings[i : j + 1] = leaning
                labels[i:j] = label(kind, INSIDE)
                labels[i], labels[j] = label(kind, BEGIN), label(kind, LAST)
                if i == j:
                    labels[i] = label(kind, SINGLE)
    return labels, leanings


def frequent_norms(texts: Iterable[Sequence[str]], least: int) -> list[str]:
    """Return the norms of words that occur at least so often, the commonest first."""
    counts: Counter[str] = Counter()
    for words in texts:
        counts.update(map(norm, words))
    return [n for n, c in sorted(counts.items(), key=lambda nc: (-nc[1], nc[0])) if c >= least]


def new_tagger(frequent: Sequence[str], vectors: Vectors | None, settings: Settings, seed: int) -> Tagger:
    """Return a tagger with random weights."""
    rng = np.random.default_rng(seed)
    features = WordFeatures(frequent, vectors, limit=NO_LIMIT)
    width = settings.width

    def normal(n: int, m: int, scale: float) -> np.ndarray:
        return (rng.standard_normal((n, m)) * scale).astype(np.float32)

    params: network.Params = {t: normal(features.sizes[t], settings.widths[t], 0.1) for t in TABLES}
    layers = [("words", sum(settings.widths.values()) + features.width, 1.0)]
    layers += [(f"layer{i}", 3 * width, 0.5) for i in range(len(settings.reaches))]
    if settings.pool_at is not None:
        layers.append(("repeats", width, 0.3))
    for name, n, gain in layers:
        params[f"{name}.weight"] = normal(n, width, float(np.sqrt(2 / n)))
        params[f"{name}.bias"] = np.zeros(width, dtype=np.float32)
        params[f"{name}.gain"] = np.full(width, gain, dtype=np.float32)
        params[f"{name}.shift"] = np.zeros(width, dtype=np.float32)
    params["flags"] = normal(N_FLAGS, width, 0.1)
    params["final.gain"] = np.ones(width, dtype=np.float32)
    params["final.shift"] = np.zeros(width, dtype=np.float32)
    params["out.weight"] = normal(width, N_LABELS, 0.05)
    params["out.bias"] = np.zeros(N_LABELS, dtype=np.float32)
    params["out.bias"][0] = 2.0
    params |= _leaning_layer(width)
    config = {"tables": list(TABLES), "reaches": list(settings.reaches), "pool_at": settings.pool_at}
    return Tagger(params, config, features)


def _leaning_layer(width: int) -> network.Params:
    """Return the random weights of the layer that gives the leanings."""
    rng = np.random.default_rng(99)
    return {
        "lean.weight": (rng.standard_normal((width, N_LEANINGS)) * 0.05).astype(np.float32),
        "lean.bias": np.zeros(N_LEANINGS, dtype=np.float32),
    }


class Adam:
    """Adam with decoupled weight decay and gradients clipped to norm 1."""

    def __init__(self, rate: float, decay: float) -> None:
        self.rate, self.decay, self.steps = rate, decay, 0
        self.means: network.Params = {}
        self.squares: network.Params = {}

    def step(self, params: network.Params, grads: network.Params, scale: float) -> None:
        """Change ``params`` in place."""
        self.steps += 1
        length = float(np.sqrt(sum(float(np.vdot(g, g)) for g in grads.values())))
        clip = np.float32(min(1.0, 1.0 / (length + 1e-9)))
        rate = self.rate * scale
        adapted = np.float32(rate * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps))
        for name, grad in grads.items():
            grad = grad * clip
            if name not in self.means:
                self.means[name], self.squares[name] = np.zeros_like(grad), np.zeros_like(grad)
            mean, square = self.means[name], self.squares[name]
            mean += np.float32(0.1) * (grad - mean)
            square += np.float32(0.001) * (grad * grad - square)
            if self.decay and params[name].ndim == 2:
                params[name] *= np.float32(1 - rate * self.decay)
            params[name] -= adapted * mean / (np.sqrt(square) + np.float32(1e-8))


def in_batches(examples: Sequence[Example], size: int, rng: np.random.Generator) -> Iterator[list[Example]]:
    """Yield the examples once, in random order."""
    order = rng.permutation(len(examples))
    for start in range(0, len(order), size):
        yield [examples[i] for i in order[start : start + size]]


def _batch(tagger: Tagger, examples: Sequence[Example]) -> network.Batch:
    rows = [e.rows for e in examples]
    return network.make_batch(rows, [e.flags for e in examples], tagger.features.rows, tagger.features.table)


def look_up(tagger: Tagger, examples: Iterable[Example]) -> None:
    """Set the rows of each example's words in the tagger's table of words."""
    for example in examples:
        example.rows = tagger.features.look_up(example.words)


def fit(tagger: Tagger, examples: Sequence[Example], settings: Settings, seed: int) -> Tagger:
    """Train a tagger in place on labelled examples and return it; what pre-training cannot teach begins anew."""
    rng = np.random.default_rng(seed)
    look_up(tagger, examples)
    tagger.params |= _leaning_layer(settings.width)
    optimizer = Adam(settings.rate, settings.decay)
    total = settings.epochs * -(-len(examples) // settings.batch)
    for _ in range(settings.epochs):
        for chosen in in_batches(examples, settings.batch, rng):
            batch = _batch(tagger, chosen)
            hidden = rng.random(len(batch.features)) < settings.hidden
            batch.features = batch.features.copy()
            batch.features[hidden, 0] = 1
            wanted = np.zeros(len(batch.words), dtype=np.int64)
            leaning = np.full((len(batch.words), 3), -1, dtype=np.int64)
            for place, example in zip(batch.places, chosen, strict=True):
                wanted[place], leaning[place] = example.labels, example.leanings
            grads: network.Params = {}
            logits, leanings, backprop = tagger.logits(batch, grads, rng, settings.dropout)
            error = network.softmax(logits)
            error[np.arange(len(wanted)), wanted] -= 1
            n_words = batch.real.sum()
            backprop(error * (batch.real / n_words), leaning_error(leanings, leaning, settings.descent) / n_words)
            done = optimizer.steps
            scale = min(1.0, (done + 1) / settings.warm_up) * max(0.02, 1 - done / total)
            optimizer.step(tagger.params, grads, scale)
    return tagger


def leaning_error(leanings: np.ndarray, wanted: np.ndarray, descent: float) -> np.ndarray:
    """Return (N, 7) float32: the gradient of the leanings' loss, 0 for words that are part of no name.

    Args:
        leanings: (N, 7) as the network gives them.
        wanted: (N, 3) as in `Example`.
        descent: weight of the two last.
    """
    error = np.zeros_like(leanings)
    named = wanted[:, 0] >= 0
    roles = network.softmax(leanings[named, :CHILD])
    roles[np.arange(len(roles)), wanted[named, 0]] -= 1
    error[named, :CHILD] = roles
    error[named, CHILD:] = descent * (1 / (1 + np.exp(-leanings[named, CHILD:])) - wanted[named, 1:].astype(np.float32))
    return error


def pretrain(tagger: Tagger, examples: Sequence[Example], settings: Settings, seed: int) -> Tagger:
    """Train a tagger in place to guess hidden words (as in BERT, Devlin et al. 2019) and return it."""
    rng = np.random.default_rng(seed)
    look_up(tagger, examples)
    n_targets = min(settings.masked_targets, len(tagger.features.frequent))
    width = settings.width
    params = tagger.params
    params["masked.weight"] = (rng.standard_normal((width, n_targets)) * 0.05).astype(np.float32)
    params["masked.bias"] = np.zeros(n_targets, dtype=np.float32)
    optimizer = Adam(settings.rate, 0.0)
    size = 2 * settings.batch
    total = max(1, int(settings.masked_epochs * -(-len(examples) // size)))
    while optimizer.steps < total:
        for chosen in in_batches(examples, size, rng):
            if optimizer.steps == total:
                break
            grads = _masked_step(tagger, _batch(tagger, chosen), n_targets, rng)
            done = optimizer.steps
            scale = min(1.0, (done + 1) / 200) * max(0.03, 1 - done / total)
            optimizer.step(params, grads, scale)
    for name in ("masked.weight", "masked.bias"):
        del params[name]
    return tagger


def _masked_step(tagger: Tagger, batch: network.Batch, n_targets: int, rng: np.random.Generator) -> network.Params:
    """Hide some words of a batch and return the gradients of guessing them."""
    target = batch.features[batch.words, 0] - HASHED["norm"]
    eligible = (batch.real[:, 0] > 0) & (target >= 0) & (target < n_targets)
    share = np.where(target < 60, 0.04, 0.16)  # the commonest words, and marks, teach little
    places = np.flatnonzero(eligible & (rng.random(len(target)) < share))
    grads: network.Params = {}
    if not len(places):
        return grads
    wanted = target[places]
    n_words = len(batch.features)
    batch.features = np.concatenate([batch.features, np.ones((1, len(TABLES)), dtype=batch.features.dtype)])
    batch.vectors = np.concatenate([batch.vectors, np.zeros((1, batch.vectors.shape[1]), dtype=np.float32)])
    batch.words, batch.repeats = batch.words.copy(), batch.repeats.copy()
    draw = rng.random(len(places))
    batch.words[places[draw < 0.85]] = n_words
    other = places[(draw >= 0.85) & (draw < 0.93)]
    batch.words[other] = rng.integers(0, n_words, len(other))
    batch.repeats[places] = batch.repeats.max() + 1 + np.arange(len(places))
    encoded, back_encode = network.encode(tagger.params, tagger.config, batch, grads, rng, 0.05)
    normal, back_norm = network.normalise(encoded, tagger.params, "final", grads)
    logits, back_out = network.affine(normal[places], tagger.params, "masked", grads)
    error = network.softmax(logits)
    error[np.arange(len(wanted)), wanted] -= 1
    gradient = np.zeros_like(normal)
    gradient[places] = back_out(error / len(wanted))
    back_encode(back_norm(gradient))
    return grads


def said_of(tagger: Tagger, examples: Sequence[Example]) -> list[Said]:
    """Return what a tagger says of each example."""
    tagger.forget()
    return [tagger(e.words, e.flags) for e in examples]
