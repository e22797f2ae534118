"""Training of the component ``roles`` from gold papers.

The gold entities stand in for found ones: their surfaces give the mentions. Deterministic: the same rows, the same
weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np
import spacy
from scipy.optimize import minimize_scalar
from spacy.language import Language
from spacy.tokens import Doc

from kg.extract import extensions, sentences, tokenizer  # noqa: F401  (registers the components)
from kg.extract.context import Context, read_context
from kg.extract.entities import JudgedName, claim_places
from kg.extract.linear import keys_of, probabilities
from kg.extract.pipeline import make_doc
from kg.extract.role_features import entity_leanings, gather, mention_features
from kg.extract.roles import RoleModel, all_features
from kg.records import Mention, PaperEntity
from kg.schema import ROLES
from kg.train.linear import fit, least_rows

Row = Mapping[str, Any]


def reader() -> Language:
    """Return the pipeline that gold papers go through: tokens and sentences, nothing learned."""
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "kg.PaperTokenizer.v1"}}})
    nlp.add_pipe("paper_sentences")
    return nlp


def gold_doc(nlp: Language, row: Row, leanings: np.ndarray | None = None) -> Doc:
    """Return a gold paper as a `Doc` with its entities in ``doc._.entities``, mentions found by their surfaces.

    Args:
        nlp: the pipeline, as `reader` gives it, or with ``name_tagger`` beside.
        row: the paper.
        leanings: (tokens, 7) what a tagger that has not seen the paper says of its words, if one was asked.
    """
    doc = nlp(make_doc(nlp, row["title"], row["abstract"]))
    if leanings is not None:
        doc._.leanings = leanings
    names = [JudgedName(tuple(e["surfaces"]), (), ()) for e in row["entities"]]
    fields = extensions.fields_of(doc)
    places = claim_places(doc.text, names, fields.title_end)
    doc._.entities = [
        PaperEntity(
            name=e["name"],
            type=e["type"],
            role=e.get("role", ROLES[-1]),
            surfaces=tuple(e["surfaces"]),
            mentions=tuple(Mention(fields.span(a, b), doc.text[a:b]) for a, b in mine),
        )
        for e, mine in zip(row["entities"], places, strict=True)
    ]
    return doc


def held_out(paper_id: str, part: float = 0.2) -> bool:
    """Say whether a paper belongs to the part of the training data on which choices are made; fixed by its id."""
    return crc32(paper_id.encode()) % 1000 < part * 1000


def train_roles(rows: Sequence[Row], leanings: Sequence[np.ndarray | None] | None = None) -> RoleModel:
    """Train on gold rows (see ``docs/guidelines.md`` for their form).

    The temperature is set on a held-out part, by a model that has not seen it; the weights then come from all rows.

    Args:
        rows: gold papers.
        leanings: for each (tokens, 7) what a tagger that has not seen it says of its words; not known if None.
    """
    nlp = reader()
    said = leanings or [None] * len(rows)
    docs = [gold_doc(nlp, row, own) for row, own in zip(rows, said, strict=True)]
    contexts = [read_context(doc, doc._.entities) for doc in docs]
    kept = [c for c in contexts if c.entities]
    aside = [c for row, c in zip(rows, contexts, strict=True) if c.entities and held_out(row["id"])]
    seen = [c for row, c in zip(rows, contexts, strict=True) if c.entities and not held_out(row["id"])]
    temperature = 1.0
    if aside and seen:
        temperature = _temperature(fit_roles(seen), aside)
    model = fit_roles(kept)
    model.temperature = temperature
    return model


def _targets(contexts: Sequence[Context]) -> np.ndarray:
    return np.array([ROLES.index(e.role) for c in contexts for e in c.entities])


def fit_roles(contexts: Sequence[Context], iterations: int = 100) -> RoleModel:
    """Train on papers whose entities carry the right roles, without a temperature."""
    batch = gather(contexts)
    owner, features = all_features(batch, contexts, mention_features(batch))
    linear = fit(
        keys_of(owner, features, batch.n_entities),
        _targets(contexts),
        len(ROLES),
        min_rows=least_rows(len(contexts)),
        iterations=iterations,
        numbers=entity_leanings(batch),
    )
    return RoleModel(linear, 1.0)


def _temperature(model: RoleModel, contexts: Sequence[Context]) -> float:
    """Return the temperature at which the model's probabilities fit best (Guo et al. 2017)."""
    scores, _, _ = model.scores(contexts)
    target = _targets(contexts)

    def loss(temperature: float) -> float:
        return float(-np.log(probabilities(scores / temperature)[np.arange(len(target)), target] + 1e-12).mean())

    return round(float(minimize_scalar(loss, bounds=(0.3, 5.0), method="bounded").x), 4)
