"""Turn titles and abstracts of papers into a knowledge graph of methods, models, datasets and benchmarks.

>>> import kg
>>> graph = kg.build("seeds/")  # doctest: +SKIP
>>> graph.papers("Llama")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kg.errors import (
    CurationError,
    ExportError,
    GoldError,
    KGError,
    OutputsError,
    SourceError,
    UnknownNameError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from kg.ask import KnowledgeGraph

__all__ = [
    "CurationError",
    "ExportError",
    "GoldError",
    "KGError",
    "KnowledgeGraph",
    "OutputsError",
    "SourceError",
    "UnknownNameError",
    "build",
    "load",
]


def load(folder: str | Path = "outputs/") -> KnowledgeGraph:
    """Open the graph in an outputs folder.

    Raises:
        OutputsError: if the folder holds no graph.
    """
    from kg.ask import KnowledgeGraph

    return KnowledgeGraph(folder)


def __getattr__(name: str) -> Any:
    """Import what needs spaCy, DuckDB or networkx when it is first asked for: ``kg --help`` answers at once."""
    if name == "build":
        from kg.pipeline import build

        return build
    if name == "KnowledgeGraph":
        from kg.ask import KnowledgeGraph

        return KnowledgeGraph
    if name == "__version__":
        from importlib.metadata import version

        return version("paper-kg")
    raise AttributeError(f"module 'kg' has no attribute {name!r}")
