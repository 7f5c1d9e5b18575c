"""The kubeconfig file format (``client-go`` ``clientcmd/api/v1``): parsing, merging, choosing a context.

Knows: the fields, the merge rule of ``KUBECONFIG`` and what a kubeconfig from another cluster must not
contain. Reads no files and knows nothing about how credentials are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

import msgspec
import yaml

from isthmus import bounded_yaml
from isthmus.kube.errors import AccessError

_Named = TypeVar("_Named", "NamedCluster", "NamedUser", "NamedContext")


class ExecEnv(msgspec.Struct, frozen=True):
    """One environment variable for a credential plug-in."""

    name: str
    value: str = ""


class ExecSpec(msgspec.Struct, frozen=True, rename="camel"):
    """A credential plug-in: a program that prints an ``ExecCredential``."""

    command: str
    api_version: str = "client.authentication.k8s.io/v1"
    args: tuple[str, ...] = ()
    env: tuple[ExecEnv, ...] = ()
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = "IfAvailable"


class AuthProvider(msgspec.Struct, frozen=True):
    """A legacy credential plug-in, compiled into the client."""

    name: str
    config: dict[str, str] = {}


class Cluster(msgspec.Struct, frozen=True, rename="kebab"):
    """Where an API server is and how it is known to be the right one. ``*_data`` is base64."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    disable_compression: bool = False


class User(msgspec.Struct, frozen=True, rename="kebab"):
    """Credentials. ``*_data`` is base64."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    username: str = ""
    password: str = ""
    exec: ExecSpec | None = None
    auth_provider: AuthProvider | None = None
    impersonate: str = msgspec.field(default="", name="as")
    impersonate_groups: tuple[str, ...] = msgspec.field(default=(), name="as-groups")


class Context(msgspec.Struct, frozen=True):
    """A pair of cluster and user, and the namespace that commands use when told none."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class NamedCluster(msgspec.Struct, frozen=True):
    """A cluster under its name."""

    name: str
    cluster: Cluster = Cluster()


class NamedUser(msgspec.Struct, frozen=True):
    """A user under its name."""

    name: str
    user: User = User()


class NamedContext(msgspec.Struct, frozen=True):
    """A context under its name."""

    name: str
    context: Context = Context()


class Kubeconfig(msgspec.Struct, frozen=True, rename="kebab"):
    """A whole file."""

    clusters: tuple[NamedCluster, ...] = ()
    users: tuple[NamedUser, ...] = ()
    contexts: tuple[NamedContext, ...] = ()
    current_context: str = ""


_OIDC_FILE = "auth-provider oidc with idp-certificate-authority (a file path)"


class _Loader(yaml.CSafeLoader):
    """YAML whose only implicit types are null and true/false: tokens and names stay the text they are."""


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:[tT]rue|TRUE|[fF]alse|FALSE)$"), list("tTfF"))


def parse(text: str | bytes, origin: str = "kubeconfig") -> Kubeconfig:
    """A kubeconfig from YAML or JSON; ``AccessError`` names ``origin`` and the field."""
    try:
        bounded_yaml.check(text)
        value: Any = yaml.load(text, Loader=_Loader)  # noqa: S506 - derived from the safe loader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise AccessError(f"{origin} is not YAML: {_one_line(error)}") from None
    if not isinstance(value, dict):
        raise AccessError(f"{origin} holds no kubeconfig: expected a mapping with clusters, users and contexts")
    if value.get("kind", "Config") != "Config":
        raise AccessError(f"{origin} holds a {value['kind']}, not a kubeconfig (kind: Config)")
    try:
        return msgspec.convert(_without_nulls(value), Kubeconfig)
    except msgspec.ValidationError as error:
        raise AccessError(f"{origin} is not a valid kubeconfig: {error}") from None


