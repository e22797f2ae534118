"""The exceptions a caller may want to catch. Each message is one line: what, where, and what to do."""

from __future__ import annotations


class KGError(Exception):
    """Base of all errors that this package explains."""


class SourceError(KGError):
    """A source of papers is missing, unreadable or in no format known here."""


class OutputsError(KGError):
    """The outputs folder holds no graph, or one that is broken or of another version."""


class UnknownNameError(KGError):
    """A name or id that the graph does not hold; ``suggestions`` lists the nearest ones."""

    def __init__(self, message: str, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.suggestions = suggestions


class ExportError(KGError):
    """An export that cannot be written: unknown format or a target that is in the way."""


class CurationError(KGError):
    """An entry of the curation file that cannot be read or applied."""


class GoldError(KGError):
    """A gold file that is not in the form that the guidelines give."""
