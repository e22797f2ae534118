"""One paper for all the records of it.

Two records are the same paper

- if they have the same id (versions and addresses of one arXiv id are the same: ``2301.00001v2``), and the same title
  or abstracts that are alike. Otherwise the id was given twice, by mistake or by two files that number their rows: the
  record that comes first in the order of file names keeps it, the other is treated as one without id;
- if they have the same folded title (`kg.records.fold`). Where both have ids, and these differ, or where the title is
  one that many papers bear ("Editorial", see merge.yaml), their abstracts must be alike too.

Abstracts are alike if the shorter one shares half of its words of four letters and more with the other. (Different
abstracts of one field hardly ever share more than a third: 99.9 % of the pairs in 20,000 of arXiv, 32 %.)

What a merged paper keeps: the longer abstract and its spelling of the title, the more precise date (the earlier of two
equally precise), the longer list of authors, the highest counts, all categories and all sources. Whatever a reader
could not guess from that stands in ``notes``. The result depends on the records only, not on their order.
"""

from __future__ import annotations

import marshal
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from operator import attrgetter
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple

import yaml

from kg.read.record import Record
from kg.records import Paper, Problem, Report, Source, fold, paper_id
from kg.schema import DATE_PRECISIONS

_ALIKE = 0.5  # share of words; see above
_MAX_COMPARED = 50  # other papers of the same title that one record is compared with, so that time stays linear

