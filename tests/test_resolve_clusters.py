"""Resolution agrees with the cluster gold: B-cubed F1 of at least 0.95, tuned on or not."""

from __future__ import annotations

import pytest
from bcubed import bcubed, held_out, read_gold, score

LEAST = 0.95


@pytest.mark.parametrize("part", ["looked at", "held out", "all"])
def test_entities_agree_with_the_cluster_gold(part: str) -> None:
    keep = {"looked at": lambda name: not held_out(name), "held out": held_out, "all": lambda _: True}[part]
    precision, recall, f1, errors = score(read_gold(), keep)
    assert f1 >= LEAST, f"precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}\n" + "\n".join(errors)


def test_the_gold_is_as_big_as_promised_and_says_nothing_twice() -> None:
    entries = read_gold()
    assert len(entries) >= 150
    assert len({e["name"] for e in entries}) == len(entries)
    items = [(i["type"], tuple(i["surfaces"])) for e in entries for i in e["items"]]
    assert len(set(items)) == len(items)


def test_bcubed_punishes_joining_and_splitting() -> None:
    assert bcubed("aabb", "xxyy") == (1.0, 1.0, 1.0)
    assert bcubed("aabb", "xxxx")[:2] == (0.5, 1.0)
    assert bcubed("aabb", "wxyz")[:2] == (1.0, 0.5)
