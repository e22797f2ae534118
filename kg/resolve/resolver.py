"""Resolution from end to end: extractions in, corpus entities out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kg.collector import collector_paused
from kg.records import Extraction
from kg.resolve.cluster import cluster
from kg.resolve.corrections import Corrections
from kg.resolve.curation import Curation
from kg.resolve.draft import Draft, draft
from kg.resolve.forms import Forms
from kg.resolve.gather import Gathered, Naming, gather, namings
from kg.resolve.naming import choose_name, full_form, labelled, spelling_rule
from kg.resolve.readings import Readings
from kg.resolve.resolution import Resolution, ResolvedEntity, Spelling, Variant
from kg.resolve.variants import hang, root


def resolve(
    extractions: Iterable[Extraction], curation: Curation | None = None, readings: Readings | None = None
) -> Resolution:
    """Decide which entities of different papers are one thing, and which are versions and sizes of which.

    The extractions are read once; the result does not depend on their order. Time and memory are linear in the
    number of entities of papers. ``curation``: corrections, replayed after the rules (`kg.resolve.curation`).
    ``readings``: of surfaces, by an earlier build; those that this one used can be kept for the next.
    """
    return resolve_named(((e.paper, namings(e)) for e in extractions), curation, readings)


def resolve_named(
    named: Iterable[tuple[str, Iterable[Naming]]], curation: Curation | None = None, readings: Readings | None = None
) -> Resolution:
    """Resolve what is known of each paper, by its id, as `namings` gives it."""
    with collector_paused():  # it would walk millions of values
        return _resolve(gather(named), curation, readings)


def _resolve(gathered: Gathered, curation: Curation | None, readings: Readings | None) -> Resolution:
    forms = Forms(gathered, readings)
    clusters = cluster(gathered, forms)
    drafts = draft(gathered, forms, clusters)
    hang(drafts, forms, clusters)
    del clusters  # some tens of megabytes that the rest does not need
    if curation is None or not curation.entity_entries():
        return _finish(drafts, gathered, forms)
    corrections = Corrections(drafts, gathered, forms)
    corrections.replay(curation)
    resolution = _finish(drafts, gathered, forms)
    resolution.problems = corrections.problems
    resolution.moved = _moved(corrections.keys, drafts, resolution)
    return resolution


def _moved(had: Mapping[int, Sequence[str]], drafts: list[Draft], resolution: Resolution) -> dict[str, str]:
    """The labels and ids that corrections took away, and the id that holds the same papers now."""
    now = {key for e in resolution.entities for key in (e.label, e.id)}
    moved = {}
    for number, keys in had.items():
        if all(key in now for key in keys):
            continue
        while (into := drafts[number].into) is not None:
            number = into
        if drafts[number].id:
            moved.update({key: drafts[number].id for key in keys if key not in now})
    return moved


def _finish(drafts: list[Draft], gathered: Gathered, forms: Forms) -> Resolution:
    shown = labelled(drafts, forms)
    parents = {drafts[n].parent for n in shown}
    entities, entity_of, variants = [], {}, []
    for n, (name, kind, form, label, own_id) in shown.items():
        one = drafts[n]
        one.id = own_id
        in_family = one.parent is not None or n in parents
        entities.append(
            ResolvedEntity(
                id=own_id,
                name=name,
                label=label,
                type=kind,
                family=shown[root(drafts, n)].id if in_family else None,
                spellings=_spellings(one, name, forms),
                full_form=form if form != one.hint else None,
                notes=list(one.notes),
            )
        )
        if one.parent is not None:
            variants.append(Variant(own_id, shown[one.parent].id, one.rule))
        for number in one.entries:
            entry = gathered.entries[number]
            entity_of[entry.paper, entry.place] = own_id
        one.counts, one.entries = {}, []  # let go: the result holds them now
    entities.sort(key=lambda e: e.id)
    variants.sort(key=lambda v: (v.child, v.parent))
    families_set = {drafts[n].id: line for n in shown if (line := drafts[n].family_set)}
    hidden = [_hidden(one, forms) for one in drafts if one.gone == "hidden"]
    return Resolution(entities, entity_of, variants, families_set=families_set, hidden=hidden)


def _spellings(one: Draft, name: str, forms: Forms) -> list[Spelling]:
    spellings = [
        Spelling(surface, mentions, papers, spelling_rule(one, surface, name, forms))
        for surface, (papers, mentions, _) in one.counts.items()
    ]
    return sorted(spellings, key=lambda s: (-s.papers, -s.mentions, s.surface))


def _hidden(one: Draft, forms: Forms) -> ResolvedEntity:
    name = choose_name(one, forms)
    spellings = _spellings(one, name, forms)
    return ResolvedEntity("", name, name, one.settled_type(), spellings=spellings, full_form=full_form(one, name))
