"""What components share that read several papers together: one paper at a time, or a stream in batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

from spacy.tokens import Doc
from spacy.util import minibatch


class BatchComponent(ABC):
    """A component of spaCy whose work is a function of a list of papers."""

    def __call__(self, doc: Doc) -> Doc:
        """Read one paper."""
        self._read([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], batch_size: int = 64) -> Iterator[Doc]:
        """Read a stream of papers, a batch at a time."""
        for docs in minibatch(stream, batch_size):
            batch = list(docs)
            self._read(batch)
            yield from batch

    @abstractmethod
    def _read(self, docs: list[Doc]) -> None:
        """Set what this component finds on each of the papers."""
