"""Corrections as data: the curation file, read with a line number for every problem."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Curation:
    """The entries of a curation file."""
