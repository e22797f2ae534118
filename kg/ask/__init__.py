"""Questions to a graph: `KnowledgeGraph`, whose methods carry the names of the commands and return plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx

from kg.ask import around as _around
from kg.ask import entity as _entity
from kg.ask import explain as _explain
from kg.ask import lineage as _lineage
from kg.ask import papers as _papers
from kg.ask import search as _search
from kg.ask import views as _views
from kg.ask.database import Database
from kg.ask.filters import Filters, check_types
from kg.ask.names import NameIndex
from kg.ask.selection import Selection
from kg.errors import ExportError, UnknownNameError
from kg.graph.network import assemble
from kg.graph.store import is_own, read_build

if TYPE_CHECKING:
    from kg.records import Problem
    from kg.resolve.curation import Entry

Row = dict[str, Any]


class KnowledgeGraph:
    """The graph in an outputs folder, as it was when it was opened: a later build does not change its answers.

    Every ``name`` may be any spelling of an entity, its label or its id; an unknown one raises `UnknownNameError`,
    which suggests the nearest. ``min_confidence`` (0 to 1) leaves out links and relations that are less sure.
    """

    def __init__(self, folder: str | Path, *, check: bool = True) -> None:
        """Open a folder; with ``check``, see that all its files are there."""
        self.folder = Path(folder)
        if check:
            read_build(self.folder)
        self.keeper: Any = None  # keeps a temporary folder alive as long as its graph
        self._db = Database(self.folder)
        self.build: Row = self._db.build

    @cached_property
    def _names(self) -> NameIndex:
        return NameIndex(self._db)

    @cached_property
    def _lineages(self) -> _lineage.Lineages:
        return _lineage.Lineages(self._db)

    def find(self, name: str) -> str:
        """Return the id of the entity that a name stands for."""
        return self._names.find(name)

    def namesakes(self, name: str) -> list[Row]:
        """Return the other entities that bear a name, with their papers; none for an id, which is one entity's own."""
        known = (self._names.entities[id] for id in self._names.namesakes(name))
        return [{**one.ref(), "papers": one.papers} for one in known]

    def about(self, name: str) -> Row:
        """Return an entity in short: id, label, type, number of papers, date first seen, year of its own paper."""
        id = self.find(name)
        return _lineage.known(self._db, self._names, [id])[id]

    def papers(
        self, name: str | None = None, *, roles: Sequence[str] = (), exact: bool = False, min_confidence: float = 0.0
    ) -> list[Row]:
        """Return the papers linked to an entity and, unless ``exact``, to its versions and sizes.

        Each paper once, by its strongest link, strongest role first; without a name, all papers.
        """
        if name is None:
            return _papers.all_papers(self._db)
        id = self.find(name)
        ids = [id] if exact else self._names.with_variants(id)
        return _papers.papers_of(self._db, self._names, ids, roles, min_confidence)

    def paper(self, id: str, *, min_confidence: float = 0.0) -> Row:
        """Return one paper with its mentions, links, relations and the papers most like it."""
        return _papers.paper(self._db, self._names, id, min_confidence)

    def entity(self, name: str, *, min_confidence: float = 0.0) -> Row:
        """Return one entity: type, aliases, family, papers by role, lineage, what it is used with."""
        return _entity.entity(self._db, self._names, self._lineages, self.find(name), min_confidence)

    def explain(self, name: str) -> Row:
        """Return why an entity is what it is: its spellings with the rules that joined them, and its family's rules."""
        return _explain.explain(self._db, self._names, self.find(name))

    @property
    def curation_file(self) -> Path:
        """The file of corrections that the build replayed, or would have if it were there."""
        from kg.read import path_of  # the readers, which no question needs

        return path_of(self.build["curation"]["file"])

    def unsettled(self, entry: Entry, earlier: Iterable[Entry] = ()) -> list[Problem]:
        """Return what keeps a correction from applying to this graph; ``earlier``: the entries of its file."""
        from kg.ask.corrections import unsettled

        return unsettled(self._db, self._names, entry, earlier)

    def lineage(self, name: str, *, min_confidence: float = 0.0, background: bool = True) -> Row:
        """Return ancestors and descendants, nearest first, each step with its relation and evidence.

        Entities come with their papers, the date first seen and, where the background knows it, the year of their own
        paper. ``cycles`` holds the steps that were left out because they would lead round in a circle: ``step`` and
        the labels of the ``way`` round.
        """
        id = self.find(name)
        walks = [self._lineages.walk(id, up, min_confidence, background) for up in (True, False)]
        inside = {id} | {end for walk in walks for _, edge in walk for end in edge[:2]}
        left_out = [(0, edge) for edge in self._lineages.cycles if edge[0] in inside and edge[1] in inside]
        up, down, steps = (
            _lineage.describe(self._db, self._names, self._lineages, walk) for walk in (*walks, left_out)
        )
        ways = [[self._names.entities[e].label for e in self._lineages.cycles[edge]] for _, edge in left_out]
        return {
            "entity": self.about(id),
            "ancestors": up,
            "descendants": down,
            "cycles": [{"step": step, "way": way} for step, way in zip(steps, ways, strict=True)],
        }

    def search(self, text: str, *, limit: int = 20, min_confidence: float = 0.0) -> dict[str, list[Row]]:
        """Return the entities and papers that match a text, best first."""
        return _search.search(self._db, self._names, text, limit, min_confidence)

    def entities(
        self,
        types: Sequence[str] = (),
        *,
        min_papers: int = 1,
        limit: int | None = None,
        order: str = "papers",
        offset: int = 0,
        min_confidence: float = 0.0,
    ) -> list[Row]:
        """Return entities, those with most papers first, or ordered by "name" or "first_date" (newest first)."""
        only = Filters(types, min_papers=min_papers, min_confidence=min_confidence)
        return _views.entities(self._db, only, limit, order, offset)

    def count_entities(self, types: Sequence[str] = (), *, min_papers: int = 1, min_confidence: float = 0.0) -> int:
        """Return how many entities there are, of some types or all."""
        return _views.count_entities(self._db, Filters(types, min_papers=min_papers, min_confidence=min_confidence))

    def newest(self, years: Sequence[str] = (), *, limit: int = 100, offset: int = 0) -> Row:
        """Return a part of the papers of some years ("2024") or all, newest first, as ``total`` and ``papers``."""
        return _papers.newest(self._db, years, limit, offset)

    def overview(self, *, min_confidence: float = 0.0) -> Row:
        """Return counts, the most used entities by type, papers by month, and the build's own record."""
        return {**_views.overview(self._db, min_confidence), "build": self.build}

    def movement(self, *, limit: int = 5, min_papers: int = 4, min_confidence: float = 0.0) -> Row:
        """Return what rose and what fell most between the last two years that have papers, by share of the papers.

        ``years`` and how many papers each has (``totals``), the earlier first; ``rises`` and ``falls``: at most
        ``limit`` entities each, strongest change first, with their papers in either year (``counts``). Entities with
        fewer than ``min_papers`` in both years together are left out.
        """
        return _views.movement(self._db, self._names, limit, min_papers, min_confidence)

    def merged(self) -> Row:
        """Return how many papers were merged from several records, and what merging had to decide."""
        rows = self._db.rows("SELECT id, notes FROM papers WHERE len(sources) > 1 ORDER BY id")
        return {"papers": len(rows), "notes": [note for r in rows for note in r["notes"] or ()]}

    def neighbourhood(
        self,
        name: str | None = None,
        *,
        hops: int = 1,
        types: Sequence[str] = (),
        roles: Sequence[str] = (),
        years: tuple[int, int] | None = None,
        min_papers: int = 1,
        limit: int = 300,
        min_confidence: float = 0.0,
    ) -> Row:
        """Return what a screen can draw: the nodes around an entity or paper, or the busiest of a filtered corpus."""
        only = Filters(types, roles, years, min_papers, min_confidence)
        if name is None:
            return _views.whole(self._db, self._names, limit, only)
        return _around.around(self._db, self._names, self._node(name), hops, limit, only)

    def matrix(
        self, rows: str = "method", columns: str = "benchmark", *, limit: int = 30, min_confidence: float = 0.0
    ) -> Row:
        """Return a table of two types with the papers behind each cell."""
        return _views.matrix(self._db, self._names, rows, columns, limit, min_confidence)

    def _node(self, name: str) -> str:
        """Return the id of an entity by name, or of a paper by id."""
        try:
            return self.find(name)
        except UnknownNameError:
            if self._db.value("SELECT count(*) FROM papers WHERE id = ?", [name]):
                return name
            raise

    def rows(
        self, name: str | None = None, *, hops: int = 1, types: Sequence[str] = (), min_confidence: float = 0.0
    ) -> Selection:
        """Return the whole graph, or the part within some hops of an entity or paper, as nodes and edges."""
        check_types(types)
        start = None if name is None else self._node(name)
        return Selection(self._db, start, hops, types, min_confidence)

    @cached_property
    def graph(self) -> nx.MultiDiGraph:
        """The whole graph; edge keys are roles and relations, nodes carry ``kind`` and ``label``."""
        rows = self.rows()
        return assemble(rows.nodes(), rows.edges())

    def subgraph(
        self, name: str, *, hops: int = 1, types: Sequence[str] = (), min_confidence: float = 0.0
    ) -> nx.MultiDiGraph:
        """Return the part of the graph within some hops of an entity or paper."""
        rows = self.rows(name, hops=hops, types=types, min_confidence=min_confidence)
        return assemble(rows.nodes(), rows.edges())

    def export(
        self,
        format: str,
        path: str | Path,
        *,
        entity: str | None = None,
        hops: int = 1,
        types: Sequence[str] = (),
        min_confidence: float = 0.0,
    ) -> Path:
        """Write the graph, or the part around an entity, in one of ``kg.export.FORMATS``; return the path.

        Raises:
            ExportError: if the path is a file of the build itself, the format is unknown or the path cannot be written.
        """
        from kg.export import export

        if is_own(self.folder, Path(path)):
            raise ExportError(f"{path}: is a file of the graph itself, which every question needs; name another file")
        return export(format, path, self.rows(entity, hops=hops, types=types, min_confidence=min_confidence))

    def verify(self) -> list[str]:
        """Return what is wrong with the outputs: an empty list when every promise holds."""
        from kg.verify import verify

        return verify(self.folder)
