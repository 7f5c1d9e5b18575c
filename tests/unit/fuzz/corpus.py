"""The kept inputs: one file each, named after what it is; ``.hex`` files hold bytes as hexadecimal digits.

A line ``@repeat N TEXT`` stands for the text N times, ``@open N TEXT`` and ``@close N TEXT`` alike: deep inputs stay
readable. Lines are joined without breaks then.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def entries() -> Iterator[tuple[str, Path]]:
    """Target and file, in order."""
    for path in sorted(CORPUS.glob("*/*")):
        yield path.parent.name, path


def content(path: Path) -> bytes:
    """The input that a file stands for."""
    data = path.read_bytes()
    if path.suffix == ".hex":
        return bytes.fromhex(data.decode("ascii"))
    if b"@repeat " not in data:
        return data
    return b"".join(_line(line) for line in data.rstrip(b"\n").split(b"\n"))


def _line(line: bytes) -> bytes:
    if not line.startswith(b"@repeat "):
        return line
    _, count, text = line.split(b" ", 2)
    return int(count) * text


def seeds(target: str) -> list[bytes]:
    """All inputs of a target, short ones only: long ones make mutation slow and find nothing more."""
    found = [content(path) for name, path in entries() if name == target]
    return [data for data in found if len(data) < 4000] or [b""]
