"""Sprig's random values, from the system's source."""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from typing import Any


def _characters(count: int, alphabet: str) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(count))


def letters_and_digits(count: int) -> str:
    """Letters and digits."""
    return _characters(count, string.ascii_letters + string.digits)


def letters(count: int) -> str:
    """Letters."""
    return _characters(count, string.ascii_letters)


def digits(count: int) -> str:
    """Digits."""
    return _characters(count, string.digits)


def printable(count: int) -> str:
    """Printable ASCII."""
    return _characters(count, "".join(map(chr, range(32, 127))))


def random_bytes(count: int) -> str:
    """Bytes in base64."""
    return base64.b64encode(secrets.token_bytes(count)).decode()


def integer(low: int, high: int) -> int:
    """From `low` to below `high`."""
    return low + secrets.randbelow(high - low)


def shuffle(text: str) -> str:
    """The characters in random order."""
    characters = list(text)
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def uuid4() -> str:
    """A version 4 UUID."""
    return str(uuid.uuid4())


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "randAlphaNum": letters_and_digits,
    "randAlpha": letters,
    "randNumeric": digits,
    "randAscii": printable,
    "randBytes": random_bytes,
    "randInt": integer,
    "shuffle": shuffle,
    "uuidv4": uuid4,
}
