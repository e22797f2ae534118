"""From what single papers say to the entities of the corpus: one page for one thing.

`resolve` joins spellings, acronyms and full forms, hangs versions and sizes below their families, and replays the
corrections of a curation file. The rules and thresholds are told in ``docs/resolution.md``.
"""

from kg.resolve.curation import Curation
from kg.resolve.resolution import Resolution, ResolvedEntity, Spelling, Variant
from kg.resolve.resolver import resolve

__all__ = ["Curation", "Resolution", "ResolvedEntity", "Spelling", "Variant", "resolve"]
