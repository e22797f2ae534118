"""What a reader hands on: one record, as one place in one source has it, before the same papers are merged."""

from __future__ import annotations

from dataclasses import dataclass

from kg.records import Paper, Source, paper_id


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a source. ``id`` is None where the source gives none; texts are cleaned (`kg.read.clean`)."""

    title: str
    abstract: str
    source: Source
    id: str | None = None
    date: str | None = None  # ISO 8601; the first of the period where month or day are unknown
    date_precision: str | None = None  # one of schema.DATE_PRECISIONS
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    organisation: str | None = None
    comments: int | None = None
    categories: tuple[str, ...] = ()

    def paper(self, id: str | None = None, notes: tuple[str, ...] = ()) -> Paper:
        """Return the record as a paper of its own: under ``id``, or its own id, or one made from the title."""
        return Paper(
            id=id or self.id or paper_id(self.title),
            title=self.title,
            abstract=self.abstract,
            date=self.date,
            date_precision=self.date_precision,
            authors=self.authors,
            author_count=self.author_count,
            organisation=self.organisation,
            comments=self.comments,
            categories=self.categories,
            sources=(self.source,),
            notes=notes,
        )
