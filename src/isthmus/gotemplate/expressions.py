"""The expression half of the parser: pipelines, commands, operands and literals.

Knows operator-free Go template expressions. Does not know statements.
"""

from __future__ import annotations

from isthmus.gotemplate import nodes
from isthmus.gotemplate.errors import TemplateError
from isthmus.gotemplate.lexer import Kind, Token
from isthmus.gotemplate.literals import number, quoted_text

_KEYWORDS = frozenset({"define", "block", "if", "else", "end", "range", "with", "template"})
_CONSTANTS = {"true": True, "false": False}
_OPERAND_ENDS = frozenset({Kind.CLOSE, Kind.PIPE, Kind.RIGHT, Kind.DECLARE, Kind.ASSIGN, Kind.COMMA, Kind.END})


class Expressions:
    """A cursor over tokens that understands expressions."""

    def __init__(self, words: list[Token], functions: frozenset[str]) -> None:
        self._words = words
        self._index = 0
        self._functions = functions
        self.variables = ["$"]

    # The cursor.

    def take(self) -> Token:
        """Return the next token and step over it."""
        token = self._words[self._index]
        self._index += 1
        return token

    def _peek(self) -> Token:
        return self._words[self._index]

    def _skip_space(self) -> None:
        if self._peek().kind is Kind.SPACE:
            self._index += 1

    def peek_word(self) -> str:
        """The next word's text, or "" when something else comes."""
        self._skip_space()
        token = self._peek()
        return token.text if token.kind is Kind.WORD else ""

    def take_word(self) -> Token:
        """Step over the next word."""
        self._skip_space()
        return self.take()

    def at_close(self) -> bool:
        """Report whether the action ends here."""
        self._skip_space()
        return self._peek().kind is Kind.CLOSE

    def close(self, context: str) -> None:
        """Step over the end of the action."""
        self._skip_space()
        token = self.take()
        if token.kind is not Kind.CLOSE:
            raise _unexpected(token, context)

    def quoted(self, context: str) -> str:
        """Step over a quoted name."""
        token = self.take_word()
        if token.kind not in (Kind.STRING, Kind.RAW):
            raise _unexpected(token, context)
        return quoted_text(token)

    # Expressions.

    def pipeline(self, context: str, end: Kind = Kind.CLOSE) -> nodes.Pipe:
        """Parse a pipeline and step over the token of kind `end` behind it."""
        self._skip_space()
        position = self._peek().position
        declared, assigns = self._declarations(context)
        commands = [self._command(context)]
        while self._peek().kind is Kind.PIPE:
            self.take()
            commands.append(self._command(context))
        token = self.take()
        if token.kind is not end:
            raise _unexpected(token, context)
        _check_stages(commands, context)
        if not assigns:
            self.variables.extend(declared)
        return nodes.Pipe(position, tuple(commands), declared, assigns)

    def _declarations(self, context: str) -> tuple[tuple[str, ...], bool]:
        """`$x :=`, `$x =` or, in a range, `$i, $x :=`; nothing is consumed when there is none."""
        start = self._index
        names: list[str] = []
        while self._peek().kind is Kind.VARIABLE:
            names.append(self.take().text)
            self._skip_space()
            token = self._peek()
            if token.kind in (Kind.DECLARE, Kind.ASSIGN):
                self.take()
                return self._declared(names, token), token.kind is Kind.ASSIGN
            if token.kind is not Kind.COMMA or context != "range" or len(names) == 2:
                break
            self.take()
            self._skip_space()
        self._index = start
        return (), False

    def _declared(self, names: list[str], operator: Token) -> tuple[str, ...]:
        if operator.kind is Kind.ASSIGN:
            for name in names:
                self._check_variable(name, operator)
        return tuple(names)

    def _command(self, context: str) -> nodes.Command:
        self._skip_space()
        position = self._peek().position
        words: list[nodes.Operand] = []
        while self._peek().kind not in _OPERAND_ENDS:
            words.append(self._operand(context))
            if self._peek().kind is Kind.SPACE:
                self.take()
            elif self._peek().kind not in _OPERAND_ENDS:
                raise _unexpected(self._peek(), context)
        if not words:
            raise TemplateError(f"missing value for {context}", position)
        return nodes.Command(position, tuple(words))

    def _operand(self, context: str) -> nodes.Operand:
        operand = self._term(context)
        names = self._field_names()
        if not names:
            return operand
        if isinstance(operand, nodes.Field):
            return nodes.Field(operand.position, operand.names + names)
        if isinstance(operand, nodes.Variable):
            return nodes.Variable(operand.position, operand.name, operand.names + names)
        if isinstance(operand, nodes.Literal | nodes.Nil | nodes.Dot):
            raise TemplateError(f"unexpected . after term {str(operand)!r}", operand.position)
        return nodes.Chain(operand.position, operand, names)

    def _field_names(self) -> tuple[str, ...]:
        names = []
        while self._peek().kind is Kind.FIELD:
            names.append(self.take().text[1:])
        return tuple(names)

    def _term(self, context: str) -> nodes.Operand:
        token = self.take()
        position = token.position
        match token.kind:
            case Kind.WORD:
                return self._word(token, context)
            case Kind.DOT:
                return nodes.Dot(position)
            case Kind.FIELD:
                return nodes.Field(position, (token.text[1:],))
            case Kind.VARIABLE:
                self._check_variable(token.text, token)
                return nodes.Variable(position, token.text)
            case Kind.NUMBER | Kind.CHARACTER:
                return nodes.Literal(position, number(token), token.text)
            case Kind.STRING | Kind.RAW:
                return nodes.Literal(position, quoted_text(token), token.text)
            case Kind.LEFT:
                return self.pipeline("parenthesized pipeline", Kind.RIGHT)
        raise _unexpected(token, context)

    def _word(self, token: Token, context: str) -> nodes.Operand:
        if token.text in _CONSTANTS:
            return nodes.Literal(token.position, _CONSTANTS[token.text], token.text)
        if token.text == "nil":
            return nodes.Nil(token.position)
        if token.text in _KEYWORDS:
            raise _unexpected(token, context)
        if token.text not in self._functions:
            raise TemplateError(f'function "{token.text}" not defined', token.position)
        return nodes.Identifier(token.position, token.text)

    def _check_variable(self, name: str, token: Token) -> None:
        if name not in self.variables:
            raise TemplateError(f'undefined variable "{name}"', token.position)


def _check_stages(commands: list[nodes.Command], context: str) -> None:
    """Only the first stage may be a plain value: the others must take the previous result."""
    for stage in commands[1:]:
        if isinstance(stage.words[0], nodes.Literal | nodes.Dot | nodes.Nil):
            raise TemplateError(f"non executable command in pipeline stage of {context}", stage.position)


def _unexpected(token: Token, context: str) -> TemplateError:
    found = {Kind.END: "EOF", Kind.CLOSE: "}}", Kind.SPACE: "space"}.get(token.kind, token.text)
    if token.kind is Kind.END:
        return TemplateError(f"unclosed action in {context}", token.position)
    return TemplateError(f"unexpected {found!r} in {context}", token.position)
