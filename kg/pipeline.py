"""``kg.build``: the way of a paper through the rooms, from the sources to the outputs folder.

read -> extract (cached by content) -> resolve -> tables -> graph file. Papers are streamed from a Parquet file
between the steps, never held as a whole.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from importlib.metadata import version as package_version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from toolz import partition_all

from kg.ask import KnowledgeGraph
from kg.collector import collector_paused
from kg.errors import KGError, SourceError
from kg.export.graphml import write_graphml
from kg.graph import cluster
from kg.graph import engine as engines
from kg.graph.cache import ExtractionCache, content_key
from kg.graph.columns import Columns, Known, decoded
from kg.graph.families import settle_families
from kg.graph.store import BUILD, GRAPH, file_hash, replacing
from kg.graph.tables import Edits, RelationRow, iter_papers, new_papers, write_papers, write_tables
from kg.graph.words import FILE as WORDS
from kg.graph.words import Before, remember, write_words
from kg.read import file_name, list_files, merge, read_records
from kg.records import Extraction, Paper, Problem, Progress, Report
from kg.resolve import Resolution
from kg.resolve.background import join_background
from kg.resolve.curation import Curation, settle_links, settle_relations
from kg.resolve.readings import Readings
from kg.resolve.resolver import resolve_named

CURATION = "curation.yaml"
EXTRACTIONS, COLUMNS, READINGS, INDEXED = "extractions.sqlite", "columns.arrow", "readings.arrow", "indexed.arrow"
"""What is kept in ``.cache`` of an outputs folder.

