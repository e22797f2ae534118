"""What a paper does with each entity: the component ``roles``.

A linear classifier (`kg.extract.linear`) over the sentences that name the entity, where they stand, the entity itself
(`kg.extract.role_features`) and, where the component ``name_tagger`` has run, what that thinks of it. It chooses one
of ``kg.schema.ROLES`` for each entity of ``doc._.entities``, sets ``role``, ``role_confidence`` (the calibrated
probability of that role) and ``evidence``: of the sentences that name the entity, the one that speaks most for the
role. Usage::

    nlp = kg.extract.load()          # or add_pipe("roles") after whatever sets doc._.entities and the sentences
    doc = nlp(kg.extract.make_doc(nlp, title, abstract))
    [(e.name, e.role) for e in doc._.entities]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from kg.extract import extensions
from kg.extract.batches import BatchComponent
from kg.extract.context import Context, context_of
from kg.extract.linear import HashedLinear, probabilities
from kg.extract.role_features import (
    Batch,
    Pairs,
    entity_features,
    entity_leanings,
    gather,
    mention_features,
    mention_leanings,
)
from kg.records import PaperEntity
from kg.schema import ROLES

WEIGHTS = Path(__file__).parent / "weights" / "roles.npz"

_DIGITS = 6
"""Scores are rounded to so many decimals before they are compared, so that no last bit decides."""


@dataclass(slots=True)
class RoleModel:
    """The classifier: scores from the features, and the temperature that makes probabilities of them."""

    linear: HashedLinear
    temperature: float

    def save(self, path: Path = WEIGHTS) -> None:
        """Write the model to one ``.npz`` file."""
        self.linear.save(path, temperature=np.array(self.temperature))

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> RoleModel:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(HashedLinear.from_arrays(arrays), float(arrays["temperature"]))

    def scores(self, contexts: Sequence[Context]) -> tuple[np.ndarray, Batch, np.ndarray]:
        """Return (E, roles) scores of the entities, the batch, and (M, roles) votes of its single mentions."""
        batch = gather(contexts)
        spoken = mention_features(batch)
        votes = self.linear.scores(self.linear.matrix(*spoken, len(batch.at)), mention_leanings(batch))
        matrix = self.linear.matrix(*all_features(batch, contexts, spoken), batch.n_entities)
        return self.linear.scores(matrix, entity_leanings(batch)), batch, votes


def all_features(batch: Batch, contexts: Sequence[Context], spoken: Pairs) -> Pairs:
    """Return the features of the entities: their own and those of their mentions (``spoken``)."""
    owner, features = entity_features(batch, contexts)
    return np.concatenate([owner, batch.entity[spoken[0]]]), np.concatenate([features, spoken[1]])


@lru_cache(maxsize=2)
def _load(path: str) -> RoleModel:
    return RoleModel.load(Path(path))


class Roles(BatchComponent):
    """The component: see the module's docstring."""

    def __init__(self, model: RoleModel) -> None:
        self.model = model

    def _read(self, docs: list[Doc]) -> None:
        docs = [doc for doc in docs if doc._.entities]
        contexts = [context_of(doc) for doc in docs]
        if not contexts:
            return
        scores, batch, votes = self.model.scores(contexts)
        chosen = np.round(scores, _DIGITS).argmax(axis=1)
        sure = probabilities(scores / self.model.temperature)[np.arange(len(chosen)), chosen]
        speaking = np.round(votes[np.arange(len(votes)), chosen[batch.entity]] - votes.mean(axis=1), _DIGITS)
        best: dict[int, tuple[float, int]] = {}
        for entity, vote, sentence in zip(
            batch.entity.tolist(), speaking.tolist(), batch.sentence.tolist(), strict=True
        ):
            if entity not in best or vote > best[entity][0]:
                best[entity] = vote, sentence
        number = 0
        for doc, context in zip(docs, contexts, strict=True):
            found: list[PaperEntity] = []
            for entity in context.entities:
                evidence = context.span(best[number][1]) if number in best else None
                found.append(
                    replace(
                        entity,
                        role=ROLES[int(chosen[number])],
                        role_confidence=round(float(sure[number]), _DIGITS),
                        evidence=evidence,
                    )
                )
                number += 1
            doc._.entities = found


@Language.factory(
    "roles",
    requires=["doc._.entities", "token.is_sent_start"],
    assigns=["doc._.entities"],
    default_config={"weights": None},
)
def make_roles(nlp: Language, name: str, weights: str | None) -> Roles:
    """Create the component; ``weights`` is the path of an ``.npz`` file, or None for the shipped one."""
    return Roles(_load(str(weights or WEIGHTS)))


extensions.register()
