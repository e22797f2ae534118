"""``kg verify``: every promise about an outputs folder, checked anew from its files.

Evidence stands at its offsets, no id dangles, counts and families are what the rows say, the files are those that
``build.json`` names, and the graph file holds the nodes and edges of the tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet as pq

from kg.ask.database import Database
from kg.ask.selection import Selection
from kg.errors import OutputsError
from kg.export.graphml import clean
from kg.graph.store import BUILD, GRAPH, file_hash, read_build
from kg.schema import ENTITY_TYPES, ORIGINS, RELATIONS, ROLES, SORT_KEYS, TABLES

_SHOWN = 5
"""Examples shown of one kind of problem."""


def verify(folder: str | Path) -> list[str]:
    """Return the problems of an outputs folder, each one line; an empty list when all is well.

    Raises:
        OutputsError: if the folder holds no graph at all.
    """
    folder = Path(folder)
    build = read_build(folder)
    problems = [*_files(folder, build)]
    schemas = [*_schemas(folder)]
    if schemas:
        return problems + schemas  # nothing below can be asked of such tables
    db = Database(folder)
    try:
        for what, sql in _questions():
            rows = db.rows(f"SELECT * FROM ({sql}) ORDER BY ALL")
            if rows:
                shown = "; ".join(" ".join(str(v) for v in r.values()) for r in rows[:_SHOWN])
                more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
                problems.append(f"{what}: {shown}{more}")
        counts = build.get("counts", {})
        for table in TABLES:
            rows_there = db.value(f"SELECT count(*) FROM {table}")
            if counts.get(table) != rows_there:
                problems.append(f"{BUILD}: says {counts.get(table)} {table}, the table holds {rows_there}")
        problems += _graph(folder, db)
    finally:
        db.close()
    return problems


def _files(folder: Path, build: dict) -> Iterator[str]:
    hashes = build.get("files", {})
    for name in (*(f"{t}.parquet" for t in TABLES), GRAPH):
        if name not in hashes:
            yield f"{BUILD}: does not name {name}"
        elif file_hash(folder / name) != hashes[name]:
            yield f"{name}: is not the file that {BUILD} names (its SHA-256 differs)"


def _schemas(folder: Path) -> Iterator[str]:
    for name, schema in TABLES.items():
        try:
            found = pq.read_schema(folder / f"{name}.parquet")
        except (OSError, ValueError) as error:
            yield f"{name}.parquet: cannot be read ({str(error).splitlines()[0]})"
            continue
        if not found.remove_metadata().equals(schema):
            yield f"{name}.parquet: its columns are not those of this version; build again"


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{v}'" for v in values)


def _slice(span: str) -> str:
    return (
        f"substring(CASE {span}.field WHEN 'title' THEN p.title ELSE p.abstract END, "
        f'{span}."start" + 1, {span}."end" - {span}."start")'
    )


def _bad_span(span: str) -> str:
    return (
        f'({span}.field NOT IN (\'title\', \'abstract\') OR {span}."start" < 0 OR {span}."end" <= {span}."start" '
        f"OR {span}.\"end\" > length(CASE {span}.field WHEN 'title' THEN p.title ELSE p.abstract END))"
    )


def _questions() -> Iterator[tuple[str, str]]:
    """Yield each promise that SQL can check: what is wrong, and the rows that are."""
    for table, keys in SORT_KEYS.items():
        columns = ", ".join(f'"{k}"' for k in keys)
        yield f"{table}: rows that stand twice", f"SELECT {columns} FROM {table} GROUP BY ALL HAVING count(*) > 1"
    yield "entities: unknown type", f"SELECT id, type FROM entities WHERE type NOT IN ({_list(ENTITY_TYPES)})"
    yield "entities: labels that stand twice", "SELECT label FROM entities GROUP BY label HAVING count(*) > 1"
    yield "links: unknown role", f"SELECT paper, entity, role FROM links WHERE role NOT IN ({_list(ROLES)})"
    yield (
        "relations: unknown relation or origin",
        f"SELECT child, relation, origin FROM relations WHERE relation NOT IN ({_list(RELATIONS)}) "
        f"OR origin NOT IN ({_list(ORIGINS)})",
    )
    for table, column, target in (
        ("links", "paper", "papers"),
        ("links", "entity", "entities"),
        ("mentions", "paper", "papers"),
        ("mentions", "entity", "entities"),
        ("relations", "child", "entities"),
        ("relations", "parent", "entities"),
        ("entities", "family", "entities"),
    ):
        yield (
            f"{table}: {column} that no table holds",
            f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL "
            f"AND {column} NOT IN (SELECT id FROM {target})",
        )
    yield (
        "mentions: text that does not stand at its offsets",
        f'SELECT m.paper, m.field, m."start", m.surface FROM mentions m JOIN papers p ON p.id = m.paper '
        f"WHERE {_bad_span('m')} OR {_slice('m')} <> m.surface",
    )
    yield (
        "mentions: overlapping in one text",
        'SELECT paper, field, "start" FROM (SELECT *, lead("start") OVER '
        '(PARTITION BY paper, field ORDER BY "start") AS following FROM mentions) WHERE following < "end"',
    )
    yield (
        "mentions: of an entity that the paper is not linked to",
        "SELECT DISTINCT m.paper, m.entity FROM mentions m "
        "ANTI JOIN links l ON l.paper = m.paper AND l.entity = m.entity",
    )
    yield (
        "links: evidence missing or outside its text",
        "SELECT l.paper, l.entity FROM links l JOIN papers p ON p.id = l.paper "
        f"WHERE l.origin = 'text' AND (l.evidence IS NULL OR {_bad_span('l.evidence')})",
    )
    yield (
        "links: words that do not stand at the evidence",
        "SELECT l.paper, l.entity FROM links l JOIN papers p ON p.id = l.paper "
        f"WHERE l.text IS DISTINCT FROM CASE WHEN l.evidence IS NULL THEN NULL ELSE {_slice('l.evidence')} END",
    )
    yield (
        "links: evidence that does not name the entity",
        "SELECT l.paper, l.entity FROM links l WHERE l.origin = 'text' AND NOT EXISTS (SELECT 1 FROM mentions m "
        "WHERE m.paper = l.paper AND m.entity = l.entity AND m.field = l.evidence.field "
        'AND m."start" >= l.evidence."start" AND m."end" <= l.evidence."end")',
    )
    yield (
        "relations: evidence outside its text",
        "SELECT r.child, r.parent, r.e.paper FROM (SELECT child, parent, unnest(evidence) AS e FROM relations) r "
        f"LEFT JOIN papers p ON p.id = r.e.paper WHERE p.id IS NULL OR {_bad_span('r.e')}",
    )
    yield (
        "relations: without sentence, source or reason",
        "SELECT child, parent, relation FROM relations WHERE len(evidence) = 0 AND coalesce(reason, '') = ''",
    )
    yield "relations: an entity with itself", "SELECT child, relation FROM relations WHERE child = parent"
    for table in ("links", "mentions", "relations"):
        yield (
            f"{table}: confidence outside 0 to 1",
            f"SELECT * EXCLUDE (confidence) FROM {table} WHERE NOT (confidence >= 0 AND confidence <= 1)",
        )
    yield (
        "entities: a variant without its parent's family, or with two parents",
        "SELECT r.child FROM relations r JOIN entities c ON c.id = r.child JOIN entities p ON p.id = r.parent "
        "WHERE r.relation = 'variant_of' GROUP BY r.child "
        "HAVING count(*) > 1 OR bool_or(c.family IS NULL OR c.family IS DISTINCT FROM p.family)",
    )
    yield (
        "entities: a family that no variant_of leads to",
        "WITH RECURSIVE steps AS (SELECT child, parent FROM relations WHERE relation = 'variant_of'), "
        "up AS (SELECT child AS id, parent AS top FROM steps "
        "UNION SELECT up.id, steps.parent FROM up JOIN steps ON steps.child = up.top) "
        "SELECT id FROM entities e WHERE family IS NOT NULL AND CASE WHEN family = id "
        "THEN id IN (SELECT child FROM steps) OR id NOT IN (SELECT parent FROM steps) "
        "ELSE NOT EXISTS (SELECT 1 FROM up WHERE up.id = e.id AND up.top = e.family) END",
    )
    yield (
        "entities: number of papers differs from the links",
        "SELECT e.id FROM entities e LEFT JOIN (SELECT entity, count(*) AS n FROM links GROUP BY entity) l "
        "ON l.entity = e.id WHERE e.papers <> coalesce(l.n, 0)",
    )
    yield (
        "entities: number of mentions differs from the mentions",
        "SELECT e.id FROM entities e LEFT JOIN (SELECT entity, count(*) AS n FROM mentions GROUP BY entity) m "
        "ON m.entity = e.id WHERE e.mentions <> coalesce(m.n, 0)",
    )


def _graph(folder: Path, db: Database) -> Iterator[str]:
    """Yield where the graph file and the tables differ, reading the file as a stream."""
    rows = Selection(db)
    nodes = Counter((clean(id), data["kind"], clean(data["label"])) for id, data in rows.nodes())
    edges = Counter((clean(s), clean(t), key) for s, t, key, _ in rows.edges())
    names: dict[tuple[str, str], str] = {}
    try:
        for _, element in ElementTree.iterparse(folder / GRAPH):
            tag = element.tag.rsplit("}", 1)[-1]
            if tag == "key":
                names[element.get("for", ""), element.get("id", "")] = element.get("attr.name", "")
            elif tag in ("node", "edge"):
                data = {names.get((tag, d.get("key", "")), ""): d.text or "" for d in element}
                if tag == "node":
                    nodes[element.get("id", ""), data.get("kind", ""), data.get("label", "")] -= 1
                else:
                    edges[element.get("source", ""), element.get("target", ""), data.get("label", "")] -= 1
                element.clear()
    except ElementTree.ParseError as error:
        yield f"{GRAPH}: is not well-formed XML ({error})"
        return
    for what, counts in (("nodes", nodes), ("edges", edges)):
        for side, some in (
            ("that the tables hold are missing", [k for k, n in counts.items() if n > 0]),
            ("stand there that the tables do not hold", [k for k, n in counts.items() if n < 0]),
        ):
            if some:
                yield f"{GRAPH}: {len(some)} {what} {side}, such as {' '.join(min(some))}"


__all__ = ["OutputsError", "verify"]
