"""The explorer as its user meets it: milliseconds from a click to a page that stands still, and memory by sessions.

    python bench/app.py OUTPUTS [--rounds 5] [--sessions 5] [--json]

Starts the app on a folder of outputs and drives Chromium (Debian's, or the program that KG_CHROMIUM names) through
Playwright. A visit is a click on a link inside the app; it ends with the last change of the page before the script has
ended and nothing has moved for a while; a graph counts as there once it is drawn. Every page is visited cold (the first
visit of the server's life), then with other entities and papers than before (nothing of the answer is cached), then as
at first again (all of it is).
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import psutil
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from report import Report, memory, processor

import kg
from kg.cli.take import app_file

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

CLICK = """
async ([address, quiet]) => {
  const app = document.querySelector("[data-testid=stApp]");
  let start = performance.now(), changed = start, ended = 0;
  const state = () => app.dataset.testScriptState ?? app.getAttribute("data-test-script-state");
  const watch = new MutationObserver(() => { changed = performance.now(); });
  watch.observe(document.querySelector("[data-testid=stMain]"),
    { subtree: true, childList: true, attributes: true, characterData: true });
  const runs = new MutationObserver(() => {
    if (state() === "notRunning") ended = performance.now();
  });
  runs.observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
  const link = document.createElement("a");
  link.href = address;
  document.body.append(link);
  start = changed = performance.now();
  link.click();
  link.remove();
  let took = 0;
  while (!took && performance.now() - start < 60000) {
    await new Promise((go) => setTimeout(go, 20));
    const stale = document.querySelector("[data-stale=true]");
    const last = Math.max(changed, ended); // a short run may come and go between two looks at the state
    if (last > start && state() === "notRunning" && !stale && performance.now() - last > quiet) took = last - start;
  }
  watch.disconnect();
  runs.disconnect();
  return took;
}
"""
"""Follow a link and return the milliseconds until the page stands still."""

QUIET = 350  # milliseconds

LOOKED_AT = ("overview", "entity", "explore round one", "lineage")
"""Pages that each of the further sessions looks at."""


@dataclass
class Cost:
    """What a visit took, in milliseconds: by the clock, of the server's processor, of the browser's main thread."""

    clock: float
    server: float
    browser: float


@dataclass
class Visits:
    """What the visits of one page took."""

    name: str
    addresses: list[str]
    first: Cost | None = None
    others: list[Cost] = field(default_factory=list)
    again: list[Cost] = field(default_factory=list)


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Run the app on a folder; give its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(app_file())]  # as `kg app` runs it
    command += [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    environment = {**os.environ, "KG_DIR": str(folder.resolve())}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            base, until = f"http://127.0.0.1:{port}", time.monotonic() + 120
            while True:
                try:
                    urlopen(f"{base}/_stcore/health", timeout=2).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > until:
                        raise SystemExit(f"{folder}: the app did not start") from None
                    time.sleep(0.2)
            yield base, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(20)


def pages(folder: Path, rounds: int) -> list[Visits]:
    """Return every page with the addresses to visit: the commonest thing first, then others."""
    graph = kg.load(folder)
    busiest = [row["id"] for row in graph.entities(limit=rounds + 1)]
    papers = [graph.papers(one, exact=True)[0]["id"] for one in busiest]
    families = [row["id"] for row in graph.entities(min_papers=3, limit=2000) if row["family"] == row["id"]]
    matrices = [("methods", "benchmarks"), ("models", "methods"), ("models", "benchmarks"), ("methods", "datasets")]
    matrices += [("methods", "models"), ("datasets", "models")]

    def each(path: str, key: str, values: list[str]) -> list[str]:
        return [f"./{path}?{urlencode({key: value})}" for value in values[: rounds + 1]]

    return [
        Visits("overview", ["./"]),
        Visits("entities, the list", ["./entity"]),
        Visits("entity", each("entity", "name", busiest)),
        Visits("papers, the list", ["./paper"]),
        Visits("paper", each("paper", "id", papers)),
        Visits("explore, the whole", ["./explore"]),
        Visits("explore round one", each("explore", "entity", busiest)),
        Visits("lineage", each("lineage", "entity", families)),
        Visits("compare", [f"./compare?{urlencode({'rows': r, 'columns': c})}" for r, c in matrices[: rounds + 1]]),
        Visits("side by side", each("compare", "side", ["|".join(busiest[i : i + 2]) for i in range(rounds)])),
        Visits("export, the whole", ["./export"]),
        Visits("export round one", each("export", "entity", busiest)),
        Visits("add", ["./add"]),
    ]


def opened(browser: Browser, base: str) -> Page:
    """Return a tab of a profile of its own, on a page of the app that asks the graph nothing."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{base}/add")
    page.wait_for_selector(".kg h1")
    page.wait_for_timeout(2000)
    return page


