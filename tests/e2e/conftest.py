"""Labs for every test here."""

from labs import lab, short_lived, single

__all__ = ["lab", "short_lived", "single"]
