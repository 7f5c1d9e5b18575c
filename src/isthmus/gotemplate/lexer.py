"""Template text to tokens.

Knows delimiters, comments, trim markers and the words inside an action.
Does not know which sequences of tokens make sense. Grammar: Go's text/template.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from isthmus.gotemplate.errors import Position, TemplateError

_SPACE = " \t\r\n"
_COMMENT = re.compile(r"\{\{(-[ \t\r\n]+)?/\*.*?\*/([ \t\r\n]+-)?\}\}", re.DOTALL)
_COMMENT_START = re.compile(r"[ \t\r\n]*/\*")
_RIGHT = re.compile(r"(?P<trim>[ \t\r\n]+-)?\}\}")
_NUMBER = r"[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?)"
_WORD = re.compile(
    r"(?P<SPACE>[ \t\r\n]+)"
    rf"|(?P<NUMBER>{_NUMBER})"
    r"|(?P<FIELD>\.[^\W\d]\w*)"
    r"|(?P<VARIABLE>\$\w*)"
    r"|(?P<DOT>\.)"
    r"|(?P<WORD>[^\W\d]\w*)"
    r'|(?P<STRING>"(?:\\.|[^"\\\n])*")'
    r"|(?P<RAW>`[^`]*`)"
    r"|(?P<CHARACTER>'(?:\\.|[^'\\\n])+')"
    r"|(?P<DECLARE>:=)|(?P<ASSIGN>=)|(?P<PIPE>\|)|(?P<LEFT>\()|(?P<RIGHT>\))|(?P<COMMA>,)"
)
_ENDS_WORD = frozenset(" \t\r\n.,|:()=}")


class Kind(Enum):
    """What a token is."""

    TEXT = auto()
    OPEN = auto()  # {{
    CLOSE = auto()  # }}
    SPACE = auto()
    NUMBER = auto()
    FIELD = auto()
    VARIABLE = auto()
    DOT = auto()
    WORD = auto()
    STRING = auto()
    RAW = auto()
    CHARACTER = auto()
    DECLARE = auto()
    ASSIGN = auto()
    PIPE = auto()
    LEFT = auto()
    RIGHT = auto()
    COMMA = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text and where it stands."""

    kind: Kind
    text: str
    position: Position


class _Lines:
    """Offsets to line and column."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self._offset = 0
        self._line = 1

    def at(self, offset: int) -> Position:
        """Position of `offset`, which must not go back."""
        self._line += self._text.count("\n", self._offset, offset)
        self._offset = offset
        column = offset - (self._text.rfind("\n", 0, offset) + 1)
        return Position(self._name, self._line, column)


def tokens(name: str, text: str) -> Iterator[Token]:
    """Yield the tokens of `text`, ending in one of kind END.

    Raises TemplateError for an unclosed action or comment and for a character that starts no word.
    """
    lines = _Lines(name, text)
    offset = 0
    trim = False
    while True:
        start = text.find("{{", offset)
        plain = text[offset:] if start < 0 else text[offset:start]
        plain = plain.lstrip(_SPACE) if trim else plain
        trims_left = start >= 0 and _trims_left(text, start)
        plain = plain.rstrip(_SPACE) if trims_left else plain
        if plain:
            yield Token(Kind.TEXT, plain, lines.at(offset))
        if start < 0:
            yield Token(Kind.END, "", lines.at(len(text)))
            return
        comment = _COMMENT.match(text, start)
        if comment:
            offset, trim = comment.end(), comment.group(2) is not None
            continue
        inside = start + (3 if trims_left else 2)
        if _COMMENT_START.match(text, inside):
            raise TemplateError("unclosed comment", lines.at(start))
        yield Token(Kind.OPEN, "{{", lines.at(start))
        offset = yield from _words(text, inside, lines)
        trim = text[offset - 3 : offset] == "-}}" and text[offset - 4] in _SPACE


def _trims_left(text: str, start: int) -> bool:
    return text[start + 2 : start + 3] == "-" and text[start + 3 : start + 4] in tuple(_SPACE)


def _words(text: str, offset: int, lines: _Lines) -> Generator[Token, None, int]:
    """Yield the words of one action; the generator's value is the offset behind it."""
    while True:
        close = _RIGHT.match(text, offset)
        if close:
            yield Token(Kind.CLOSE, "}}", lines.at(offset))
            return close.end()
        match = _WORD.match(text, offset)
        if match is None or match.lastgroup is None:
            position = lines.at(min(offset, len(text)))
            if offset >= len(text):
                raise TemplateError("unclosed action", position)
            raise TemplateError(_unexpected(text[offset]), position)
        kind = Kind[match.lastgroup]
        offset = match.end()
        if kind in _MUST_END and offset < len(text) and text[offset] not in _ENDS_WORD:
            raise TemplateError(f"bad character {text[offset]!r}", lines.at(offset))
        yield Token(kind, match.group(), lines.at(match.start()))


_MUST_END = frozenset({Kind.FIELD, Kind.VARIABLE, Kind.WORD})


def _unexpected(character: str) -> str:
    if character in "\"'`":
        return "unterminated quoted string"
    return f"unexpected {character!r} in command"