Extractions, the same as columns, how surfaces are read, and of which papers the index of words is.
"""


def build(
    sources: Iterable[str | Path] | str | Path,
    out: str | Path | None = None,
    *,
    engine: str = "local",
    workers: int | None = None,
    scheduler: str | None = None,
    curation: str | Path | None = None,
    with_background: bool = True,
    progress: Progress | None = None,
) -> KnowledgeGraph:
    """Build the graph of the papers in some files and folders.

    Parameters:
        sources: listing pages, JSON Lines, CSV (plain or gzipped), or folders of them.
        out: the outputs folder, replaced whole or not at all; None keeps the graph for this process only.
        engine: "local" or "dask".
        workers: processes that extract; all cores if None.
        scheduler: address of a Dask scheduler, for the engine "dask"; a local cluster if None.
        curation: the file of corrections; a ``curation.yaml`` beside the sources if None.
        with_background: whether lineages from the background file are joined to what the papers name.
        progress: called as the build goes on.

    Returns:
        The graph; its ``build`` holds the counts, the inputs and what could not be read.

    Raises:
        SourceError: if a source is missing or holds no paper at all.
        OutputsError: if ``out`` cannot be written.
    """
    paths = [Path(s) for s in ([sources] if isinstance(sources, str | Path) else sources)]
    if not paths:
        raise SourceError("no source given; name a file or a folder of papers")
    if engine not in ("local", "dask"):
        raise KGError(f"{engine}: no such engine; it is 'local' or 'dask'")
    if scheduler and engine != "dask":
        raise KGError(f"a scheduler ({scheduler}) is for the engine 'dask'; add --engine dask")
    keeper = TemporaryDirectory(prefix="kg-") if out is None else None
    folder = Path(keeper.name if keeper else out)  # type: ignore[arg-type]
    run = _Run(paths, progress or (lambda step, done, total: None), None if keeper else folder / ".cache")
    corrections = curation_file(curation, paths)
    workers = workers or engines.cores()
    with replacing(folder) as staging, closing(run):
        if engine == "local" and workers > 1 and run.grown(folder):
            run.standby = engines.Standby()
        run.read(staging)
        cache = ExtractionCache(run.kept and run.kept / EXTRACTIONS, run.extractor)
        try:
            corpus = run.extract(staging, cache, engine, workers, scheduler)
            with collector_paused():
                run.resolve(staging, corpus, corrections, with_background)
        finally:
            cache.close()
        run.finish(staging, folder)
    graph = KnowledgeGraph(folder)
    graph.keeper = keeper
    return graph


def build_from_extractions(
    papers: Iterable[Paper],
    extractions: Iterable[Extraction],
    out: str | Path,
    *,
    curation: str | Path | None = None,
    with_background: bool = True,
) -> KnowledgeGraph:
    """Build the graph of papers whose extractions are there already, such as an annotator's.

    Parameters:
        papers: the papers.
        extractions: one a paper, matched by id; a paper without one has no mentions.
        out: the outputs folder, replaced whole or not at all.
        curation: a file of corrections.
        with_background: as for `build`.
    """
    out = Path(out)
    found = {e.paper: e for e in extractions}
    run = _Run([], lambda step, done, total: None)
    with replacing(out) as staging, closing(run):
        count = write_papers(run.noted(sorted(papers, key=lambda p: p.id)), staging)
        run.counts |= {"records": count, "papers": count, "extracted": 0, "from_cache": count}
        rows = decoded((key, found.get(id, Extraction(id))) for id, key in zip(run.ids, run.keys, strict=True))
        run.resolve(staging, Columns(run.ids, rows), Path(curation or CURATION), with_background)
        run.finish(staging, out)
    return KnowledgeGraph(out)


def curation_file(path: str | Path | None, sources: Sequence[Path]) -> Path:
    """Return the file of corrections: the one named, else the first that stands beside a source, else where one would.

    Raises:
        SourceError: if the one named is not there.
    """
    if path is not None:
        if not Path(path).is_file():
            raise SourceError(f"{path}: no such curation file")
        return Path(path)
    beside = [(s if s.is_dir() else s.parent) / CURATION for s in sources]
    return next((p for p in beside if _is_file(p)), beside[0])


class _Run:
    """One build: its steps in order, their timings and counts."""

    def __init__(self, sources: list[Path], progress: Progress, kept: Path | None = None) -> None:
        from kg.extract import version

        self.sources = sources
        self.progress = progress
        self.kept = kept  # the folder of what builds remember
        self.extractor = version()
        self.ids: list[str] = []
        self.keys: list[bytes] = []  # content of each paper
        self.standby: engines.Standby | None = None
        self.report = Report()
        self.counts: dict[str, Any] = {}
        self.timings: dict[str, float] = {}
        self.corrections: dict[str, Any] = {}
        self._clock = time.perf_counter()
        self._aside = ThreadPoolExecutor(1)
        self._words: Future[None] | None = None

    def close(self) -> None:
        """Wait for what is done aside."""
        self._aside.shutdown()
        if self.standby:
            self.standby.close()

    def grown(self, folder: Path) -> bool:
        """Return whether it looks as if there were papers that the build before had not: a new or changed source."""
        try:
            before = json.loads((folder / BUILD).read_text(encoding="utf-8"))
            then, read = (folder / BUILD).stat().st_mtime, {source["file"] for source in before["inputs"]}
            files = list_files(self.sources)
            return before["versions"]["extractor"] == self.extractor and any(
                file_name(file) not in read or file.stat().st_mtime > then for file in files
            )
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def noted(self, papers: Iterable[Paper]) -> Iterator[Paper]:
        """Yield papers, sorted by id, and take note of their ids and contents."""
        for paper in papers:
            self.ids.append(paper.id)
            self.keys.append(content_key(paper))
            yield paper

    def index_words(self, staging: Path) -> None:
        """Have the index of words written, while Python does something else."""
        if self._words is None and not (staging / WORDS).exists():
            self._words = self._aside.submit(self._index_words, staging)

    def _index_words(self, staging: Path) -> None:
        before = Before.load(self.kept.parent, self.kept / INDEXED) if self.kept else None
        if before is not None and before.covers(self.keys):
            before.write(staging, self.keys)
        else:
            write_words(staging)

    def _done(self, step: str) -> None:
        now = time.perf_counter()
        self.timings[step] = round(now - self._clock, 3)
        self._clock = now

    def read(self, staging: Path) -> None:
        """Read all sources into ``papers.parquet``."""
        total = 0

        def counted(records: Iterable[Any]) -> Iterator[Any]:
            nonlocal total
            for total, record in enumerate(records, 1):
                if total % 100 == 0:
                    self.progress("reading", total, None)
                yield record

        papers = write_papers(self.noted(merge(counted(read_records(self.sources, self.report)), self.report)), staging)
        self.progress("reading", total, total)
        self.counts |= {"records": total, "papers": papers}
        self._done("read")

    def extract(
        self,
        staging: Path,
        cache: ExtractionCache,
        engine: str,
        workers: int,
        scheduler: str | None,
    ) -> Columns:
        """Extract what the cache does not hold yet, and return the extractions of all papers."""
        known = Known(self.kept and self.kept / COLUMNS, self.extractor)
        unknown = known.missing(self.keys)
        wanted = cache.missing(unknown)
        if len(wanted) <= engines.Standby.MOST and engine == "local":
            self.index_words(staging)  # the extraction leaves a core free
        if wanted:
            self._extract(staging, cache, wanted, engine, workers, scheduler)
        self.counts["extracted"] = len(wanted)
        self.counts["from_cache"] = len(self.ids) - len(wanted)
        corpus = known.joined(self.ids, self.keys, decoded(self._extractions(staging, cache, unknown)))
        self._done("extract")
        return corpus

    def _texts(self, staging: Path, contents: Collection[bytes]) -> Iterator[tuple[bytes, Paper]]:
        """Yield one paper, with its content, for each of some contents."""
        wanted = set(contents)
        first = {key: place for place, key in reversed(list(enumerate(self.keys))) if key in wanted}
        places = sorted(first.values())
        papers = iter_papers(staging, texts_only=True, places=places)
        return ((self.keys[place], paper) for place, paper in zip(places, papers, strict=True))

    def _extractions(
        self, staging: Path, cache: ExtractionCache, contents: Collection[bytes]
    ) -> Iterator[tuple[bytes, Extraction]]:
        """Yield the extractions of some contents, out of the cache."""
        for part in partition_all(500, self._texts(staging, contents)):
            rows = cache.get([key for key, _ in part])
            for key, paper in part:
                texts = {"title": paper.title, "abstract": paper.abstract}
                yield key, Extraction.from_dict(json.loads(rows[key]), texts)

    def _extract(
        self,
        staging: Path,
        cache: ExtractionCache,
        wanted: Collection[bytes],
        engine: str,
        workers: int,
        scheduler: str | None,
    ) -> None:
        """Extract the papers of some contents into the cache."""
        todo = len(wanted)
        keys: list[bytes] = []  # of the papers sent out, in order

        def chunks() -> Iterator[engines.Chunk]:
            for part in partition_all(engines.CHUNK_SIZE, self._texts(staging, wanted)):
                keys.extend(key for key, _ in part)
                yield [(p.id, p.title, p.abstract) for _, p in part]

        def keep(results: Iterable[list[str]]) -> None:
            done = 0
            for rows in results:
                cache.put(dict(zip(keys[done : done + len(rows)], rows, strict=True)))
                done += len(rows)
                self.progress("extracting", done, todo)

        self.progress("extracting", 0, todo)
        if engine == "dask":
            with cluster.connected(workers, scheduler) as client:
                keep(cluster.extract(client, chunks()))
                cluster.write_words(client, _numbered_texts(staging), staging)
        elif self.standby and todo <= engines.Standby.MOST:
            keep(self.standby.extract(chunks()))
        elif workers > 1 and todo > engines.CHUNK_SIZE:
            keep(engines.on_cores(chunks(), workers))
        else:
            keep(engines.in_process(chunks()))

    def resolve(
        self,
        staging: Path,
        corpus: Columns,
        curation: Path,
        with_background: bool,
    ) -> None:
        """Resolve names over the whole corpus and write the other tables."""
        papers = self.counts["papers"]
        self.index_words(staging)
        self.progress("resolving", 0, papers)
        corrections = Curation.load(curation)
        readings = Readings.load(self.kept / READINGS) if self.kept else Readings()
        resolution = resolve_named(corpus.namings(), corrections, readings)
        if self.kept:
            readings.keep(self.kept / READINGS)
        self.progress("resolving", papers, papers)
        self._done("resolve")
        self.progress("writing", 0, papers)
        edits, problems = _edits(corrections, resolution, corpus.ids)
        named = {e.id for e in resolution.entities}
        known = _known(resolution, with_background)
        known, circles = settle_families(resolution, known, edits)
        background = {e.id for e in resolution.entities} - named
        self.counts |= write_tables(staging, corpus, resolution, known, edits, background)
        problems += [*resolution.problems, *circles, *edits.unused()]
        self.corrections = {
            "file": file_name(curation),
            "sha256": _hash(curation),
            "entries": len(corrections.entries),
            "applied": len(corrections.entries) - len({problem.line for problem in problems}),
        }
        self.report.problems += [*corrections.problems, *problems]
        if self._words is not None:
            self._words.result()
        if self.kept:
            remember(staging, self.kept / INDEXED, self.keys)
        self._done("tables")

    def finish(self, staging: Path, folder: Path) -> None:
        """Write the graph file and ``build.json``; ``folder`` still holds the build before this one, if any."""
        write_graphml(staging / GRAPH, KnowledgeGraph(staging, check=False).rows())
        self.progress("writing", self.counts["papers"], self.counts["papers"])
        self._done("graph")
        record = {
            "format": 1,
            "versions": {
                "kg": package_version("paper-kg"),
                "extractor": self.extractor,
                "python": platform.python_version(),
                **{name: package_version(name) for name in ("spacy", "networkx", "pyarrow", "duckdb")},
            },
            "inputs": [
                {"file": file_name(name), "sha256": digest, "records": n}
                for name, n in sorted(self.report.records.items())
                if (digest := _hash(Path(name)))  # what cannot be opened is among the problems
            ],
            "sources": [file_name(s) for s in self.sources],
            "curation": self.corrections,
            "problems": [
                {"file": file_name(p.file), "line": p.line, "message": p.message} for p in self.report.problems
            ],
            "counts": {k: v for k, v in self.counts.items() if k not in ("extracted", "from_cache")},
            "files": {p.name: file_hash(p) for p in sorted(staging.iterdir()) if p.name != BUILD},
            "timings": {
                **self.timings,
                **{name: self.counts[name] for name in ("extracted", "from_cache")},
                "added": new_papers(staging, folder),
            },
        }
        (staging / BUILD).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _hash(path: Path) -> str | None:
    """Return the hash of a regular file, or None where there is none that can be read."""
    try:
        return file_hash(path) if _is_file(path) else None
    except OSError:
        return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that may not be entered
        return False


def _numbered_texts(staging: Path) -> Iterator[list[tuple[int, str, str]]]:
    """Yield the staged papers in parts, as (place, title, abstract)."""
    for part in partition_all(2_000, enumerate(iter_papers(staging, texts_only=True))):
        yield [(no, p.title, p.abstract) for no, p in part]


def _edits(corrections: Curation, resolution: Resolution, papers: Iterable[str]) -> tuple[Edits, list[Problem]]:
    """Return what the corrections change in the rows; of two about one link or relation the later holds."""
    edits = Edits()
    if not corrections.entries:
        return edits, []
    links, problems = settle_links(corrections, resolution, set(papers))
    for link in links:
        edits.links[link.paper, link.entity] = link
    relations, more = settle_relations(corrections, resolution)
    for relation in relations:
        edits.relations[relation.child, relation.parent, relation.relation] = relation
    return edits, problems + more


def _known(resolution: Resolution, with_background: bool) -> list[RelationRow]:
    """Return the relations that rest on no sentence."""
    rows = [RelationRow(v.child, v.parent, v.relation, "name", v.rule) for v in resolution.variants]
    if with_background:
        rows += [
            RelationRow(child, parent, relation, "background", source)
            for child, parent, relation, source in join_background(resolution)
        ]
    return rows
