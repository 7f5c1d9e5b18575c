"""Files that ``analyze`` is given: names, directories, standard input.

Knows which files count and what is said of those that cannot be read. Does not know what is in them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec

from isthmus.analysis.decoding import Located
from isthmus.analysis.files import MalformedFileError, objects_in
from isthmus.api.yaml_text import YamlError

EXTENSIONS = (".json", ".yaml", ".yml")


class Parsed(msgspec.Struct, frozen=True):
    """Objects of all files, and the complaints about files that are not readable as objects."""

    names: tuple[str, ...]
    objects: tuple[Located, ...]
    complaints: tuple[str, ...]


def parse_files(names: Sequence[str], namespace: str, *, recursive: bool) -> Parsed:
    """Reads files; ``-`` is standard input. ``click.ClickException`` when one does not exist."""
    texts = [found for name in names for found in _texts(name, recursive=recursive)]
    objects: list[Located] = []
    complaints: list[str] = []
    for name, text in texts:
        try:
            objects += objects_in(name, text, namespace)
        except YamlError as error:
            complaints.append(f"{name}: {error}")
        except MalformedFileError as error:
            complaints.append(str(error))
    return Parsed(tuple(name for name, _ in texts), tuple(objects), tuple(complaints))


def _texts(name: str, *, recursive: bool) -> Iterator[tuple[str, str]]:
    if name == "-":
        yield name, sys.stdin.read()
        return
    path = Path(name)
    try:
        for found in _matching(path, recursive=recursive):
            yield str(found), found.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise click.ClickException(f"{name} is not text (UTF-8)") from None
    except OSError as error:
        raise click.ClickException(f"{name}: {error.strerror}") from None


def _matching(path: Path, *, recursive: bool) -> Iterator[Path]:
    if path.is_dir():
        inside = path.rglob("*") if recursive else path.iterdir()
        yield from sorted(entry for entry in inside if entry.is_file() and entry.suffix in EXTENSIONS)
    elif path.suffix in EXTENSIONS or not path.exists():
        yield path
    else:
        extensions = " ".join(EXTENSIONS)
        click.echo(f"Skipping file {path}, recognized file extensions are: [{extensions}]", err=True)
