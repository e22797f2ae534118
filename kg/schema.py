"""The words of the domain and the columns of the tables, each named once.

Everything that needs a type, a role, a relation or a column name takes it from here: what a `method` is and
which role is stronger is decided in one place (``docs/guidelines.md`` says what counts as which).
"""

from __future__ import annotations

import pyarrow as pa

ENTITY_TYPES = ("method", "model", "dataset", "benchmark")
"""What an entity can be."""

ROLES = ("introduces", "evaluates_on", "uses", "compares_with", "mentions")
"""How a paper uses an entity, strongest first: a link carries the strongest that the text supports."""

RELATIONS = ("extends", "derived_from", "variant_of")
"""How an entity descends from another: child to parent."""

FIELDS = ("title", "abstract")
"""The texts of a paper; offsets are code points within one of them, end exclusive."""

DATE_PRECISIONS = ("day", "day, year inferred", "month", "year")
"""How exact a paper's date is. A date short of its day or month stands as the first of the period."""

ORIGINS = ("text", "name", "background", "curation")
"""What a relation rests on: a sentence, the grammar of names, the background file, or a correction."""

SPAN = pa.struct([("field", pa.string()), ("start", pa.int32()), ("end", pa.int32())])
"""Evidence within a known paper."""

PAPER_SPAN = pa.struct(
    [
        ("paper", pa.string()),
        ("field", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("confidence", pa.float32()),
    ]
)
"""Evidence that names its paper."""

SPELLING = pa.struct(
    [
        ("surface", pa.string()),
        ("mentions", pa.int32()),
        ("papers", pa.int32()),
        ("rule", pa.string()),
    ]
)
"""One way an entity is written, how often, and the rule of resolution that put it there."""

PAPERS = pa.schema(
    [
        ("id", pa.string()),
        ("title", pa.string()),
        ("abstract", pa.string()),
        ("date", pa.string()),  # ISO 8601, or null
        ("date_precision", pa.string()),
        ("authors", pa.list_(pa.string())),
        ("author_count", pa.int32()),
        ("organisation", pa.string()),
        ("comments", pa.int32()),
        ("categories", pa.list_(pa.string())),
        ("sources", pa.list_(pa.struct([("file", pa.string()), ("record", pa.int32()), ("line", pa.int32())]))),
        ("notes", pa.list_(pa.string())),
    ]
)

ENTITIES = pa.schema(
    [
        ("id", pa.string()),  # "model/llama-2": type and folded name, unique
        ("name", pa.string()),
        ("label", pa.string()),  # the name, with what tells it apart where two entities share it
        ("type", pa.string()),
        ("aliases", pa.list_(pa.string())),  # every spelling but the name, commonest first
        ("family", pa.string()),  # id of the family's root, null outside any family
        ("papers", pa.int32()),  # papers linked to this very entity
        ("mentions", pa.int32()),
        ("first_date", pa.string()),
        ("last_date", pa.string()),
        ("spellings", pa.list_(SPELLING)),
        ("background", pa.bool_()),  # true: known from the background file alone
        ("year", pa.int32()),  # of the paper that introduced it, where the background file knows it
    ]
)

MENTIONS = pa.schema(
    [
        ("paper", pa.string()),
        ("field", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("surface", pa.string()),
        ("entity", pa.string()),
        ("confidence", pa.float32()),
    ]
)

LINKS = pa.schema(
    [
        ("paper", pa.string()),
        ("entity", pa.string()),
        ("role", pa.string()),
        ("confidence", pa.float32()),
        ("evidence", SPAN),
        ("origin", pa.string()),  # "text" or "curation"
        ("reason", pa.string()),  # of a correction
        ("text", pa.string()),  # the words at the evidence, so that an answer need not open the papers
    ]
)

RELATIONS_TABLE = pa.schema(
    [
        ("child", pa.string()),
        ("parent", pa.string()),
        ("relation", pa.string()),
        ("confidence", pa.float32()),
        ("evidence", pa.list_(PAPER_SPAN)),  # strongest first; empty where the origin is no text
        ("origin", pa.string()),
        ("reason", pa.string()),  # the rule, the background's source or the correction's reason
    ]
)

TABLES = {
    "papers": PAPERS,
    "entities": ENTITIES,
    "mentions": MENTIONS,
    "links": LINKS,
    "relations": RELATIONS_TABLE,
}
"""Name of each table, which is also the stem of its Parquet file, and its columns."""

SORT_KEYS = {
    "papers": ("id",),
    "entities": ("id",),
    "mentions": ("paper", "field", "start"),
    "links": ("entity", "paper"),
    "relations": ("child", "parent", "relation"),
}
"""The order of each table's rows on disk: the same input gives the same bytes."""
