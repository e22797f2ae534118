"""The tagger's network: word features, residual convolutions and a softmax, in plain numpy.

numpy's matrix product runs at four times the speed of the one that thinc brings along (60 against 15 GFLOPS on a
core), which decides how much network fits into a millisecond; so the few layers are written out here. Each follows
thinc's custom: it returns its output and a function from the gradient of the output to that of the input, which
collects the gradients of its parameters in ``grads``.

All arrays are float32. N is the number of rows: the tokens of all documents of a batch one after another, with
`GAP` empty rows around each document so that no window looks into the neighbour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

GAP = 4
"""Empty rows between documents: at least the widest reach of a convolution."""

Params = dict[str, np.ndarray]
Backprop = Callable[[np.ndarray], np.ndarray]


@dataclass(slots=True)
class Batch:
    """Documents as rows: which word, which flags, and where each document lies."""

    words: np.ndarray  # (N,) row of the word in `features`
    flags: np.ndarray  # (N,) row of the table of flags
    real: np.ndarray  # (N, 1) float32: 1 for a token, 0 for an empty row
    places: list[slice]  # rows of each document
    features: np.ndarray  # (U, F) int32: rows of each word in the embedding tables
    vectors: np.ndarray  # (U, V) float32: static vector of each word
    repeats: np.ndarray  # (N,) group of the word within its document; empty rows share the last group


def make_batch(
    words: Sequence[np.ndarray], flags: Sequence[np.ndarray], features: np.ndarray, vectors: np.ndarray
) -> Batch:
    """Lay documents out in one batch.

    Args:
        words: for each document the words' rows in ``features`` and ``vectors``.
        flags: for each document the rows of its tokens in the table of flags.
        features: (W, F) rows of every known word in the embedding tables.
        vectors: (W, V) static vectors of every known word.
    """
    size = GAP + sum(len(w) + GAP for w in words)
    rows = np.zeros(size, dtype=np.int64)
    flag_rows = np.zeros(size, dtype=np.int64)
    real = np.zeros((size, 1), dtype=np.float32)
    owner = np.zeros(size, dtype=np.int64)
    places, at = [], GAP
    for number, (w, f) in enumerate(zip(words, flags, strict=True)):
        place = slice(at, at + len(w))
        rows[place], flag_rows[place], real[place], owner[place] = w, f, 1.0, number + 1
        places.append(place)
        at += len(w) + GAP
    used, inverse = np.unique(rows, return_inverse=True)
    keys = owner * len(used) + inverse
    keys[real[:, 0] == 0] = (len(words) + 1) * len(used)
    _, repeats = np.unique(keys, return_inverse=True)
    return Batch(inverse, flag_rows, real, places, features[used], vectors[used], repeats)


def sum_rows(values: np.ndarray, rows: np.ndarray, size: int) -> np.ndarray:
    """Return (size, D): the sum of the ``values`` (N, D) that belong to each of the ``rows`` (N,)."""
    out = np.zeros((size, values.shape[1]), dtype=np.float32)
    if len(rows):
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        out[ordered[starts]] = np.add.reduceat(values[order], starts, axis=0)
    return out


def add_grad(grads: Params, name: str, value: np.ndarray) -> None:
    """Add ``value`` to the gradient of the parameter ``name``."""
    if name in grads:
        grads[name] += value
    else:
        grads[name] = value


def normalise(x: np.ndarray, params: Params, name: str, grads: Params) -> tuple[np.ndarray, Backprop]:
    """Layer normalisation (Ba, Kiros and Hinton 2016)."""
    centred = x - x.mean(axis=1, keepdims=True)
    scale = 1.0 / np.sqrt(np.einsum("ij,ij->i", centred, centred)[:, None] / x.shape[1] + np.float32(1e-5))
    hat = centred * scale
    gain = params[name + ".gain"]

    def backprop(dy: np.ndarray) -> np.ndarray:
        add_grad(grads, name + ".gain", (dy * hat).sum(axis=0))
        add_grad(grads, name + ".shift", dy.sum(axis=0))
        d = dy * gain
        inner = np.einsum("ij,ij->i", d, hat)[:, None] / x.shape[1]
        return (d - d.mean(axis=1, keepdims=True) - hat * inner) * scale

    return hat * gain + params[name + ".shift"], backprop


def affine(x: np.ndarray, params: Params, name: str, grads: Params) -> tuple[np.ndarray, Backprop]:
    """A linear layer with bias."""
    weight = params[name + ".weight"]

    def backprop(dy: np.ndarray) -> np.ndarray:
        add_grad(grads, name + ".weight", x.T @ dy)
        add_grad(grads, name + ".bias", dy.sum(axis=0))
        return dy @ weight.T

    return x @ weight + params[name + ".bias"], backprop


def relu(x: np.ndarray) -> tuple[np.ndarray, Backprop]:
    """Rectified linear units."""
    y = np.maximum(x, 0)
    return y, lambda dy: dy * (y > 0)


def dropout(x: np.ndarray, rate: float, rng: np.random.Generator | None) -> tuple[np.ndarray, Backprop]:
    """Dropout while training (with an ``rng``), nothing otherwise."""
    if rng is None or rate == 0:
        return x, lambda dy: dy
    keep = (rng.random(x.shape, dtype=np.float32) >= rate) * np.float32(1 / (1 - rate))
    return x * keep, lambda dy: dy * keep


def window(x: np.ndarray, reach: int) -> tuple[np.ndarray, Backprop]:
    """Return (N, 3D): each row beside the rows ``reach`` before and after it."""
    n, d = x.shape
    y = np.zeros((n, 3 * d), dtype=np.float32)
    y[:, d : 2 * d] = x
    y[reach:, :d] = x[:-reach]
    y[:-reach, 2 * d :] = x[reach:]

    def backprop(dy: np.ndarray) -> np.ndarray:
        dx = dy[:, d : 2 * d].copy()
        dx[:-reach] += dy[reach:, :d]
        dx[reach:] += dy[:-reach, 2 * d :]
        return dx

    return y, backprop


def embed(params: Params, tables: Sequence[str], batch: Batch, grads: Params) -> tuple[np.ndarray, Backprop]:
    """Return (U, D): every word of the batch by itself."""
    parts = [params[t][batch.features[:, i]] for i, t in enumerate(tables)]
    widths = np.cumsum([p.shape[1] for p in parts])
    linear, back_linear = affine(np.concatenate([*parts, batch.vectors], axis=1), params, "words", grads)
    active, back_relu = relu(linear)
    out, back_norm = normalise(active, params, "words", grads)

    def backprop(dy: np.ndarray) -> np.ndarray:
        dx = back_linear(back_relu(back_norm(dy)))
        for i, (table, piece) in enumerate(zip(tables, np.split(dx, widths, axis=1), strict=False)):
            add_grad(grads, table, sum_rows(piece, batch.features[:, i], len(params[table])))
        return dx

    return out, backprop


def encode(
    params: Params,
    config: dict,
    batch: Batch,
    grads: Params,
    rng: np.random.Generator | None = None,
    rate: float = 0.0,
) -> tuple[np.ndarray, Callable[[np.ndarray], None]]:
    """Return (N, D): every token in its context, and the function that takes the gradient of it."""
    lexemes, back_embed = embed(params, config["tables"], batch, grads)
    h = (lexemes[batch.words] + params["flags"][batch.flags]) * batch.real
    h, back_drop = dropout(h, rate, rng)
    layers: list[Callable[[np.ndarray], np.ndarray]] = []
    for i, reach in enumerate(config["reaches"]):
        if i == config.get("pool_at"):
            h, back = pool_repeats(h, params, batch, grads)
            layers.append(back)
        h, back = convolve(h, params, f"layer{i}", reach, batch.real, grads, rng, rate)
        layers.append(back)

    def backprop(dh: np.ndarray) -> None:
        for back in reversed(layers):
            dh = back(dh)
        dh = back_drop(dh) * batch.real
        add_grad(grads, "flags", sum_rows(dh, batch.flags, len(params["flags"])))
        back_embed(sum_rows(dh, batch.words, len(batch.features)))

    return h, backprop


def convolve(
    h: np.ndarray,
    params: Params,
    name: str,
    reach: int,
    real: np.ndarray,
    grads: Params,
    rng: np.random.Generator | None,
    rate: float,
) -> tuple[np.ndarray, Backprop]:
    """One residual layer: window, linear, rectified, normalised, added to its input."""
    wide, back_window = window(h, reach)
    linear, back_linear = affine(wide, params, name, grads)
    active, back_relu = relu(linear)
    normal, back_norm = normalise(active, params, name, grads)
    dropped, back_drop = dropout(normal, rate, rng)

    def backprop(dy: np.ndarray) -> np.ndarray:
        return dy + back_window(back_linear(back_relu(back_norm(back_drop(dy * real)))))

    return h + dropped * real, backprop


def pool_repeats(h: np.ndarray, params: Params, batch: Batch, grads: Params) -> tuple[np.ndarray, Backprop]:
    """Let the places where a document says the same word share what each has seen: their mean is mixed in."""
    groups = batch.repeats
    size = int(groups.max()) + 1 if len(groups) else 0
    counts = np.maximum(np.bincount(groups, minlength=size), 1).astype(np.float32)[:, None]
    mean = sum_rows(h, groups, size) / counts
    linear, back_linear = affine(mean, params, "repeats", grads)
    active, back_relu = relu(linear)
    normal, back_norm = normalise(active, params, "repeats", grads)

    def backprop(dy: np.ndarray) -> np.ndarray:
        d = back_linear(back_relu(back_norm(sum_rows(dy * batch.real, groups, size))))
        return dy + (d / counts)[groups]

    return h + normal[groups] * batch.real, backprop


_TOGETHER = 1024
"""Words that are worked out together: enough to be fast, few enough to lie in the cache."""


class Lexemes:
    """Words by themselves, and their part in the first convolution, worked out once for each word.

    Words are worked out many at once, in double precision: what a matrix product gives for a row depends in its last
    bits on the rows beside it, and rounding to single precision takes these bits away. So a word is the same in
    whatever company it was first met.

    Args:
        params: the network's parameters.
        tables: names of the embedding tables.
    """

    def __init__(self, params: Params, tables: Sequence[str]) -> None:
        self.params, self.tables = params, tables
        self._exact = {name: value.astype(np.float64) for name, value in params.items() if name.startswith("words.")}
        left, middle, right = np.split(params["layer0.weight"], 3)
        project = np.concatenate([left, middle, right], axis=1)
        self._project = project.astype(np.float64)
        width = params["flags"].shape[1]
        self.rows = np.zeros((0, width), dtype=np.float32)
        self.parts = np.zeros((0, 3 * width), dtype=np.float32)
        self.flag_parts = params["flags"] @ project
        self.count = 0

    def grow(self, features: np.ndarray, vectors: np.ndarray) -> None:
        """Work out the words that are new.

        Args:
            features: (U, F) rows of all words in the embedding tables.
            vectors: (U, V) static vectors of all words.
        """
        total = len(features)
        if total > len(self.rows):
            for name in ("rows", "parts"):
                old = getattr(self, name)
                grown = np.zeros((2 * total, old.shape[1]), dtype=np.float32)
                grown[: self.count] = old[: self.count]
                setattr(self, name, grown)
        for start in range(self.count, total, _TOGETHER):
            new = slice(start, min(start + _TOGETHER, total))
            parts = [self.params[table][features[new, i]] for i, table in enumerate(self.tables)]
            seen = np.concatenate([*parts, vectors[new]], axis=1, dtype=np.float64)
            words = _layer(seen, self._exact, "words")
            self.rows[new], self.parts[new] = words, words @ self._project
        self.count = total


def infer(
    params: Params,
    reaches: Sequence[int],
    pool_at: int | None,
    lexemes: Lexemes,
    words: np.ndarray,
    flags: np.ndarray,
) -> np.ndarray:
    """Return (N, D): what `encode` gives for one document alone, without what training needs.

    Args:
        params: the network's parameters.
        reaches: how far each convolution looks.
        pool_at: the layer before which repeated words share what they saw, or None.
        lexemes: all words of the document, worked out.
        words: (N,) row of each token's word in ``lexemes``.
        flags: (N,) row of each token in the table of flags.
    """
    h = lexemes.rows.take(words, axis=0)  # which takes half the time of an index
    h += params["flags"].take(flags, axis=0)
    n, width = h.shape
    wide = np.empty((n, 3 * width), dtype=np.float32)  # one for all layers, as their output: new memory costs
    linear = np.empty_like(h)
    for i, reach in enumerate(reaches):
        if i == pool_at:
            means, groups = _means(h, words)
            h += _layer(means, params, "repeats").take(groups, axis=0)
        if i == 0 and pool_at != 0:
            parts = lexemes.parts.take(words, axis=0)
            parts += lexemes.flag_parts.take(flags, axis=0)
            linear[:] = parts[:, width : 2 * width]
            linear[reach:] += parts[:-reach, :width]
            linear[:-reach] += parts[reach:, 2 * width :]
        else:
            wide[:reach, :width] = 0
            wide[reach:, :width] = h[:-reach]
            wide[:, width : 2 * width] = h
            wide[:-reach, 2 * width :] = h[reach:]
            wide[max(n - reach, 0) :, 2 * width :] = 0
            np.matmul(wide, params[f"layer{i}.weight"], out=linear)
        h += _activate(linear, params, f"layer{i}")
    return h


def _means(h: np.ndarray, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (U, D): the mean row of each word's places, and (N,) the row of each place's word among them.

    The order of the words decides the last bits of sums; so they stand as they first come in this text, which depends
    on nothing else, as the words' rows would: on the order in which they were ever met.
    """
    _, first, inverse = np.unique(words, return_index=True, return_inverse=True)
    number = np.empty_like(first)
    number[first.argsort()] = np.arange(len(first))
    groups = number[inverse]
    means, sizes = h[np.sort(first)], np.bincount(groups)
    repeated = sizes > 1  # the others are their own mean
    places = np.flatnonzero(repeated[groups])
    places = places[groups[places].argsort(kind="stable")]
    sizes = sizes[repeated]
    share = np.zeros((len(sizes), len(places)), dtype=np.float32)
    share[np.repeat(np.arange(len(sizes)), sizes), np.arange(len(places))] = np.repeat(1 / sizes, sizes)
    means[repeated] = share @ h[places]
    return means, groups


def _layer(x: np.ndarray, params: Params, name: str) -> np.ndarray:
    """Return the rows through a linear, rectified, normalised layer."""
    return _activate(x @ params[name + ".weight"], params, name)


def _activate(y: np.ndarray, params: Params, name: str) -> np.ndarray:
    """Add the bias, rectify, normalise; changes ``y``."""
    y += params[name + ".bias"]
    np.maximum(y, np.zeros(y.shape[1], dtype=y.dtype), out=y)  # a row of zeros takes half the time of a single one
    return rescale(y, params, name)


def rescale(y: np.ndarray, params: Params, name: str) -> np.ndarray:
    """Return what `normalise` gives; changes ``y``."""
    width = np.float32(y.shape[1])
    y -= (np.einsum("ij->i", y) / width)[:, None]
    y *= (1.0 / np.sqrt(np.einsum("ij,ij->i", y, y) / width + np.float32(1e-5)))[:, None]
    y *= params[name + ".gain"]
    y += params[name + ".shift"]
    return y


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of each row."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
