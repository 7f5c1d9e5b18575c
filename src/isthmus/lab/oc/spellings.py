"""Command lines of `oc` in the words of kubectl: projects are namespaces, a login is the choice of a context.

Knows verbs and flags. Runs nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

# Flags of kubectl that take their value as a word of its own, and may stand before the verb or the resource.
_WITH_VALUE = frozenset(
    {
        *("--as", "--as-group", "--as-uid", "--cache-dir", "--certificate-authority", "--client-certificate"),
        *("--client-key", "--cluster", "--context", "--kubeconfig", "-n", "--namespace", "--request-timeout", "-s"),
        *("--server", "--tls-server-name", "--token", "--user", "-v", "--v", "--vmodule"),
        *("-f", "--filename", "-l", "--selector", "-o", "--output", "--field-selector"),
    }
)
_PROJECT = ("project", "projects")
# Of `oc new-project` alone; kubectl does not know them.
_PROJECT_WITH_VALUE = frozenset({"--display-name", "--description", "--node-selector"})


@dataclass(frozen=True, slots=True)
class Login:
    """Choose the context of an API server."""

    server: str


@dataclass(frozen=True, slots=True)
class Commands:
    """Run kubectl with each of these in turn while they succeed; say `done` at the end, if anything."""

    lines: tuple[tuple[str, ...], ...]
    done: str = ""


class SpellingError(ValueError):
    """A command line that means nothing; the text says how it is written."""


def spell(arguments: Sequence[str]) -> Login | Commands:
    """What a command line of `oc` means. Raises SpellingError."""
    position = _next_word(arguments, 0)
    verb = arguments[position] if position is not None else ""
    before = tuple(arguments[: position or 0])
    after = tuple(arguments[(position or 0) + 1 :])
    if verb == "login":
        return _login((*before, *after))
    if verb == "new-project":
        return _new_project((*before, *after))
    if verb == "project":
        return _project((*before, *after))
    if verb == "projects":
        return Commands(((*before, "get", "namespaces", *after),))
    if not verb:
        return Commands((tuple(arguments),))
    return Commands(((*before, verb, *_namespaces(after)),))


def context_of(server: str, servers: Mapping[str, str]) -> str:
    """The context of an API server, by its URL or, where that is not among them, by its host name.

    `servers` has the URL of each context. Raises SpellingError that lists what there is.
    """
    wanted = server.rstrip("/")
    same_url = [context for context, url in servers.items() if url.rstrip("/") == wanted]
    same_host = [context for context, url in servers.items() if urlsplit(url).hostname == urlsplit(wanted).hostname]
    for found in (same_url, same_host):
        if found:
            return found[0]
    known = ", ".join(f"{url} ({context})" for context, url in servers.items())
    raise SpellingError(f"oc login: the kubeconfig has no cluster at {server}; it has {known or 'none'}")


def _next_word(words: Sequence[str], start: int) -> int | None:
    """The position of the first word that is no flag and no flag's value; None before `--` or the end."""
    index = start
    while index < len(words) and words[index] != "--":
        if not words[index].startswith("-"):
            return index
        index += 2 if words[index] in _WITH_VALUE else 1
    return None


def _login(words: Sequence[str]) -> Login:
    """`oc login URL`, `-u NAME URL`, `--server URL`; guides print the URL in the place of the user as well."""
    urls = [word.rpartition("=")[2] if word.startswith("-") else word for word in words]
    server = next((word for word in urls if word.startswith(("https://", "http://"))), None)
    if server is None:
        raise SpellingError("oc login: say where, as in `oc login https://HOST:PORT`")
    return Login(server)


def _new_project(words: Sequence[str]) -> Commands:
    """A namespace, which the context then works in as well."""
    remaining, _ = _without(words, _PROJECT_WITH_VALUE)
    position = _next_word(remaining, 0)
    if position is None:
        raise SpellingError("oc new-project: say its name, as in `oc new-project NAME`")
    name = remaining[position]
    flags = (*remaining[:position], *remaining[position + 1 :])
    skipped = "--skip-config-write" in flags
    flags = tuple(flag for flag in flags if flag != "--skip-config-write")
    lines = [("create", "namespace", name, *flags)]
    if not skipped:
        lines.append(_working_in(name, flags))
    return Commands(tuple(lines), "" if skipped else f'Now using project "{name}".')


def _project(words: Sequence[str]) -> Commands:
    position = _next_word(words, 0)
    if position is None:
        view = ("config", "view", "--minify", "-o", "jsonpath=Using project \"{..namespace}\".{'\\n'}")
        return Commands(((*view, *words),))
    name, flags = words[position], (*words[:position], *words[position + 1 :])
    found = ("get", "namespace", name, "-o", "name", *flags)
    return Commands((found, _working_in(name, flags)), f'Now using project "{name}".')


def _working_in(name: str, flags: Sequence[str]) -> tuple[str, ...]:
    _, context = _without(flags, frozenset({"--context"}))
    _, kubeconfig = _without(flags, frozenset({"--kubeconfig"}))
    where = ("--kubeconfig", kubeconfig) if kubeconfig else ()
    return ("config", "set-context", context or "--current", f"--namespace={name}", *where)


def _without(words: Sequence[str], flags: frozenset[str]) -> tuple[tuple[str, ...], str]:
    """The words without these flags and their values, and the last value."""
    remaining: list[str] = []
    value = ""
    rest = iter(words)
    for word in rest:
        name, equals, text = word.partition("=")
        if name in flags:
            value = text if equals else next(rest, "")
        else:
            remaining.append(word)
    return tuple(remaining), value


def _namespaces(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words after a verb, with a namespace where the resource is a project."""
    position = _next_word(words, 0)
    if position is None:
        return words
    resource, slash, name = words[position].partition("/")
    if resource not in _PROJECT:
        return words
    return (*words[:position], f"namespace{slash}{name}", *words[position + 1 :])
