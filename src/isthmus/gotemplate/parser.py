"""Tokens to a parse tree.

Knows Go's statement grammar, which variables are in scope and which functions exist.
Does not know what a function does or what data looks like.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from isthmus.gotemplate import nodes
from isthmus.gotemplate.errors import Position, TemplateError
from isthmus.gotemplate.expressions import Expressions
from isthmus.gotemplate.lexer import Kind, Token, tokens


@lru_cache(maxsize=1024)
def parse(name: str, text: str, functions: frozenset[str]) -> nodes.Parsed:
    """Parse `text`; `functions` are the names that may be called.

    Raises TemplateError naming template and line. Results are cached, so a template is parsed once.
    """
    parser = _Parser(name, list(tokens(name, text)), functions)
    return parser.template()


@dataclass(frozen=True, slots=True)
class _Stop:
    """The word that ended a block: `end`, `else`, or the end of the text."""

    word: str
    position: Position


class _Parser(Expressions):
    """Statements; expressions are in the base class."""

    def __init__(self, name: str, words: list[Token], functions: frozenset[str]) -> None:
        super().__init__(words, functions)
        self._name = name
        self._definitions: list[tuple[str, nodes.Body]] = []
        self._loops = 0

    def template(self) -> nodes.Parsed:
        """Parse the whole text."""
        body, stop = self._body()
        if stop.word != "":
            raise TemplateError(f"unexpected {{{{{stop.word}}}}}", stop.position)
        return nodes.Parsed(self._name, body, tuple(self._definitions))

    def _body(self) -> tuple[nodes.Body, _Stop]:
        statements: list[nodes.Statement] = []
        while True:
            token = self.take()
            if token.kind is Kind.TEXT:
                statements.append(nodes.Text(token.text))
            elif token.kind is Kind.END:
                return tuple(statements), _Stop("", token.position)
            else:
                word = self.peek_word()
                if word in ("end", "else"):
                    return tuple(statements), _Stop(word, self.take_word().position)
                statements.extend(self._action(word))

    def _action(self, word: str) -> Iterator[nodes.Statement]:
        actions = {
            "if": self._if,
            "with": self._with,
            "range": self._range,
            "template": self._template,
            "block": self._block,
            "break": self._break,
            "continue": self._continue,
        }
        if word == "define":
            self._define()
        elif word in actions:
            yield actions[word](self.take_word())
        else:
            yield nodes.Output(self.pipeline("command"))

    @contextmanager
    def _scope(self) -> Iterator[None]:
        mark = len(self.variables)
        yield
        del self.variables[mark:]

    def _if(self, word: Token) -> nodes.Statement:
        with self._scope():
            return nodes.If(self.pipeline("if"), *self._branches(word, "if"))

    def _with(self, word: Token) -> nodes.Statement:
        with self._scope():
            return nodes.With(self.pipeline("with"), *self._branches(word, "with"))

    def _range(self, word: Token) -> nodes.Statement:
        with self._scope():
            pipe = self.pipeline("range")
            self._loops += 1
            body, stop = self._body()
            self._loops -= 1
            return nodes.Range(pipe, body, self._otherwise(word, stop, "range"))

    def _branches(self, word: Token, construct: str) -> tuple[nodes.Body, nodes.Body]:
        body, stop = self._body()
        return body, self._otherwise(word, stop, construct)

    def _otherwise(self, word: Token, stop: _Stop, construct: str) -> nodes.Body:
        """The else branch behind a body that `stop` ended, or nothing."""
        if stop.word == "":
            raise TemplateError(f"unexpected EOF: {construct} of line {word.position.line} has no end", stop.position)
        if stop.word == "end":
            self.close("end")
            return ()
        if construct != "range" and self.peek_word() == construct:
            chained = self.take_word()
            return (self._if(chained) if construct == "if" else self._with(chained),)
        self.close("else")
        body, last = self._body()
        if last.word == "else":
            raise TemplateError("expected end; found {{else}}", last.position)
        return body + self._otherwise(word, last, construct)

    def _template(self, word: Token) -> nodes.Statement:
        name = self.quoted("template clause")
        pipe = None if self.at_close() else self.pipeline("template clause")
        if pipe is None:
            self.close("template clause")
        return nodes.Call(word.position, name, pipe)

    def _block(self, word: Token) -> nodes.Statement:
        name = self.quoted("block clause")
        pipe = self.pipeline("block clause")
        self._definition(name, word)
        return nodes.Call(word.position, name, pipe)

    def _define(self) -> None:
        word = self.take_word()
        name = self.quoted("define clause")
        self.close("define clause")
        self._definition(name, word)

    def _definition(self, name: str, word: Token) -> None:
        outer, self.variables = self.variables, ["$"]
        body, stop = self._body()
        self.variables = outer
        if stop.word != "end":
            raise TemplateError(f"unexpected {stop.word or 'EOF'} in definition of {name!r}", word.position)
        self.close("end")
        self._definitions.append((name, body))

    def _break(self, word: Token) -> nodes.Statement:
        self._in_loop(word)
        return nodes.Break()

    def _continue(self, word: Token) -> nodes.Statement:
        self._in_loop(word)
        return nodes.Continue()

    def _in_loop(self, word: Token) -> None:
        if not self._loops:
            raise TemplateError(f"{{{{{word.text}}}}} outside {{{{range}}}}", word.position)
        self.close(word.text)
