"""Tables that a build keeps for the next one: written whole, checked when they are read, forgotten when in doubt.

Each file is the SHA-256 of what follows, then an Arrow file whose metadata name the version of the code that wrote it.
A file that is missing, of another version, cut off or changed is as good as none: what it held is worked out again.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pyarrow as pa

_DIGEST = 32  # bytes
_VERSION = b"version"


def room_version(room: Path, *also: str) -> str:
    """Return 16 hex digits over the code and the data files of a folder: equal means same results."""
    state = sha256("\0".join(also).encode())
    for path in sorted(p for p in room.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        state.update(path.relative_to(room).as_posix().encode() + b"\0")
        state.update(path.read_bytes() + b"\0")
    return state.hexdigest()[:16]


def digest(data: bytes) -> str:
    """Return 16 hex digits that change when the bytes do."""
    return sha256(data).hexdigest()[:16]


def load(path: Path, version: str) -> pa.Table | None:
    """Return the table that `keep` wrote under this version, or None."""
    try:
        data = memoryview(path.read_bytes())
        if sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
            return None
        table = pa.ipc.open_file(data[_DIGEST:]).read_all()
    except (OSError, pa.ArrowException):
        return None
    return table if (table.schema.metadata or {}).get(_VERSION) == version.encode() else None


def keep(path: Path, version: str, table: pa.Table) -> None:
    """Write a table; where it cannot be written, the next build does without."""
    table = table.replace_schema_metadata({_VERSION: version.encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    data = memoryview(sink.getvalue())
    aside = path.with_name(f"{path.name}.part")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as out:
            out.write(sha256(data).digest())
            out.write(data)
        aside.replace(path)