def merge(files: Iterable[Kubeconfig]) -> Kubeconfig:
    """Several files as one: the first that names a thing wins, as ``KUBECONFIG`` promises."""
    known = tuple(files)
    return Kubeconfig(
        clusters=_first_of(entry for file in known for entry in file.clusters),
        users=_first_of(entry for file in known for entry in file.users),
        contexts=_first_of(entry for file in known for entry in file.contexts),
        current_context=next((file.current_context for file in known if file.current_context), ""),
    )


class Choice(msgspec.Struct, frozen=True):
    """One context with what it refers to."""

    name: str
    namespace: str
    cluster: Cluster
    user: User
    user_name: str


def choose(config: Kubeconfig, context: str | None = None, origin: str = "kubeconfig") -> Choice:
    """The named context, or the current one; ``AccessError`` when something it needs is missing."""
    wanted = context or config.current_context
    if not wanted:
        raise AccessError(f"{origin} has no current-context: name one with --context{_known(config.contexts)}")
    entry = _find(config.contexts, wanted)
    if entry is None:
        raise AccessError(f'context "{wanted}" does not exist in {origin}{_known(config.contexts)}')
    chosen = entry.context
    cluster = _find(config.clusters, chosen.cluster)
    if cluster is None:
        _dangling(wanted, "cluster", chosen.cluster, origin)
    user = _find(config.users, chosen.user) if chosen.user else NamedUser(name="")
    if user is None:
        _dangling(wanted, "user", chosen.user, origin)
    if not cluster.cluster.server:
        raise AccessError(f'cluster "{chosen.cluster}" of {origin} has no server: add its URL')
    return Choice(wanted, chosen.namespace, cluster.cluster, user.user, chosen.user)


def refuse_files(cluster: Cluster, name: str, allowed: frozenset[str]) -> None:
    """The same for what it says of the server. Istio lets a certificate-authority be a file; here it is one to read."""
    if cluster.certificate_authority and not cluster.certificate_authority_data:
        _refuse(f'cluster "{name}"', "certificate-authority (a file path)", "certificateAuthority", allowed)


def refuse_unsafe(user: User, name: str, allowed: frozenset[str]) -> None:
    """Refuses what a kubeconfig out of a remote secret could abuse: programs to run and files to read.

    ``allowed`` are names of ``PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS``. The rule is Istio's
    ``sanitizeKubeConfig``. Raises ``AccessError`` with the field and the cure.
    """
    provider = user.auth_provider.name if user.auth_provider else ""
    config = user.auth_provider.config if user.auth_provider else {}
    unsafe = (
        ("oidcCertificateAuthority" if config.get("idp-certificate-authority") else "", _OIDC_FILE),
        (provider if provider != "oidc" else "", f'auth-provider "{provider}"'),
        ("clientKey" if user.client_key else "", "client-key (a file path)"),
        ("clientCertificate" if user.client_certificate else "", "client-certificate (a file path)"),
        ("tokenFile" if user.token_file else "", "tokenFile"),
        ("exec" if user.exec else "", "exec"),
    )
    for option, field in unsafe:
        if option:
            _refuse(f'user "{name}"', field, option, allowed)


def _refuse(entry: str, field: str, option: str, allowed: frozenset[str]) -> None:
    if option not in allowed:
        raise AccessError(
            f"{entry}: {field} is not allowed in a remote secret, as it would read files or run "
            "programs of the control plane; put the token or *-data inline, as create-remote-secret "
            f"does, or add {option} to PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS"
        )


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _first_of(entries: Iterable[_Named]) -> tuple[_Named, ...]:
    found: dict[str, _Named] = {}
    for entry in entries:
        found.setdefault(entry.name, entry)
    return tuple(found.values())


def _find(entries: tuple[_Named, ...], name: str) -> _Named | None:
    return next((entry for entry in entries if entry.name == name), None)


def _known(contexts: tuple[NamedContext, ...]) -> str:
    names = ", ".join(sorted(entry.name for entry in contexts))
    return f" (it has: {names})" if names else " (it has no contexts)"


def _dangling(context: str, field: str, name: str, origin: str) -> NoReturn:
    raise AccessError(f'context "{context}" of {origin} names {field} "{name}", which is not in the file')


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
