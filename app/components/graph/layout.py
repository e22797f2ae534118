"""Where nodes stand: the same input gives the same places, so a rerun never shuffles the picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import cos, pi, sin, sqrt

import networkx as nx

Positions = dict[str, tuple[float, float]]

_SPREAD = 95.0
"""Pixels per square root of a node: about the room that a name takes."""


def spring(nodes: Sequence[str], edges: Iterable[tuple[str, str, float]], *, seed: int = 7) -> Positions:
    """Return places by Fruchterman and Reingold (1991), parts that hang together kept together and packed.

    ``edges`` are (source, target, weight); the order of nodes and edges does not matter to the result.
    """
    graph = nx.Graph()
    graph.add_nodes_from(sorted(nodes))
    graph.add_weighted_edges_from(sorted(edges))
    parts = sorted(nx.connected_components(graph), key=lambda part: (-len(part), min(part)))
    placed: list[tuple[Positions, float]] = []
    loose: list[str] = []
    for part in parts:
        if len(part) == 1:
            loose += part
            continue
        size = _SPREAD * sqrt(len(part)) / 1.6
        start = _circle(sorted(part))
        found = nx.spring_layout(
            graph.subgraph(sorted(part)), pos=start, seed=seed, iterations=60, k=1.7 / sqrt(len(part)), weight=None
        )
        placed.append(({node: (x * size * 1.25, y * size) for node, (x, y) in found.items()}, size))
    return _apart(_pack(placed, loose))


def extend(known: Positions, nodes: Sequence[str], edges: Iterable[tuple[str, str, float]], around: str) -> Positions:
    """Return places for ``nodes``: those known stay, the new ones fan out round ``around``, away from the middle."""
    result = {node: known[node] for node in nodes if node in known}
    new = sorted(node for node in nodes if node not in known)
    x0, y0 = known.get(around, (0.0, 0.0))
    turn = 0.0 if (x0, y0) == (0.0, 0.0) else _angle(x0, y0)
    per_ring = 14
    for number, node in enumerate(new):
        ring, place = divmod(number, per_ring)
        in_ring = min(per_ring, len(new) - ring * per_ring)
        angle = turn + (place - (in_ring - 1) / 2) * (pi * 1.1 / max(in_ring, 4))
        radius = 150 + 85 * ring
        result[node] = (x0 + radius * cos(angle), y0 + radius * sin(angle))
    return _apart(result, still=set(known))


def layered(
    nodes: Sequence[str],
    steps: Iterable[tuple[str, str]],
    years: Mapping[str, int | None],
    *,
    column: float = 210.0,
    row: float = 64.0,
) -> tuple[Positions, list[str]]:
    """Return places from left to right and the columns' headings: parents stand left of their children.

    A node's column is the longest way from a root (cycles are cut at the step that closes them), pushed right where
    its first year is later than that of its column. ``steps`` are (child, parent).

    Rows follow the middle of the neighbours in the column before (Sugiyama, Tagawa and Toda 1981, barycentre).
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(nodes))
    for child, parent in sorted(steps):
        if child != parent and not (child in graph and nx.has_path(graph, child, parent)):
            graph.add_edge(parent, child)
    depth: dict[str, int] = {}
    for node in nx.lexicographical_topological_sort(graph):
        depth[node] = max((depth[parent] + 1 for parent in graph.predecessors(node)), default=0)
    for node in reversed(list(nx.lexicographical_topological_sort(graph))):  # roots close to their first child
        children = [depth[child] for child in graph.successors(node)]
        if children and not list(graph.predecessors(node)):
            depth[node] = min(children) - 1
    columns: dict[int, list[str]] = {}
    for node in sorted(graph, key=lambda n: (depth[n], years.get(n) or 0, n)):
        columns.setdefault(depth[node], []).append(node)
    places: Positions = {}
    headings: list[str] = []
    for level in sorted(columns):
        members = columns[level]
        if level:
            members.sort(key=lambda n: (_mean([places[p][1] for p in graph.predecessors(n) if p in places]), n))
        x = level * column
        wrap = 14  # a column longer than this is folded into several, or names could not be read
        for number, node in enumerate(members):
            fold, place = divmod(number, wrap)
            height = min(wrap, len(members) - fold * wrap)
            places[node] = (x + fold * column * 0.0 + (fold % 2) * 26, (place - (height - 1) / 2) * row + fold * 0.0)
        if len(members) > wrap:
            for number, node in enumerate(members):
                places[node] = (x, (number - (len(members) - 1) / 2) * row * 0.62)
        known = sorted({year for node in members if (year := years.get(node))})
        headings.append("" if not known else str(known[0]) if len(known) == 1 else f"{known[0]}–{known[-1]}")
    return places, headings


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _angle(x: float, y: float) -> float:
    from math import atan2

    return atan2(y, x)


def _circle(nodes: Sequence[str]) -> Positions:
    return {
        node: (cos(2 * pi * number / len(nodes)), sin(2 * pi * number / len(nodes)))
        for number, node in enumerate(nodes)
    }


def _pack(parts: list[tuple[Positions, float]], loose: list[str]) -> Positions:
    """Put the largest part in the middle, the others in rows below it, single nodes in a grid at the end."""
    result: Positions = {}
    if parts:
        result.update(parts[0][0])
    bottom = max((y for _, y in result.values()), default=0.0)
    width = max(900.0, 2 * max((abs(x) for x, _ in result.values()), default=0.0))
    x, row_height, y = -width / 2, 0.0, bottom + 120
    for places, size in parts[1:]:
        reach = size * 1.25 + 50
        if x + 2 * reach > width / 2 and x > -width / 2:
            x, y, row_height = -width / 2, y + row_height + 40, 0.0
        for node, (dx, dy) in places.items():
            result[node] = (x + reach + dx, y + size + dy)
        x += 2 * reach
        row_height = max(row_height, 2 * size)
    y += row_height + (60 if parts[1:] else 0)
    per_row = max(1, int(width // 150))
    for number, node in enumerate(sorted(loose)):
        down, across = divmod(number, per_row)
        result[node] = (-width / 2 + 75 + across * 150, y + down * 60)
    return result


def _apart(places: Positions, *, still: set[str] | frozenset[str] = frozenset(), gap: float = 34.0) -> Positions:
    """Push nodes that stand on each other apart, in a fixed order; ``still`` ones do not move."""
    result = dict(places)
    for _ in range(12):
        cells: dict[tuple[int, int], list[str]] = {}
        for node in sorted(result):
            x, y = result[node]
            cells.setdefault((int(x // gap), int(y // gap)), []).append(node)
        moved = False
        for (cx, cy), here in sorted(cells.items()):
            around = [n for dx in (-1, 0, 1) for dy in (-1, 0, 1) for n in cells.get((cx + dx, cy + dy), ())]
            for a in here:
                for b in around:
                    if a >= b or (a in still and b in still):
                        continue
                    (ax, ay), (bx, by) = result[a], result[b]
                    dx, dy = bx - ax, by - ay
                    distance = sqrt(dx * dx + dy * dy)
                    if distance >= gap:
                        continue
                    moved = True
                    if distance < 1e-6:
                        dx, dy, distance = 1.0, 0.5, 1.118
                    push = (gap - distance) / distance * 0.55
                    share_a, share_b = (0.0, 1.0) if a in still else (1.0, 0.0) if b in still else (0.5, 0.5)
                    result[a] = (ax - dx * push * share_a, ay - dy * push * share_a)
                    result[b] = (bx + dx * push * share_b, by + dy * push * share_b)
        if not moved:
            break
    return result
