"""Which candidates are names, and of which type: the component ``name_judge``.

The tagger reads word by word; whether something is worth a page is seen from the whole paper: all the places that
name it, the nouns beside them, the definition of its acronym, what stands in a list with it. The judge gathers the
candidates (`kg.extract.candidates`), weighs the evidence for each (`kg.extract.evidence`) and gives it five
probabilities by boosted trees: one for each type, one for "no name". The trees were trained on what taggers said of
papers that they had not been trained on.

Needs ``name_tagger`` and ``abbreviations``; sets ``doc._.judged_names``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from kg.extract import extensions
from kg.extract.batches import BatchComponent
from kg.extract.calibration import Curve
from kg.extract.candidates import Group, Lexicon, Reading, find_groups
from kg.extract.entities import JudgedName
from kg.extract.evidence import weigh
from kg.extract.linear import HashedLinear
from kg.extract.tables import Tables
from kg.extract.tagger import WEIGHTS
from kg.extract.trees import Trees
from kg.extract.wording import verdict, wording
from kg.schema import ENTITY_TYPES

N_CLASSES = len(ENTITY_TYPES) + 1
"""The types, and "no name"."""

HOPELESS_CHANCE, HOPELESS_VERDICT = 0.05, 0.93
"""A group below the tagger's chance and above the linear model's "no name" is dropped unweighed.

A third of the groups; of 367 held-out papers they held 3 names in 860.
"""

WORTH_KEEPING = 0.02
"""Names less likely than this are not handed on."""


@dataclass(slots=True)
class Judge:
    """All that has been learned."""

    trees: Trees
    tables: Tables
    words: HashedLinear
    lexicon: Lexicon
    curve: Curve

    def __call__(self, readings: Sequence[Reading]) -> list[list[tuple[Group, np.ndarray]]]:
        """Return for each paper its groups of candidates, each with its five probabilities ("no name" last).

        Groups of which neither the tagger nor the linear model thinks anything are not weighed and left out. What is
        said of a paper does not depend on those beside it.
        """
        groups_of = [find_groups(reading, self.lexicon) for reading in readings]
        judged: list[list[tuple[Group, np.ndarray]]] = [[] for _ in readings]
        papers = [paper for paper, groups in enumerate(groups_of) for _ in groups]
        if not papers:
            return judged
        said = verdict(self.words, wording(readings, groups_of))
        seen = np.array([max(group.chances.values()) for groups in groups_of for group in groups])
        open_ = (seen >= HOPELESS_CHANCE) | (said[:, -1] <= np.log(HOPELESS_VERDICT))
        if not open_.any():
            return judged
        evidence = weigh(readings, groups_of, open_)
        looked_up = self.tables.look_up(evidence)
        chances = self.trees.predict(np.concatenate([evidence.numbers, looked_up, said[open_]], axis=1))
        groups = [group for groups in groups_of for group in groups]
        for number, row in zip(np.flatnonzero(open_).tolist(), chances, strict=True):
            judged[papers[number]].append((groups[number], row))
        return judged

    def to_disk(self, folder: Path) -> None:
        """Write ``judge.npz``; the same judge gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "names": sorted(self.lexicon.names),
            "prefixes": sorted(self.lexicon.prefixes),
            "curve": asdict(self.curve),
        }
        self.words.save(
            folder / "judge.npz",
            trees=np.frombuffer(self.trees.text.encode(), dtype=np.uint8),
            settings=np.frombuffer(json.dumps(settings).encode(), dtype=np.uint8),
            **self.tables.to_arrays(),
        )

    @classmethod
    def from_disk(cls, folder: Path) -> Judge:
        """Read what `to_disk` wrote."""
        with np.load(folder / "judge.npz") as arrays:
            settings = json.loads(arrays["settings"].tobytes())
            lexicon = Lexicon(frozenset(settings["names"]), frozenset(settings["prefixes"]))
            curve = Curve(tuple(settings["curve"]["slopes"]), tuple(settings["curve"]["offsets"]))
            trees = Trees(arrays["trees"].tobytes().decode())
            return cls(trees, Tables.from_arrays(arrays), HashedLinear.from_arrays(arrays), lexicon, curve)


def read_doc(doc: Doc) -> Reading:
    """Return what the judge needs of a `Doc` that the tagger and ``abbreviations`` have read."""
    tokens, fields = extensions.tokens_of(doc), extensions.fields_of(doc)
    definitions = [(fields.place(short), fields.place(long)) for short, long in doc._.abbreviations]
    return Reading(
        tokens.text,
        fields.title_end,
        tokens.words,
        tokens.starts,
        tokens.ends,
        doc._.label_scores,
        definitions,
        tokens.looks,
    )


def judged_name(reading: Reading, group: Group, chances: np.ndarray, curve: Curve) -> JudgedName:
    """Return a group as the value that ``paper_entities`` decides on."""
    places = tuple((reading.starts[i], reading.ends[j - 1]) for i, j in group.places)
    of_types = tuple(float(c) for c in chances[: len(ENTITY_TYPES)])
    likeliest = max(range(len(of_types)), key=of_types.__getitem__)
    return JudgedName(tuple(group.surfaces), places, of_types, curve(of_types[likeliest], likeliest))


@lru_cache(maxsize=4)
def shipped(folder: Path = WEIGHTS) -> Judge:
    """Return the judge whose weights lie in ``folder``, read once."""
    return Judge.from_disk(folder)


class NameJudge(BatchComponent):
    """The component: see the module's docstring."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge

    def _read(self, docs: list[Doc]) -> None:
        """Set ``doc._.judged_names``."""
        readings = [read_doc(doc) for doc in docs]
        for doc, reading, judged in zip(docs, readings, self.judge(readings), strict=True):
            doc._.judged_names = [
                judged_name(reading, group, chances, self.judge.curve)
                for group, chances in judged
                if 1 - chances[-1] >= WORTH_KEEPING
            ]


@Language.factory(
    "name_judge",
    requires=["doc._.label_scores", "doc._.abbreviations"],
    assigns=["doc._.judged_names"],
    default_config={"weights": None},
)
def make_name_judge(nlp: Language, name: str, weights: str | None) -> NameJudge:
    """Create the component from the weights shipped with the package, or those in the folder ``weights``."""
    return NameJudge(shipped(Path(weights) if weights else WEIGHTS))


extensions.register()
