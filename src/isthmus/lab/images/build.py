"""Carries out a Containerfile: instructions in, layers and a configuration out.

Knows what each instruction does. Knows neither where the files of a build context come from nor what becomes of images.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from isthmus.lab.images import chroot, store
from isthmus.lab.images.containerfile import Instruction, expand, pairs
from isthmus.lab.images.oci import Runtime
from isthmus.lab.report import Report


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One file or directory of a build context.

    `fingerprint` changes whenever the content would; `write` puts the content at a path that does not exist yet.
    """

    fingerprint: str
    write: Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Context:
    """What a build may use: ingredients by their path, values for ARG, and layers by the name that FROM uses."""

    ingredients: Mapping[str, Ingredient]
    arguments: Mapping[str, str]
    bases: Mapping[str, tuple[store.Layer, ...]]


@dataclass(slots=True)
class _State:
    context: Context
    report: Report
    layers: list[store.Layer] = field(default_factory=list)
    runtime: Runtime = field(default_factory=Runtime)
    arguments: dict[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        return self.arguments | dict(self.runtime.environment)


def build(
    instructions: tuple[Instruction, ...], context: Context, report: Report
) -> tuple[Runtime, tuple[store.Layer, ...]]:
    """The configuration and the layers, lowest first, that the instructions describe.

    Only layers whose inputs changed are made. Raises ContainerfileError for what a Containerfile may not say and
    ImageError for what fails.
    """
    state = _State(context, report)
    for instruction in instructions:
        _STEPS[instruction.name](state, instruction)
    return state.runtime, tuple(state.layers)


def _from(state: _State, instruction: Instruction) -> None:
    name = expand(instruction, state.arguments)
    if state.layers:
        raise instruction.refuse("more than one stage is not supported")
    if name == "scratch":
        return
    if name not in state.context.bases:
        raise instruction.refuse(f"no such base here; there are: {', '.join(sorted(state.context.bases))}")
    state.layers.extend(state.context.bases[name])


def _arg(state: _State, instruction: Instruction) -> None:
    name, equals, default = instruction.text.partition("=")
    if name not in state.context.arguments and not equals:
        raise instruction.refuse("no value is given and there is no default")
    state.arguments[name] = state.context.arguments.get(name, default)


def _copy(state: _State, instruction: Instruction) -> None:
    words = expand(instruction, state.variables).split()
    if len(words) != 2 or not words[1].startswith("/"):
        raise instruction.refuse("expected one source and an absolute target")
    source, target = words
    ingredient = state.context.ingredients.get(source)
    if ingredient is None:
        raise instruction.refuse("the build context has no such file")

    def fill(tree: Path) -> None:
        state.report(f"copying {source}")
        destination = tree / target.lstrip("/")
        destination.parent.mkdir(parents=True, exist_ok=True)
        ingredient.write(destination)
        normalise(tree)

    state.layers.append(store.layer(store.key("COPY", target, ingredient.fingerprint), fill))


def normalise(tree: Path) -> None:
    """Gives all below `tree` to root and makes it readable for all, whatever the umask and the user were."""
    for path in [tree, *tree.rglob("*")]:
        if path.is_symlink():
            continue
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)


def _run(state: _State, instruction: Instruction) -> None:
    below = [layer.tree for layer in state.layers]
    if not below:
        raise instruction.refuse("there is nothing to run it on")

    def fill(tree: Path) -> None:
        state.report(f"running {instruction.text}")
        chroot.change(below, tree, instruction.text, state.variables)

    parts = (*(layer.blob.digest for layer in state.layers), *(f"{k}={v}" for k, v in state.variables.items()))
    state.layers.append(store.layer(store.key("RUN", instruction.text, *parts), fill))


def _env(state: _State, instruction: Instruction) -> None:
    state.runtime = state.runtime.with_environment(pairs(instruction, expand(instruction, state.variables)))


def _label(state: _State, instruction: Instruction) -> None:
    added = pairs(instruction, expand(instruction, state.variables))
    state.runtime = replace(state.runtime, labels=state.runtime.labels + added)


def _expose(state: _State, instruction: Instruction) -> None:
    ports = tuple(port if "/" in port else f"{port}/tcp" for port in expand(instruction, state.variables).split())
    state.runtime = replace(state.runtime, ports=state.runtime.ports + ports)


def _words(state: _State, instruction: Instruction) -> tuple[str, ...]:
    """The words of ENTRYPOINT and CMD, which are JSON lists and know no variables."""
    try:
        return msgspec.json.decode(instruction.text, type=tuple[str, ...])
    except msgspec.DecodeError as problem:
        raise instruction.refuse(f'expected a list such as ["sh", "-c", "date"]: {problem}') from None


def _entrypoint(state: _State, instruction: Instruction) -> None:
    state.runtime = replace(state.runtime, entrypoint=_words(state, instruction))


def _cmd(state: _State, instruction: Instruction) -> None:
    state.runtime = replace(state.runtime, command=_words(state, instruction))


def _user(state: _State, instruction: Instruction) -> None:
    state.runtime = replace(state.runtime, user=expand(instruction, state.variables))


def _workdir(state: _State, instruction: Instruction) -> None:
    state.runtime = replace(state.runtime, working_directory=expand(instruction, state.variables))


def _stopsignal(state: _State, instruction: Instruction) -> None:
    state.runtime = replace(state.runtime, stop_signal=expand(instruction, state.variables))


_STEPS: Mapping[str, Callable[[_State, Instruction], None]] = {
    "ARG": _arg,
    "CMD": _cmd,
    "COPY": _copy,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "EXPOSE": _expose,
    "FROM": _from,
    "LABEL": _label,
    "RUN": _run,
    "STOPSIGNAL": _stopsignal,
    "USER": _user,
    "WORKDIR": _workdir,
}
