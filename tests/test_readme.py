"""The README's examples are real: each console block is run on the graph of the seeds and must print what stands there.

``KG_RENEW=1 pytest tests/test_readme.py`` writes the present output into the README.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from kg.ask import KnowledgeGraph

README = ROOT / "README.md"
BLOCK = re.compile(r"(?<=```console\n)\$ (?P<command>.*)\n(?P<output>(?:(?!```).*\n)*)")


def examples() -> list[tuple[str, str]]:
    return [(m["command"], m["output"]) for m in BLOCK.finditer(README.read_text(encoding="utf-8"))]


def test_the_readme_answers_the_questions_it_asks() -> None:
    commands = [command for command, _ in examples()]
    assert any("papers Llama" in c for c in commands) and any("papers GRPO" in c for c in commands)


@pytest.mark.parametrize(("command", "output"), examples())
def test_an_example_prints_what_the_readme_shows(
    seeds_graph: KnowledgeGraph, tmp_path: Path, command: str, output: str
) -> None:
    (tmp_path / "outputs").symlink_to(seeds_graph.folder)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip()
    if os.environ.get("KG_RENEW"):
        text = README.read_text(encoding="utf-8")
        README.write_text(text.replace(f"$ {command}\n{output}", f"$ {command}\n{done.stdout}"), encoding="utf-8")
    else:
        assert done.stdout == output
