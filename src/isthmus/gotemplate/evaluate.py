"""Expressions to values.

Knows Go's rules for fields, missing keys, arguments and pipelines.
Does not know statements, output, or any function except `and` and `or`, which decide what is evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from isthmus.gotemplate import nodes
from isthmus.gotemplate.errors import FunctionError, RefusedError, TemplateError, TemplateRefusedError
from isthmus.gotemplate.signatures import Function, checked, function
from isthmus.gotemplate.values import MISSING, MethodList, MethodMap, Record, truth, type_name

MissingKey: TypeAlias = Literal["default", "zero", "error"]


class _Absent:
    """Marks that no value comes from the previous stage of a pipeline."""


_ABSENT = _Absent()


@dataclass(slots=True)
class _Variable:
    """A template's variable, which `=` may change."""

    name: str
    value: Any


class Evaluator:
    """Evaluates the expressions of one template invocation; owns its variables."""

    def __init__(self, functions: Mapping[str, Function], missing_key: MissingKey, dot: Any) -> None:
        self._functions = functions
        self._missing_key = missing_key
        self._variables = [_Variable("$", dot)]

    # Variables.

    def mark(self) -> int:
        """The depth to give to `release`."""
        return len(self._variables)

    def release(self, mark: int) -> None:
        """Forget the variables declared since `mark`."""
        del self._variables[mark:]

    def bind(self, name: str, value: Any, *, assigns: bool) -> None:
        """Declare a variable, or change the innermost one of that name."""
        if not assigns:
            self._variables.append(_Variable(name, value))
            return
        self._variable(name).value = value

    def _variable(self, name: str) -> _Variable:
        for variable in reversed(self._variables):
            if variable.name == name:
                return variable
        raise TemplateError(f"undefined variable: {name}")

    # Pipelines.

    def pipeline(self, dot: Any, pipe: nodes.Pipe, *, binds: bool = True) -> Any:
        """The pipeline's value; its variables are bound unless the caller does that."""
        value: Any = _ABSENT
        for command in pipe.commands:
            value = self._command(dot, command, value)
            if value is None:  # a nil interface becomes no value, as in Go
                value = MISSING
        if binds:
            for name in pipe.variables:
                self.bind(name, value, assigns=pipe.assigns)
        return value

    def _command(self, dot: Any, command: nodes.Command, final: Any) -> Any:
        first = command.words[0]
        match first:
            case nodes.Field():
                return self._chain(dot, dot, first, (command.words, final))
            case nodes.Identifier():
                return self._call(dot, self._function(first), command, (command.words, final))
            case nodes.Variable() if first.names:
                value = self._variable(first.name).value
                return self._chain(dot, value, first, (command.words, final))
            case nodes.Chain():
                return self._chain(dot, self._operand(dot, first.operand), first, (command.words, final))
        if len(command.words) > 1 or final is not _ABSENT:
            raise _failure(first, f"can't give argument to non-function {first}")
        if isinstance(first, nodes.Nil):
            raise _failure(first, "nil is not a command")
        return self._operand(dot, first)

    def _operand(self, dot: Any, node: nodes.Operand) -> Any:
        """The value of an expression without arguments."""
        match node:
            case nodes.Literal():
                return node.value
            case nodes.Field():
                return self._chain(dot, dot, node, ((), _ABSENT))
            case nodes.Variable():
                value = self._variable(node.name).value
                return self._chain(dot, value, node, ((), _ABSENT)) if node.names else value
            case nodes.Pipe():
                return self.pipeline(dot, node)
            case nodes.Identifier():
                return self._call(dot, self._function(node), node, ((), _ABSENT))
            case nodes.Chain():
                return self._chain(dot, self._operand(dot, node.operand), node, ((), _ABSENT))
            case nodes.Dot():
                return dot
        return None

    # Fields.

    def _chain(
        self,
        dot: Any,
        receiver: Any,
        node: nodes.Field | nodes.Variable | nodes.Chain,
        arguments: tuple[tuple[nodes.Operand, ...], Any],
    ) -> Any:
        for name in node.names[:-1]:
            receiver = self._field(dot, receiver, name, (node, (), _ABSENT))
        return self._field(dot, receiver, node.names[-1], (node, *arguments))

    def _field(
        self, dot: Any, receiver: Any, name: str, call: tuple[nodes.Operand, tuple[nodes.Operand, ...], Any]
    ) -> Any:
        node, words, final = call
        if receiver is MISSING:
            if self._missing_key == "error":
                raise _failure(node, f'nil data; no entry for key "{name}"')
            return MISSING
        if receiver is None:
            raise _failure(node, f"nil pointer evaluating interface {{}}.{name}")
        if isinstance(receiver, Record | MethodMap | MethodList) and name in receiver.methods:
            return self._call(dot, function(name, receiver.methods[name]), node, (words, final))
        values = receiver.fields if isinstance(receiver, Record) else receiver
        if not isinstance(values, Mapping) or (isinstance(receiver, Record) and name not in values):
            raise _failure(node, f"can't evaluate field {name} in type {_static_type(node, receiver)}")
        if len(words) > 1 or final is not _ABSENT:
            raise _failure(node, f"{name} is not a method but has arguments")
        return self._entry(values, name, node)

    def _entry(self, values: Mapping[str, Any], name: str, node: nodes.Operand) -> Any:
        if name in values:
            return values[name]
        if self._missing_key == "error":
            raise _failure(node, f'map has no entry for key "{name}"')
        return None if self._missing_key == "zero" else MISSING

    # Functions.

    def _function(self, node: nodes.Identifier) -> Function:
        return self._functions[node.name]

    def _call(
        self,
        dot: Any,
        called: Function,
        node: nodes.Operand | nodes.Command,
        arguments: tuple[tuple[nodes.Operand, ...], Any],
    ) -> Any:
        words, final = arguments
        try:
            called.check_count(max(len(words) - 1, 0) + (final is not _ABSENT))
        except FunctionError as problem:
            raise _failure(node, str(problem)) from None
        if called.name in ("and", "or"):
            return self._short_circuit(dot, called.name, words, final)
        values = [self._argument(dot, called.type_of(i), word) for i, word in enumerate(words[1:])]
        if final is not _ABSENT:
            values.append(_checked(final, called.type_of(len(values)), node))
        try:
            return called.call(*values)
        except (RecursionError, TemplateRefusedError):
            raise
        except RefusedError as refusal:
            raise TemplateRefusedError(str(refusal), node.position) from None
        except (FunctionError, TemplateError) as problem:
            raise _failure(node, f"error calling {called.name}: {problem}") from problem
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as problem:
            raise _failure(node, f"error calling {called.name}: {problem}") from problem

    def _argument(self, dot: Any, go_type: str, node: nodes.Operand) -> Any:
        if isinstance(node, nodes.Nil):
            return _checked(None if go_type == "interface {}" else MISSING, go_type, node)
        value = self._operand(dot, node)
        if isinstance(node, nodes.Literal):
            return _constant(value, go_type, node)
        return _checked(value, go_type, node)

    def _short_circuit(self, dot: Any, name: str, words: tuple[nodes.Operand, ...], final: Any) -> Any:
        value: Any = None
        for word in words[1:]:
            value = self._operand(dot, word)
            if truth(value) == (name == "or"):
                return value
        return value if final is _ABSENT else final


def _static_type(node: nodes.Operand, receiver: Any) -> str:
    """The type in Go's words: whatever comes out of a map or list is an interface there."""
    return type_name(receiver) if isinstance(node, nodes.Chain) else "interface {}"


def _checked(value: Any, go_type: str, node: nodes.Operand | nodes.Command) -> Any:
    try:
        return checked(value, go_type)
    except FunctionError as problem:
        raise _failure(node, str(problem)) from None


def _constant(value: Any, go_type: str, node: nodes.Literal) -> Any:
    """A constant takes the type of its parameter where it fits."""
    if go_type == "float64" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if go_type == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    try:
        return checked(value, go_type)
    except FunctionError:
        raise _failure(node, f"expected {go_type}; found {node}") from None


def _failure(node: nodes.Operand | nodes.Command, reason: str) -> TemplateError:
    return TemplateError(reason, node.position, str(node))
