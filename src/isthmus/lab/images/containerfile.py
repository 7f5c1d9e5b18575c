"""Containerfiles as values: the instructions that this project's images use, and the variables in them.

Knows the syntax (https://docs.docker.com/reference/dockerfile/). Does not run anything and reads no files.
"""

import re
from dataclasses import dataclass

KNOWN = frozenset(
    ["ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "LABEL", "RUN", "STOPSIGNAL", "USER", "WORKDIR"]
)
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<bare>\w+))")


class ContainerfileError(ValueError):
    """A Containerfile that this builder does not understand; names file, line and reason."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: the file and line where it starts, its name in capitals, and the rest of its text."""

    file: str
    line: int
    name: str
    text: str

    def refuse(self, reason: str) -> ContainerfileError:
        """The error to raise where this instruction cannot be carried out."""
        return ContainerfileError(f"{self.file}:{self.line}: {self.name} {self.text}: {reason}")


def parse(file: str, content: str) -> tuple[Instruction, ...]:
    """The instructions of a Containerfile in their order; `file` is used in errors only.

    Raises ContainerfileError for an instruction or a flag that is not among those of `KNOWN`.
    """
    found = [_instruction(file, line, text) for line, text in _logical_lines(content)]
    if not any(each.name == "FROM" for each in found):
        raise ContainerfileError(f"{file}: has no FROM")
    return tuple(found)


def expand(instruction: Instruction, variables: dict[str, str]) -> str:
    """The text of an instruction with `$NAME` and `${NAME}` replaced; an unknown variable is an error."""

    def value(match: re.Match[str]) -> str:
        name = match["braced"] or match["bare"]
        if name not in variables:
            raise instruction.refuse(f"variable {name} has no value: declare it with ARG or ENV before it is used")
        return variables[name]

    return _VARIABLE.sub(value, instruction.text)


def pairs(instruction: Instruction, text: str) -> tuple[tuple[str, str], ...]:
    """`NAME=VALUE …` as pairs; values may stand in double quotes."""
    found = re.findall(r'([\w.-]+)=(?:"([^"]*)"|(\S*))', text)
    if not found:
        raise instruction.refuse("expected NAME=VALUE")
    return tuple((name, quoted or plain) for name, quoted, plain in found)


def _logical_lines(content: str) -> list[tuple[int, str]]:
    """Lines without comments, continuations joined, each with the number of its first line."""
    joined: list[tuple[int, str]] = []
    continued = False
    for number, line in enumerate(content.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        text = stripped.removesuffix("\\").strip()
        if continued:
            first, before = joined[-1]
            joined[-1] = (first, f"{before} {text}")
        else:
            joined.append((number, text))
        continued = stripped.endswith("\\")
    return joined


def _instruction(file: str, line: int, text: str) -> Instruction:
    name, _, rest = text.partition(" ")
    instruction = Instruction(file, line, name.upper(), rest.strip())
    if instruction.name not in KNOWN:
        raise instruction.refuse(f"not one of {', '.join(sorted(KNOWN))}")
    if instruction.text.startswith("--") and instruction.name != "LABEL":
        raise instruction.refuse("flags are not supported")
    return instruction
