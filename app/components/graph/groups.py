"""Groups in a picture: entities that papers name together more than others, as ways into a big corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import networkx as nx


def groups(
    nodes: Iterable[Mapping[str, Any]], edges: Iterable[Mapping[str, Any]], *, least: int = 4
) -> list[list[str]]:
    """Return the ids of each group of at least ``least`` nodes, largest group first, busiest node first.

    Louvain communities (Blondel et al. 2008), the edges weighed by their papers; the same input gives the same groups.
    """
    papers = {node["id"]: int(node.get("papers") or 0) for node in nodes}
    graph = nx.Graph()
    graph.add_nodes_from(sorted(papers))
    for source, target, weight in sorted((e["source"], e["target"], int(e.get("papers") or 1)) for e in edges):
        graph.add_edge(source, target, weight=weight)
    found = nx.community.louvain_communities(graph, weight="weight", seed=7)
    ranked = [sorted(group, key=lambda one: (-papers[one], one)) for group in found if len(group) >= least]
    return sorted(ranked, key=lambda group: (-len(group), group[0]))
