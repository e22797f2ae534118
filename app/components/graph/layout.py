"""Where nodes stand: the same input gives the same places, so a rerun never shuffles the picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import atan2, cos, inf, pi, sin, sqrt

import networkx as nx
import numpy as np
from scipy.sparse.csgraph import shortest_path

Positions = dict[str, tuple[float, float]]

_ROOM = 82.0
"""Side of the square, in pixels, that a node gets on average: about the room that a name takes."""

_LANDSCAPE = 1.3
"""How much wider than high a picture is drawn."""


def spread(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> Positions:
    """Return places whose distances follow the number of steps between nodes.

    Stress majorization (Gansner, Koren and North 2004) for each connected part; the largest stands in the middle,
    the others below it, nodes without edges in rows at the end. The order of nodes and edges does not matter.
    """
    graph = nx.Graph()
    graph.add_nodes_from(sorted(nodes))
    graph.add_edges_from(sorted((s, t) for s, t in edges if s != t))
    parts = sorted(nx.connected_components(graph), key=lambda part: (-len(part), min(part)))
    placed = [_least_stress(graph.subgraph(part)) for part in parts if len(part) > 1]
    loose = [node for part in parts if len(part) == 1 for node in part]
    return _apart(_pack(placed, loose))


def _least_stress(part: nx.Graph, rounds: int = 90) -> Positions:
    """Return the places of one connected part round the origin, at a size that fits its number of nodes."""
    order = sorted(part)
    apart = shortest_path(nx.to_scipy_sparse_array(part, nodelist=order, weight=None, format="csr"), unweighted=True)
    count = len(order)
    weights = 1 / np.maximum(apart, 1) ** 2
    np.fill_diagonal(weights, 0.0)
    wanted = weights * apart
    # the pseudo-inverse of the weights' Laplacian, whose one null vector is constant
    inverse = np.linalg.inv(np.diag(weights.sum(1)) - weights + 1 / count) - 1 / count
    turn = 2 * np.pi * np.arange(count) * 0.381966  # the golden angle: a start that favours no direction
    here = np.sqrt(np.arange(count) + 0.5)[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    for _ in range(rounds):
        across, down = (column[:, None] - column[None] for column in here.T)
        pull = wanted / np.maximum(np.sqrt(across**2 + down**2), 1e-9)
        # sums, and no product of two large matrices: that would wake a thread of BLAS on every core, each round
        here = inverse @ np.column_stack([(pull * across).sum(1), (pull * down).sum(1)])
    here -= here.mean(0)
    _, _, axes = np.linalg.svd(here, full_matrices=False)  # the long way lies across
    here = here @ (axes * np.sign(axes[:, [0]] + 1e-12)).T
    area = max(float(np.ptp(here[:, 0]) * np.ptp(here[:, 1])), 1e-6)
    scale = min(max(_ROOM * sqrt(count / area), 60.0), 170.0)
    return {node: (float(x) * scale * _LANDSCAPE, float(y) * scale) for node, (x, y) in zip(order, here, strict=True)}


def extend(known: Positions, nodes: Sequence[str], around: str) -> Positions:
    """Return places for ``nodes``: those known stay, the new ones fan out round ``around``, away from the middle."""
    result = {node: known[node] for node in nodes if node in known}
    new = sorted(node for node in nodes if node not in known)
    x0, y0 = known.get(around, (0.0, 0.0))
    turn = 0.0 if (x0, y0) == (0.0, 0.0) else atan2(y0, x0)
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
    column: float = 175.0,
    row: float = 64.0,
) -> tuple[Positions, list[tuple[float, str]]]:
    """Return places from left to right and the columns' headings (x, years): parents stand left of their children.

    A column holds what is of one year; where a parent is of the same year as its child, or seen later, the child goes
    into a column after it. What has no year stands beside its relatives. A step that would close a cycle does not
    count. ``steps`` are (child, parent).

    Rows follow the middle of the neighbours in the columns before (Sugiyama, Tagawa and Toda 1981, barycentre).
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(sorted(nodes))
    for child, parent in sorted(steps):
        if child != parent and not (child in graph and nx.has_path(graph, child, parent)):
            graph.add_edge(parent, child)
    layer: dict[str, tuple[float, float]] = {}  # year, and the place in the order of columns of that year
    order = list(nx.lexicographical_topological_sort(graph))
    for node in order:
        last = max((layer[parent] for parent in graph.predecessors(node)), default=(-inf, -1.0))
        year = years.get(node)
        layer[node] = (year, 0.0) if year is not None and year > last[0] else (last[0], last[1] + 1)
    for node in reversed(order):  # roots without a year stand close to their first child
        if layer[node][0] == -inf and (after := [layer[child] for child in graph.successors(node)]):
            layer[node] = (min(after)[0], min(after)[1] - 0.5)
    numbers = {key: number for number, key in enumerate(sorted(set(layer.values())))}
    columns: dict[int, list[str]] = {}
    for node in sorted(graph, key=lambda n: (numbers[layer[n]], n)):
        columns.setdefault(numbers[layer[node]], []).append(node)
    places: Positions = {}
    headings: list[tuple[float, str]] = []
    for level in sorted(columns):
        members = columns[level]
        members.sort(key=lambda n: (_mean([places[p][1] for p in graph.predecessors(n) if p in places]), n))
        gap = row if len(members) <= 16 else row * 0.62
        for number, node in enumerate(members):
            places[node] = (level * column, (number - (len(members) - 1) / 2) * gap)
        known = sorted({year for node in members if (year := years.get(node))})
        span = "" if not known else str(known[0]) if len(known) == 1 else f"{known[0]}–{known[-1]}"
        headings.append((level * column, span))
    return places, headings


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _pack(parts: list[Positions], loose: list[str]) -> Positions:
    """Put the largest part in the middle, the others in rows below it, single nodes in a grid at the end."""
    result: Positions = dict(parts[0]) if parts else {}
    width = max(900.0, 2 * max((abs(x) for x, _ in result.values()), default=0.0))
    x, y, row_height = -width / 2, max((y for _, y in result.values()), default=0.0) + 110, 0.0
    for places in parts[1:]:
        left, right = min(px for px, _ in places.values()), max(px for px, _ in places.values())
        top, bottom = min(py for _, py in places.values()), max(py for _, py in places.values())
        if x + right - left > width / 2 and x > -width / 2:
            x, y, row_height = -width / 2, y + row_height + 90, 0.0
        result |= {node: (x + px - left, y + py - top) for node, (px, py) in places.items()}
        x += right - left + 130
        row_height = max(row_height, bottom - top)
    y += row_height + 90 if parts[1:] else 0
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
