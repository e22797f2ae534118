"""What names the state of the extractor, by which extractions are kept and reused; needs neither spaCy nor weights."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path


@lru_cache(maxsize=1)
def version() -> str:
    """Return 16 hex digits over the code, the data files and the weights of this room: equal means same extractions."""
    digest = sha256(metadata.version("spacy").encode())
    room = Path(__file__).parent
    for path in sorted(p for p in room.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        digest.update(path.relative_to(room).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