def watched(page: Page) -> CDPSession:
    """Return a connection to a tab's browser that counts what its main thread works, by the processor's time."""
    watch = page.context.new_cdp_session(page)
    watch.send("Performance.enable", {"timeDomain": "threadTicks"})
    return watch


def worked(watch: CDPSession) -> float:
    """Return for how many seconds the tab's main thread has worked."""
    metrics = watch.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def visit(page: Page, watch: CDPSession, server: psutil.Process, address: str) -> Cost:
    """Follow a link and wait until the page stands still."""
    before = processor(server), worked(watch)
    took: float = page.evaluate(CLICK, [address, QUIET])
    if not took:
        raise SystemExit(f"{address}: the page did not come to rest within a minute")
    return Cost(took, 1000 * (processor(server) - before[0]), 1000 * (worked(watch) - before[1]))


def measure(browser: Browser, base: str, server: psutil.Process, wanted: list[Visits], rounds: int) -> None:
    """Visit all pages, each from the one before it."""
    page = opened(browser, base)
    watch = watched(page)
    for one in wanted:
        one.first = visit(page, watch, server, one.addresses[0])
    for number in range(1, rounds + 1):
        for one in wanted:
            if number < len(one.addresses):
                one.others.append(visit(page, watch, server, one.addresses[number]))
    for _ in range(rounds):
        for one in wanted:
            one.again.append(visit(page, watch, server, one.addresses[0]))


def sessions(browser: Browser, base: str, server: psutil.Process, wanted: list[Visits], number: int) -> list[int]:
    """Open sessions that look at some pages and stay; return the server's memory in MiB before and after each."""
    held = [memory(server)]
    for _ in range(number):
        page = opened(browser, base)
        watch = watched(page)
        for one in wanted:
            if one.name in LOOKED_AT:
                visit(page, watch, server, one.addresses[0])
        held.append(memory(server))
    return held


def middle(visits: list[Cost]) -> list[float | str]:
    """Return the median of each cost of some visits."""
    if not visits:
        return ["", "", ""]
    return [statistics.median(costs) for costs in zip(*map(astuple, visits), strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sessions", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    program = os.environ.get("KG_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("no chromium on this machine")
    wanted = pages(options.folder, options.rounds)
    counts = kg.load(options.folder).build["counts"]
    report = Report(
        f"Pages of the explorer at {counts['papers']:,} papers",
        [
            "page",
            "first, ms",
            "another of its kind, ms",
            "… server's CPU",
            "… browser's CPU",
            "the same again, ms",
            "… server's CPU",
            "… browser's CPU",
        ],
    )
    with served(options.folder) as (base, server), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        measure(browser, base, server, wanted, options.rounds)
        held = sessions(browser, base, server, wanted, options.sessions)
        browser.close()
    for one in wanted:
        first = one.first.clock if one.first else ""
        report.rows.append((one.name, first, *middle(one.others), *middle(one.again)))
    report.notes.append(
        "The browser's CPU is that of the tab's main thread, from the click until after the page stood still."
    )
    report.notes.append(
        f"Memory of the server after all visits and after each of {options.sessions} further sessions that looked at "
        f"{', '.join(LOOKED_AT)}: {', '.join(map(str, held))} MiB."
    )
    report.print(options.json)


if __name__ == "__main__":
    main()
