"""Time and memory of resolution on synthetic corpora: 15,000 to 75,000 papers of four entities each.

Names follow the shape of real ones: a few names in many papers, a long tail of names in one; spelling variants,
acronyms with full forms, versions and sizes; making them counts. Run: ``python bench/resolve.py [PAPERS ...]``.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Iterator
from functools import lru_cache

from kg.records import Extraction, Mention, PaperEntity, Span
from kg.resolve import resolve
from kg.schema import ENTITY_TYPES

SYLLABLES = [
    "ba",
    "do",
    "fi",
    "gra",
    "ku",
    "lo",
    "mi",
    "ne",
    "po",
    "qua",
    "ri",
    "so",
    "tre",
    "vi",
    "xen",
    "zu",
    "net",
    "gan",
    "lin",
    "mor",
]
SIZES = ("7B", "13B", "70B", "1.5B", "0.6B")


@lru_cache(maxsize=1 << 18)
def word(number: int) -> str:
    """A name for a number: the same number gives the same name."""
    rng = random.Random(number)
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 4))).capitalize() + str(number % 97 or "")


def surfaces(rng: random.Random, number: int, kind: str) -> tuple[str, ...]:
    """Some of the spellings of the thing with this number."""
    name = word(number)
    if kind == "model":
        version = f"{number % 5}.{number % 3}"
        text = rng.choice((f"{name} {version}", f"{name}-{version}", f"{name}-{version}-{rng.choice(SIZES)}-Instruct"))
        return (rng.choice((text, text.upper(), text.lower())),)
    if kind == "method":
        words = [word(number * 7 + i).rstrip("0123456789") for i in range(3)]
        acronym = "".join(w[0] for w in words).upper() + "Net"
        full = rng.choice((" ".join(words), "-".join(words), " ".join(words).lower())) + " Network"
        return rng.choice(((acronym, full), (full,), (f"{name}ing",), (name,)))
    return (rng.choice((f"{name}Bench", f"{name}-Bench", f"{name} {2015 + number % 10}")),)


def corpus(papers: int, entities: int = 4) -> Iterator[Extraction]:
    """Yield extractions; the n-th commonest name stands about as often as in Zipf's law."""
    rng = random.Random(0)
    for paper in range(papers):
        found = []
        for _ in range(entities):
            kind = rng.choice(ENTITY_TYPES)
            number = int((papers * 2) ** rng.random())
            names = surfaces(rng, number, kind)
            mentions = tuple(Mention(Span("abstract", 0, len(n)), n) for n in names)
            found.append(PaperEntity(names[0], kind, rng.choice(("uses", "introduces")), names, mentions))
        yield Extraction(f"{paper:08}", tuple(found))


def main() -> None:
    """Print seconds, CPU seconds and peak memory for each size."""
    print(f"{'papers':>8} {'entries':>8} {'things':>8} {'seconds':>8} {'cpu s':>7} {'peak MB':>8}")
    for papers in map(int, sys.argv[1:] or ("15000", "37500", "75000")):
        started, cpu = time.perf_counter(), time.process_time()
        found = resolve(corpus(papers))
        seconds, used = time.perf_counter() - started, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{papers:8} {len(found.entity_of):8} {len(found.entities):8} {seconds:8.1f} {used:7.1f} {peak:8.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
