"""How likely each word begins, continues or ends a name, and what of: the component ``name_tagger``.

A small convolutional network (`kg.extract.network`) reads the words of title and abstract and gives, for each, the
probabilities of the labels "begin, inside, last, single word" of each type, and of "outside" (BILUO). Two more
questions are asked of the same last layer (multi-task learning, Caruana 1997): where the word is part of a name, what
the paper does with that, and whether it descends from something or something from it. Usage::

    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "kg.PaperTokenizer.v1"}}})
    nlp.add_pipe("name_tagger")
    doc = nlp("We fine-tune Llama 2 with LoRA.")
    doc._.label_scores        # (tokens, 17) float32: the probabilities
    doc._.leanings            # (tokens, 7) float32: scores of the five roles, log-odds of being a child, a parent
    tagged_spans(doc)         # the best labelling's spans, each with its type as label

Each document is read by itself, so that its scores do not depend on the batch that it came in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.vectors import Vectors
from threadpoolctl import ThreadpoolController

from kg.extract import extensions, network
from kg.extract.batches import BatchComponent
from kg.extract.words import Looks, WordFeatures
from kg.schema import ENTITY_TYPES, ROLES

WEIGHTS = Path(__file__).parent / "weights"

BEGIN, INSIDE, LAST, SINGLE = range(4)
OUTSIDE = 0
N_LABELS = 1 + 4 * len(ENTITY_TYPES)

CHILD, PARENT = len(ROLES), len(ROLES) + 1
N_LEANINGS = len(ROLES) + 2

SURE = 0.98
"""A word that is outside with this probability is outside."""

N_FLAGS = 26
"""Rows of the table of flags; row 0 is that of empty rows."""


def label(kind: int, place: int) -> int:
    """Return the label of a type (index in ``ENTITY_TYPES``) and a place (`BEGIN` … `SINGLE`)."""
    return 1 + 4 * kind + place


def _transitions() -> np.ndarray:
    """Return (17, 17): 0 where the second label may follow the first, a large negative number elsewhere."""
    allowed = np.full((N_LABELS, N_LABELS), -1e9, dtype=np.float32)
    for i in range(N_LABELS):
        for j in range(N_LABELS):
            is_open = i != OUTSIDE and (i - 1) % 4 in (BEGIN, INSIDE)
            goes_on = j != OUTSIDE and (j - 1) % 4 in (INSIDE, LAST)
            if is_open == goes_on and not (is_open and (i - 1) // 4 != (j - 1) // 4):
                allowed[i, j] = 0
    return allowed


TRANSITIONS = _transitions()


def best_labels(scores: np.ndarray) -> list[int]:
    """Return the likeliest sequence of labels that is a sequence of whole spans (Viterbi, stretch by stretch).

    Args:
        scores: (N, 17) probabilities.
    """
    labels = [OUTSIDE] * len(scores)
    open_places = np.flatnonzero(scores[:, OUTSIDE] < SURE)
    for run in np.split(open_places, np.flatnonzero(np.diff(open_places) > 1) + 1):
        if len(run):
            labels[run[0] : run[-1] + 1] = _best_path(np.log(scores[run[0] : run[-1] + 1] + 1e-9))
    return labels


def _best_path(logs: np.ndarray) -> list[int]:
    """Return the best labels of a stretch that begins and ends outside any span."""
    best = logs[0] + TRANSITIONS[OUTSIDE]
    back = np.zeros(logs.shape, dtype=np.int64)
    for i in range(1, len(logs)):
        ways = best[:, None] + TRANSITIONS
        back[i] = ways.argmax(axis=0)
        best = ways.max(axis=0) + logs[i]
    at = int((best + TRANSITIONS[:, OUTSIDE]).argmax())
    path = [at]
    for i in range(len(logs) - 1, 0, -1):
        at = int(back[i, at])
        path.append(at)
    return path[::-1]


def spans_of(labels: list[int]) -> list[tuple[int, int, int]]:
    """Return (first token, last token + 1, type) of each span of a sequence of labels."""
    found, start = [], 0
    for i, value in enumerate(labels):
        if value == OUTSIDE:
            continue
        kind, place = divmod(value - 1, 4)
        if place in (BEGIN, SINGLE):
            start = i
        if place in (LAST, SINGLE):
            found.append((start, i + 1, kind))
    return found


def flags_of(looks: Looks, starts: Sequence[int], title_end: int) -> np.ndarray:
    """Return for each word its row in the table of flags.

    A row stands for: in the title or not; said once, twice or more often; first of a sentence or not; in brackets or
    not.
    """
    words = looks.column(_in_lower_case, np.uint64)
    ordered = np.sort(words)
    times = ordered.searchsorted(words, side="right") - ordered.searchsorted(words)
    rows = 1 + (np.array(starts, dtype=np.int64) < title_end) + 2 * (np.minimum(times, 3) - 1)
    rows[:1] += 6
    opened = len(rows)  # where the text in brackets begins
    signs = looks.column(_sign, np.int8)
    at = signs.nonzero()[0]
    for i, sign in zip(at.tolist(), signs[at].tolist(), strict=True):
        if sign == _OPENS:
            opened = min(opened, i + 1)
        elif sign == _CLOSES:
            rows[opened:i] += 12
            opened = len(rows)
        else:
            rows[i + 1 : i + 2] += 6
    rows[opened:] += 12
    return rows


_OPENS, _CLOSES, _ENDS = 1, 2, 3


def _sign(word: str) -> int:
    """Say whether a word opens or closes a bracket or ends a sentence; 0 if it does neither."""
    if word == "(":
        return _OPENS
    if word == ")":
        return _CLOSES
    return _ENDS if word in ".!?" or word.isspace() else 0


def _in_lower_case(word: str) -> int:
    """Return a number of 64 bits that stands for the word without case."""
    return int.from_bytes(blake2b(word.lower().encode(), digest_size=8).digest(), "little")


@lru_cache(maxsize=1)
def _blas() -> ThreadpoolController:
    """Return what sets the number of threads of numpy's matrix products.

    A paper's are too small to share: threads wait for each other, longest where other programs want the cores too.
    """
    return ThreadpoolController()


class Said(NamedTuple):
    """What the network says of the words of one document.

    Attributes:
        labels: (N, 17) probabilities.
        leanings: (N, 7) scores of the roles, then the log-odds of `CHILD` and `PARENT`, if the word is part of a name.
    """

    labels: np.ndarray
    leanings: np.ndarray


class Tagger:
    """Weights and word features: from words and flags to probabilities of labels, and leanings."""

    def __init__(self, params: network.Params, config: dict[str, Any], features: WordFeatures) -> None:
        self.params, self.config, self.features = params, config, features
        self._lexemes: network.Lexemes | None = None
        self._epoch = features.epoch

    def __call__(self, words: list[str], flags: np.ndarray) -> Said:
        """Return what is to be said of the words of one document."""
        [said] = self.read([words], [flags])
        return said

    def read(self, papers: Sequence[list[str]], flags: Sequence[np.ndarray]) -> list[Said]:
        """Return what is to be said of each document; the new words of all are worked out together."""
        everything = [word for words in papers for word in words]
        self.features.prepare(len(everything))
        places = self.features.look_up(everything)
        ends = np.cumsum([len(words) for words in papers])
        with _blas().limit(limits=1, user_api="blas"):
            known = self._known()
            return [self._said(known, rows, f) for rows, f in zip(np.split(places, ends[:-1]), flags, strict=True)]

    def _said(self, known: network.Lexemes, rows: np.ndarray, flags: np.ndarray) -> Said:
        """Return what is to be said of one document: each is read alone, so that no last bit depends on the others."""
        params = self.params
        if not len(rows):
            return Said(np.zeros((0, N_LABELS), dtype=np.float32), np.zeros((0, N_LEANINGS), dtype=np.float32))
        encoded = network.infer(params, self.config["reaches"], self.config["pool_at"], known, rows, flags)
        normal = network.rescale(encoded, params, "final")
        labels = network.softmax(normal @ params["out.weight"] + params["out.bias"])
        return Said(labels, normal @ params["lean.weight"] + params["lean.bias"])

    def _known(self) -> network.Lexemes:
        """Return all known words by themselves; only new ones are worked out."""
        features = self.features
        if self._lexemes is None or self._epoch != features.epoch:
            self._epoch = features.epoch
            self._lexemes = network.Lexemes(self.params, self.config["tables"])
        self._lexemes.grow(features.rows, features.table)
        return self._lexemes

    def forget(self) -> None:
        """Drop what was worked out with the weights as they were: call it after training."""
        self._lexemes = None

    def logits(
        self, batch: network.Batch, grads: network.Params, rng: Any = None, rate: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray, Callable[[np.ndarray, np.ndarray], None]]:
        """Return (rows, 17) scores of labels, (rows, 7) leanings, and what takes the gradients of both."""
        encoded, back_encode = network.encode(self.params, self.config, batch, grads, rng, rate)
        normal, back_norm = network.normalise(encoded, self.params, "final", grads)
        dropped, back_drop = network.dropout(normal, rate, rng)
        labels, back_labels = network.affine(dropped, self.params, "out", grads)
        leanings, back_leanings = network.affine(dropped, self.params, "lean", grads)
        return labels, leanings, lambda d, e: back_encode(back_norm(back_drop(back_labels(d) + back_leanings(e))))

    def to_disk(self, folder: Path) -> None:
        """Write ``tagger.npz``: parameters and vectors as float16, and the settings."""
        vectors = self.features.vectors
        settings = {"config": self.config, "frequent": self.features.frequent, "vectors": None}
        arrays: dict[str, np.ndarray] = {name: value.astype(np.float16) for name, value in self.params.items()}
        if vectors is not None:
            arrays["vectors"] = vectors.data.astype(np.float16)
            settings["vectors"] = {
                "minn": vectors.minn,
                "maxn": vectors.maxn,
                "hash_count": vectors.hash_count,
                "hash_seed": vectors.hash_seed,
                "bow": vectors.bow,
                "eow": vectors.eow,
            }
        arrays["settings"] = np.frombuffer(json.dumps(settings).encode(), dtype=np.uint8)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(folder / "tagger.npz", **arrays)  # type: ignore[arg-type]

    @classmethod
    def from_disk(cls, folder: Path) -> Tagger:
        """Read what `to_disk` wrote."""
        with np.load(folder / "tagger.npz") as arrays:
            settings = json.loads(arrays["settings"].tobytes())
            params = {
                name: arrays[name].astype(np.float32) for name in arrays.files if name not in ("settings", "vectors")
            }
            vectors = None
            if settings["vectors"]:
                vectors = Vectors(data=arrays["vectors"].astype(np.float32), mode="floret", **settings["vectors"])
        return cls(params, settings["config"], WordFeatures(settings["frequent"], vectors))


@lru_cache(maxsize=4)
def shipped(folder: Path = WEIGHTS) -> Tagger:
    """Return the tagger whose weights lie in ``folder``, read once."""
    return Tagger.from_disk(folder)


class NameTagger(BatchComponent):
    """The component: see the module's docstring."""

    def __init__(self, tagger: Tagger) -> None:
        self.tagger = tagger

    def _read(self, docs: list[Doc]) -> None:
        """Set ``doc._.label_scores`` and ``doc._.leanings``."""
        tokens = [extensions.tokens_of(doc) for doc in docs]
        flags = [flags_of(t.looks, t.starts, doc._.title_end) for t, doc in zip(tokens, docs, strict=True)]
        for doc, said in zip(docs, self.tagger.read([t.words for t in tokens], flags), strict=True):
            doc._.label_scores, doc._.leanings = said


def tagged_spans(doc: Doc) -> list[Span]:
    """Return the spans of the best labelling of a `Doc` that the component has read, each with its type as label."""
    return [
        Span(doc, start, end, label=ENTITY_TYPES[kind])
        for start, end, kind in spans_of(best_labels(doc._.label_scores))
    ]


@Language.factory("name_tagger", assigns=["doc._.label_scores", "doc._.leanings"], default_config={"weights": None})
def make_name_tagger(nlp: Language, name: str, weights: str | None) -> NameTagger:
    """Create the component from the weights shipped with the package, or those in the folder ``weights``."""
    return NameTagger(shipped(Path(weights) if weights else WEIGHTS))


extensions.register()