_ARXIV = re.compile(
    r"(?:(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/|arxiv:\s*)?"
    r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w{4,}")
_COLUMNS = tuple(column.name for column in fields(Record) if column.name != "source")
_values = attrgetter(*_COLUMNS)


def merge(records: Iterable[Record], report: Report | None = None) -> Iterator[Paper]:
    """Yield the papers that the records are of, sorted by id, each id once.

    The records are laid aside in a temporary file; in memory stays about half a kilobyte for each. An id that two
    different papers claim is a problem in the report, if one is given.
    """
    with TemporaryFile() as spool:
        places, groups = _laid_aside(records, spool)
        plans: list[_Plan] = []
        for group in groups:
            if len(group) == 1:
                place = places[group[0]]
                plans.append(_Plan(place.id, place.made, group))
                continue
            for cluster in _clusters([(i, _read(spool, places[i])) for i in group]):
                plans.append(_plan(cluster, report))
        for plan in sorted(_told_apart(plans, places, spool), key=lambda plan: plan.id):
            yield _paper(plan.id, [_read(spool, places[i]) for i in plan.members], plan.notes)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A paper to be put together: its id, whether that is made from the title, and the numbers of its records."""

    id: str
    made: bool
    members: list[int]
    notes: tuple[str, ...] = ()


def _told_apart(plans: list[_Plan], places: list[_Place], spool: BinaryIO) -> Iterator[_Plan]:
    """Yield the plans with ids that differ: an id that a source gave comes before one that was made.

    Made ids are equal where papers share a generic title (or, once in millions, by chance).
    """
    bearers = Counter(plan.id for plan in plans)

    def first(plan: _Plan) -> Record:
        return min((_read(spool, places[i]) for i in plan.members), key=_rank)

    def order(plan: _Plan) -> tuple[Any, ...]:
        return plan.made, plan.id, *(_rank(first(plan)) if bearers[plan.id] > 1 else ())

    taken: set[str] = set()
    for plan in sorted(plans, key=order):
        if plan.id in taken:
            plan = replace(plan, id=_other_id(first(plan), taken))
        taken.add(plan.id)
        yield plan


# Laying aside


class _Place(NamedTuple):
    """What memory keeps of a record: where it is laid aside, its id, and whether that is made from the title."""

    offset: int
    size: int
    id: str
    made: bool


def _laid_aside(records: Iterable[Record], spool: BinaryIO) -> tuple[list[_Place], list[list[int]]]:
    """Write the records into the spool; return their places and the groups that share an id or a title.

    Records of one group are candidates for being the same paper; no other pairs are.
    """
    places: list[_Place] = []
    parent: list[int] = []  # union-find over record numbers

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    first_with: dict[bytes, int] = {}
    offset = 0
    for i, record in enumerate(records):
        # marshal: the file is this process's own, and nobody else ever reads it
        row = marshal.dumps((_values(record), *_source(record)))
        spool.write(row)
        places.append(_Place(offset, len(row), record.id or paper_id(record.title), record.id is None))
        offset += len(row)
        parent.append(i)
        keys = [_digest("t", _title_key(record))]
        if record.id:
            keys.append(_digest("i", id_key(record.id)))
        for key in keys:
            other = root(first_with.setdefault(key, i))
            parent[max(other, root(i))] = min(other, root(i))
    groups: dict[int, list[int]] = defaultdict(list)
    for i in range(len(parent)):
        groups[root(i)].append(i)
    return places, list(groups.values())


def _source(record: Record) -> tuple[str, int, int]:
    return record.source.file, record.source.record, record.source.line


def _digest(kind: str, key: str) -> bytes:
    return blake2b(f"{kind}{key}".encode(), digest_size=10).digest()


def _read(spool: BinaryIO, place: _Place) -> Record:
    spool.seek(place.offset)
    values, file, record, line = marshal.loads(spool.read(place.size))
    return Record(source=Source(file, record, line), **dict(zip(_COLUMNS, values, strict=True)))


# Telling papers apart


def id_key(identifier: str) -> str:
    """Return the key by which explicit ids are compared: an arXiv id without version or address, else the id.

    >>> id_key("https://arxiv.org/abs/2301.00001v2"), id_key("PMID:7")
    ('2301.00001', 'PMID:7')
    """
    match = _ARXIV.fullmatch(identifier)
    return match["id"].lower() if match else identifier


def _title_key(record: Record) -> str:
    return fold(record.title) or record.title


@dataclass(frozen=True, slots=True)
class _LostId:
    """An id that a record came with and another paper holds."""

    id: str
    source: Source
    holder: Source


@dataclass(slots=True, eq=False)
class _Cluster:
    """Records of one paper, each with its number."""

    id_key: str | None
    members: list[tuple[int, Record]] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    titles: set[str] = field(default_factory=set)
    lost: list[_LostId] = field(default_factory=list)


def _clusters(group: list[tuple[int, Record]]) -> list[_Cluster]:
    """Return the papers among records that share an id or a title.

    Records are taken in an order that depends on them only: those with ids first, so that one without finds the
    paper that has one.
    """
    clusters: list[_Cluster] = []
    by_title: dict[str, list[_Cluster]] = defaultdict(list)
    by_id: dict[str, _Cluster] = {}
    ordered = sorted(group, key=lambda item: (item[1].id is None, item[1].source.file, item[1].source.record))
    for i, record in ordered:
        key = id_key(record.id) if record.id else None
        title, words = _title_key(record), _words(record.abstract)
        home = by_id.get(key) if key else None
        lost: list[_LostId] = []
        if home and title not in home.titles and _share(words, home.words) < _ALIKE:
            lost.append(_LostId(record.id or "", record.source, home.members[0][1].source))
            record, home, key = replace(record, id=None), None, None
        if home is None:
            home = _same_title(by_title[title], title, key, words)
        if home is None:
            home = _Cluster(id_key=key)
            clusters.append(home)
        home.members.append((i, record))
        home.lost += lost
        home.words |= words
        home.titles.add(title)
        if home not in by_title[title]:
            by_title[title].append(home)
        if key:
            by_id[key] = home
    return clusters


def _same_title(candidates: list[_Cluster], title: str, key: str | None, words: set[str]) -> _Cluster | None:
    """Return the paper of the same title that a record belongs to, if any: the one most alike."""
    scored = [(_share(words, cluster.words), -n, cluster) for n, cluster in enumerate(candidates[:_MAX_COMPARED])]
    if not scored:
        return None
    share, _, best = max(scored, key=lambda item: item[:2])
    both_have_ids = key is not None and best.id_key is not None
    if share >= _ALIKE or not (both_have_ids or title in generic_titles()):
        return best
    return None


@cache
def generic_titles() -> frozenset[str]:
    """Return the titles that many papers bear, folded."""
    words = yaml.safe_load((files("kg.read") / "merge.yaml").read_text(encoding="utf-8"))
    return frozenset(fold(title) for title in words["generic_titles"])


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _share(words: set[str], others: set[str]) -> float:
    smaller = min(len(words), len(others))
    return len(words & others) / smaller if smaller else float(words == others)


# Putting records together


def _plan(cluster: _Cluster, report: Report | None) -> _Plan:
    """Return the id of the paper, with notes on ids that it does not bear."""
    given = sorted({record.id for _, record in cluster.members if record.id}, key=lambda i: (_plainness(i), i))
    notes = []
    for lost in cluster.lost:
        text = f"id {lost.id} belongs to another paper ({_place(lost.holder)})"
        notes.append(f"{_place(lost.source)}: {text}")
        if report is not None:
            report.problems.append(Problem(lost.source.file, lost.source.line, f"{text}: read as a paper without id"))
    if len(given) > 1:
        notes.append(f"also read under id {', '.join(given[1:])}")
    best = min((record for _, record in cluster.members), key=_rank)
    members = [i for i, _ in cluster.members]
    return _Plan(given[0] if given else paper_id(best.title), not given, members, tuple(notes))


def _plainness(identifier: str) -> int:
    """Return 0 for a bare arXiv id, 1 for one with version or address, 2 for any other."""
    match = _ARXIV.fullmatch(identifier)
    return 2 if match is None else int(match["id"] != identifier)


def _other_id(record: Record, taken: set[str]) -> str:
    """Return an id for a paper whose own is taken, made from title and abstract."""
    number, text = 1, f"{record.title} {record.abstract}"
    while (identifier := paper_id(text)) in taken:
        number += 1
        text = f"{record.title} {record.abstract} {number}"
    return identifier


def _rank(record: Record) -> tuple[Any, ...]:
    """Return a key that sorts the record with the longest abstract first, and leaves nothing to chance."""
    return (-len(record.abstract), record.abstract, record.title, record.source.file, record.source.record)


def _paper(identifier: str, records: list[Record], notes: tuple[str, ...]) -> Paper:
    """Return the paper that the records (any order) put together give."""
    if len(records) == 1:
        return records[0].paper(identifier, notes)
    records = sorted(records, key=_rank)
    best = records[0]
    found = list(notes)
    if other := next((record for record in records if record.abstract != best.abstract), None):
        found.append(
            f"abstracts differ: kept the one of {len(best.abstract)} characters ({_place(best.source)}), "
            f"not that of {len(other.abstract)} ({_place(other.source)})"
        )
    titles = sorted({_title_key(record) for record in records} - {_title_key(best)})
    for title in titles:
        other = next(record for record in records if _title_key(record) == title)
        found.append(f'titles differ: kept that of the longer abstract, not "{other.title}" ({_place(other.source)})')
    date, precision = min(
        ((r.date, r.date_precision) for r in records if r.date and r.date_precision),
        key=lambda dated: (DATE_PRECISIONS.index(dated[1]), dated[0]),
        default=(None, None),
    )
    longest = max(records, key=lambda record: len(record.categories))
    categories = list(longest.categories)
    categories += sorted({c for r in records for c in r.categories} - set(categories))
    named = max(records, key=lambda record: len(record.authors))
    return Paper(
        id=identifier,
        title=best.title,
        abstract=best.abstract,
        date=date,
        date_precision=precision,
        authors=named.authors,
        author_count=(named.author_count if named.authors else None) or _highest(r.author_count for r in records),
        organisation=next((r.organisation for r in records if r.organisation), None),
        comments=_highest(r.comments for r in records),
        categories=tuple(categories),
        sources=tuple(sorted((r.source for r in records), key=lambda s: (s.file, s.record, s.line))),
        notes=tuple(found),
    )


def _highest(counts: Iterable[int | None]) -> int | None:
    return max((count for count in counts if count is not None), default=None)


def _place(source: Source) -> str:
    return f"{source.file}:{source.line}"
