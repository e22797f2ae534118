"""What the judge looks up: how often a last word, neighbours or a very spelling were names, and of which type.

Learned on the training gold; `Tables.fit` gets other papers than those judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice, repeat

import numpy as np

from kg.extract.runs import starts_of

N_TYPES = 4
FIELDS = ("key", "last", "first", "last2", "shape", "prev", "next", "prev2", "next2", "next_noun")
"""What the tables are about, in the order of their columns."""


@dataclass(slots=True)
class Evidence:
    """The features of some groups, before the tables are asked."""

    numbers: np.ndarray  # (G, F) float32
    strings: dict[str, list[str]]  # for each of FIELDS the values to look up, group after group
    sizes: dict[str, np.ndarray]  # for each of FIELDS (G,) how many of the values are each group's


class Tables:
    """How often things were names of each type in the training gold, value by value of each of `FIELDS`.

    Args:
        rows: field -> value -> row of ``counts``; row 0 stands for what was never seen.
        counts: (R, 5) in how many papers the value was seen, and in how many as a name of each type.
        prior: (4,) the rates over all candidates.
    """

    WEIGHT = 3.0
    """Papers' worth of prior in a smoothed rate."""

    def __init__(self, rows: dict[str, dict[str, int]], counts: np.ndarray, prior: np.ndarray) -> None:
        self.rows, self.counts, self.prior = rows, counts, prior
        seen = counts[:, :1]
        rates = (counts[:, 1:] + self.WEIGHT * prior) / (seen + self.WEIGHT)
        self._table = np.concatenate([np.log1p(seen), rates], axis=1).astype(np.float32)

    @classmethod
    def fit(cls, seen: Iterable[tuple[Evidence, np.ndarray]], least: int = 2) -> Tables:
        """Count over groups of candidates.

        Args:
            seen: evidence, and the index of the type that the gold gives to each of its groups, -1 for none.
            least: values (but for spellings) that are seen less often are dropped.
        """
        counts: dict[str, dict[str, list[int]]] = {f: {} for f in FIELDS}
        total = [0] * (1 + N_TYPES)
        for evidence, kinds in seen:
            for kind in kinds.tolist():
                total[0] += 1
                if kind >= 0:
                    total[1 + kind] += 1
            for name in FIELDS:
                values = iter(evidence.strings[name])
                for size, kind in zip(evidence.sizes[name].tolist(), kinds.tolist(), strict=True):
                    for value in set(islice(values, size)):
                        row = counts[name].setdefault(value, [0] * (1 + N_TYPES))
                        row[0] += 1
                        if kind >= 0:
                            row[1 + kind] += 1
        prior = np.array(total[1:], dtype=np.float32) / max(total[0], 1)
        rows: dict[str, dict[str, int]] = {}
        table = [[0] * (1 + N_TYPES)]
        for name in FIELDS:
            rows[name] = {}
            for value, row in sorted(counts[name].items()):
                if row[0] >= (1 if name == "key" else least):
                    rows[name][value] = len(table)
                    table.append(row)
        return cls(rows, np.array(table, dtype=np.float32), prior)

    def look_up(self, evidence: Evidence) -> np.ndarray:
        """Return (G, 5 * fields): for each field how much was seen and the smoothed rate of each type, as means."""
        n = len(evidence.numbers)
        out = np.empty((n, len(FIELDS), 1 + N_TYPES), dtype=np.float32)
        for f, name in enumerate(FIELDS):
            values, sizes = evidence.strings[name], evidence.sizes[name]
            rows = np.fromiter(map(self.rows[name].get, values, repeat(0)), dtype=np.int64, count=len(values))
            if (sizes == 1).all():
                out[:, f] = self._table[rows]
                continue
            known = rows > 0  # the mean over those that were seen
            sizes = np.bincount(np.repeat(np.arange(n), sizes)[known], minlength=n)
            some = sizes > 0
            sums = np.add.reduceat(self._table[rows[known]], starts_of(sizes)[some], axis=0)
            out[:, f] = self._table[0]
            out[some, f] = sums / sizes[some, None]
        return out.reshape(n, -1)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return all as arrays for `numpy.savez`."""
        values = json.dumps({name: list(self.rows[name]) for name in FIELDS})
        return {
            "table_values": np.frombuffer(values.encode(), dtype=np.uint8),
            "table_counts": self.counts.astype(np.uint16),
            "table_prior": self.prior,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Tables:
        """Read back what `to_arrays` gave."""
        rows: dict[str, dict[str, int]] = {}
        row = 1
        for name, values in json.loads(arrays["table_values"].tobytes()).items():
            rows[name] = {value: row + i for i, value in enumerate(values)}
            row += len(values)
        return cls(rows, arrays["table_counts"].astype(np.float32), arrays["table_prior"])
