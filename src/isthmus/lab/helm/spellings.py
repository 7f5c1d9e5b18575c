"""Command lines of Helm 2 in the words of Helm 3, and chart references of the repository `istio`.

Knows verbs and flags. Runs nothing; what differs is told in notices.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

REPOSITORY = "istio"
_VERBS = ("template", "install", "upgrade", "init", "delete", "del", "uninstall", "repo", "show", "pull")
_NAMED = ("template", "install")
_WITH_CHART = ("template", "install", "upgrade", "show", "pull")
_CLUSTER_FLAGS = ("--kube-context", "--kubeconfig")


@dataclass(frozen=True, slots=True)
class Spelled:
    """What to run: `arguments` for Helm 3, nothing where None.

    `purged` names a release of which the namespace has to be found first: Helm 2's releases were in none.
    `cluster` are the flags that say which cluster it is in.
    """

    arguments: tuple[str, ...] | None
    notices: tuple[str, ...] = ()
    purged: str = ""
    cluster: tuple[str, ...] = ()


def spell(arguments: Sequence[str], charts: Callable[[str], str | None]) -> Spelled:
    """Helm 3's form of a command line; `charts` gives the directory of a chart of the repository `istio`, or None."""
    position = next((index for index, word in enumerate(arguments) if word in _VERBS), None)
    if position is None:
        return Spelled(tuple(arguments))
    before, verb, rest = list(arguments[:position]), arguments[position], list(arguments[position + 1 :])
    if verb == "init":
        return Spelled(None, ("helm init: Helm 3 has no Tiller; there is nothing to set up",))
    if verb == "repo":
        return _repository(arguments, rest)
    if verb in ("delete", "del", "uninstall") and "--purge" in rest:
        return _purge(before, [word for word in rest if word != "--purge"])
    notices: list[str] = []
    if verb in _NAMED:
        rest = _named(verb, rest, notices)
    if verb in _WITH_CHART:
        rest = [_chart(word, charts, notices) for word in rest]
    return Spelled((*before, verb, *rest), tuple(notices))


def _named(verb: str, rest: list[str], notices: list[str]) -> list[str]:
    """`--name X` becomes the first argument; Helm 2 made the namespace of a release, so Helm 3 is told to."""
    remaining, name = _without_flag(rest, "--name")
    if name is None:
        return rest
    notices.append(f"helm {verb} --name {name}: in Helm 3 the name is the first argument, `helm {verb} {name} CHART`")
    made = ["--create-namespace"] if verb == "install" and "--create-namespace" not in rest else []
    return [name, *remaining, *made]


def _purge(before: list[str], rest: list[str]) -> Spelled:
    name = _first_argument(rest)
    notice = "helm delete --purge: Helm 3 always purges, `helm uninstall NAME -n NAMESPACE`"
    cluster = tuple(word for flag in _CLUSTER_FLAGS for word in _flag([*before, *rest], flag))
    return Spelled((*before, "uninstall", *rest), (notice,), name, cluster)


def _repository(arguments: Sequence[str], rest: list[str]) -> Spelled:
    if rest[:2] == ["add", REPOSITORY] or rest in (["update"], ["update", REPOSITORY]):
        return Spelled(None, (f"helm repo {rest[0]}: charts of the repository {REPOSITORY} are this project's own",))
    return Spelled(tuple(arguments))


def _chart(word: str, charts: Callable[[str], str | None], notices: list[str]) -> str:
    parts = PurePath(word).parts
    directory = charts(parts[1]) if len(parts) == 2 and parts[0] == REPOSITORY else None
    if directory is None:
        return word
    notices.append(f"chart {word}: {directory}")
    return directory


def _without_flag(words: list[str], flag: str) -> tuple[list[str], str | None]:
    """The words without `flag VALUE` or `flag=VALUE`, and the value."""
    for index, word in enumerate(words):
        if word == flag and index + 1 < len(words):
            return words[:index] + words[index + 2 :], words[index + 1]
        if word.startswith(flag + "="):
            return words[:index] + words[index + 1 :], word.partition("=")[2]
    return words, None


def _flag(words: list[str], flag: str) -> tuple[str, ...]:
    _, value = _without_flag(words, flag)
    return () if value is None else (flag, value)


def _first_argument(words: list[str]) -> str:
    """The first word that is neither a flag nor the value of one; flags with `=` carry theirs."""
    for flag in (*_CLUSTER_FLAGS, "--namespace", "-n", "--timeout"):
        words, _ = _without_flag(words, flag)
    return next((word for word in words if not word.startswith("-")), "")
