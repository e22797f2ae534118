"""Tables of measurements, as Markdown for the docs or as JSON, with the machine and the command that made them."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil


@dataclass
class Cost:
    """What a step took: seconds by the clock and of all processors, and the highest resident memory in MiB."""

    wall: float = 0.0
    cpu: float = 0.0
    peak: int = 0


@contextmanager
def measured(every: float = 0.25) -> Iterator[Cost]:
    """Measure a block, this process and its children together."""
    cost, over = Cost(), threading.Event()
    me = psutil.Process()

    def watch() -> None:
        while not over.wait(every):
            cost.peak = max(cost.peak, memory(me))

    watcher = threading.Thread(target=watch, daemon=True)
    cost.peak = memory(me)
    watcher.start()
    wall, cpu = time.perf_counter(), processor(me)
    try:
        yield cost
    finally:
        cost.wall, cost.cpu = time.perf_counter() - wall, processor(me) - cpu
        over.set()
        watcher.join()


def memory(process: psutil.Process) -> int:
    """Return the resident memory of a process and its children in MiB."""
    total = process.memory_info().rss
    for child in process.children(recursive=True):
        try:
            total += child.memory_info().rss
        except psutil.Error:  # it ended between listing and asking
            continue
    return total >> 20


def processor(process: psutil.Process) -> float:
    """Return the processor time of a process and its children, those that ended too, in seconds."""
    times = process.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in process.children(recursive=True):
        try:
            times = child.cpu_times()
            total += times.user + times.system
        except psutil.Error:
            continue
    return total


@dataclass
class Report:
    """One table of figures."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def print(self, as_json: bool) -> None:
        """Print the table on stdout."""
        command = "python " + shlex.join(sys.argv)
        load = os.getloadavg()[0]
        machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f} at the end"
        if as_json:
            rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
            print(json.dumps({"title": self.title, "command": command, "machine": machine, "rows": rows}, indent=1))
            return
        print(f"**{self.title}** (`{command}`; {machine})\n")
        print("| " + " | ".join(self.columns) + " |\n|" + "---|" * len(self.columns))
        for row in self.rows:
            print("| " + " | ".join(_cell(v) for v in row) + " |")
        for note in self.notes:
            print(f"\n{note}")


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
