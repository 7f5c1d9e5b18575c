"""How to reach one API server, and where that knowledge comes from.

Knows: kubeconfig files, the files that Kubernetes mounts into pods, and the order in which they are tried.
Opens no connection; tokens and plug-ins are only named here, ``credentials`` uses them.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from isthmus.kube import kubeconfig
from isthmus.kube.errors import AccessError
from isthmus.kube.kubeconfig import AuthProvider, Choice, Cluster, ExecSpec, Kubeconfig, NamedCluster, NamedUser, User

SERVICE_ACCOUNT_DIRECTORY = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Everything needed to talk to one API server. Certificates and keys are PEM."""

    server: str
    ca_pem: bytes | None = None
    client_cert_pem: bytes | None = None
    client_key_pem: bytes | None = None
    token: str = ""
    token_file: str = ""
    exec: ExecSpec | None = None
    auth_provider: AuthProvider | None = None
    impersonate: str = ""
    impersonate_groups: tuple[str, ...] = ()
    tls_server_name: str = ""
    insecure: bool = False
    proxy_url: str = ""
    compress: bool = True
    namespace: str = "default"
    context: str = ""

    def __repr__(self) -> str:
        """Without secrets, so that a log or a traceback cannot leak them."""
        return f"Access(server={self.server!r}, context={self.context!r}, namespace={self.namespace!r})"


def load_kubeconfig(source: str | Path, context: str | None = None) -> Access:
    """The access of a context (None: the current one) of a kubeconfig.

    ``source`` is a path, or the text of a kubeconfig when it is a string with more than one line or JSON.
    Raises ``AccessError``.
    """
    if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        return _resolve(kubeconfig.choose(kubeconfig.parse(source), context))
    config = _read(Path(source).expanduser())
    return _resolve(kubeconfig.choose(config, context, str(source)))


def parse_remote(text: str | bytes, allowed: frozenset[str] = frozenset()) -> Access:
    """The access of a kubeconfig that came out of a remote secret, refused when it is unsafe.

    Every user and cluster of the file is checked, not only those in use (Istio, ``sanitizeKubeConfig``).
    Raises ``AccessError`` with the field and the cure.
    """
    config = kubeconfig.parse(text)
    for entry in config.users:
        kubeconfig.refuse_unsafe(entry.user, entry.name, allowed)
    for cluster in config.clusters:
        kubeconfig.refuse_files(cluster.cluster, cluster.name, allowed)
    return _resolve(kubeconfig.choose(config))


def in_cluster(environ: Mapping[str, str] = os.environ) -> Access:
    """The access that Kubernetes gives to every pod; ``AccessError`` outside of one."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    token_file = SERVICE_ACCOUNT_DIRECTORY / "token"
    if not host or not port:
        raise AccessError("not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
    if not token_file.exists():
        raise AccessError(f"no service account token at {token_file}: set automountServiceAccountToken: true")
    return Access(
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        ca_pem=_file(SERVICE_ACCOUNT_DIRECTORY / "ca.crt", "certificate authority"),
        token_file=str(token_file),
        namespace=_file(SERVICE_ACCOUNT_DIRECTORY / "namespace", "namespace").decode().strip() or "default",
        compress=False,
    )


def default_access(
    kubeconfig_path: str | None = None, context: str | None = None, environ: Mapping[str, str] = os.environ
) -> Access:
    """What ``kubectl`` would use: the given file, else ``KUBECONFIG``, else ``~/.kube/config``, else the pod.

    ``KUBECONFIG`` may name several files, which are merged; missing ones are skipped. Raises ``AccessError``.
    """
    if kubeconfig_path:
        return load_kubeconfig(Path(kubeconfig_path), context)
    named = [Path(part).expanduser() for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    candidates = named or [Path("~/.kube/config").expanduser()]
    files = [path for path in candidates if path.exists()]
    if files:
        merged = kubeconfig.merge(_read(path) for path in files)
        return _resolve(kubeconfig.choose(merged, context, ", ".join(map(str, files))))
    if "KUBERNETES_SERVICE_HOST" in environ and not context:
        return in_cluster(environ)
    tried = ", ".join(map(str, candidates))
    raise AccessError(f"no kubeconfig: {tried} does not exist; use --kubeconfig or set KUBECONFIG")


def _read(path: Path) -> Kubeconfig:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise AccessError(f"kubeconfig {path} cannot be read: {error.strerror}") from None
    return _anchored(kubeconfig.parse(text, str(path)), path.resolve().parent)


def _anchored(config: Kubeconfig, base: Path) -> Kubeconfig:
    """The same file with its relative paths made absolute: they are relative to the file's directory."""
    return msgspec.structs.replace(
        config,
        clusters=tuple(NamedCluster(entry.name, _anchored_cluster(entry.cluster, base)) for entry in config.clusters),
        users=tuple(NamedUser(entry.name, _anchored_user(entry.user, base)) for entry in config.users),
    )


def _anchored_cluster(cluster: Cluster, base: Path) -> Cluster:
    return msgspec.structs.replace(cluster, certificate_authority=_absolute(cluster.certificate_authority, base))


def _anchored_user(user: User, base: Path) -> User:
    plugin = user.exec
    if plugin is not None and "/" in plugin.command:
        plugin = msgspec.structs.replace(plugin, command=_absolute(plugin.command, base))
    return msgspec.structs.replace(
        user,
        client_certificate=_absolute(user.client_certificate, base),
        client_key=_absolute(user.client_key, base),
        token_file=_absolute(user.token_file, base),
        exec=plugin,
    )


def _absolute(path: str, base: Path) -> str:
    return str(base / path) if path else path


def _resolve(choice: Choice) -> Access:
    cluster, user = choice.cluster, choice.user
    _refuse_unusable(choice)
    return Access(
        server=cluster.server.rstrip("/"),
        ca_pem=_authority(cluster),
        client_cert_pem=_inline_or_file(user, "client-certificate", choice.user_name),
        client_key_pem=_inline_or_file(user, "client-key", choice.user_name),
        token="" if user.token_file else user.token,
        token_file=user.token_file,
        exec=user.exec,
        auth_provider=user.auth_provider,
        impersonate=user.impersonate,
        impersonate_groups=user.impersonate_groups,
        tls_server_name=cluster.tls_server_name,
        insecure=cluster.insecure_skip_tls_verify,
        proxy_url=cluster.proxy_url,
        compress=not cluster.disable_compression,
        namespace=choice.namespace or "default",
        context=choice.name,
    )


def _refuse_unusable(choice: Choice) -> None:
    cluster, user = choice.cluster, choice.user
    if "@" in cluster.server:
        raise AccessError(
            f'context "{choice.name}": server has a user name or password in its URL, which would be shown with it; '
            "use a token"
        )
    if not cluster.server.startswith(("https://", "http://")):
        raise AccessError(f'context "{choice.name}": server {cluster.server!r} is no URL: write https://HOST:PORT')
    if user.username or user.password:
        raise AccessError(
            f'user "{choice.user_name}": username and password: Kubernetes removed them in 1.19; use a token'
        )
    if user.auth_provider and user.auth_provider.name != "oidc":
        raise AccessError(
            f'user "{choice.user_name}": auth-provider "{user.auth_provider.name}": Kubernetes removed it '
            "in 1.26; use exec"
        )


def _authority(cluster: Cluster) -> bytes | None:
    if cluster.certificate_authority_data:
        return _decoded(cluster.certificate_authority_data, "certificate-authority-data")
    if cluster.certificate_authority:
        return _file(Path(cluster.certificate_authority), "certificate-authority")
    return None


def _inline_or_file(user: User, field: str, name: str) -> bytes | None:
    attribute = field.replace("-", "_")
    if inline := getattr(user, f"{attribute}_data"):
        return _decoded(inline, f'user "{name}": {field}-data')
    path = getattr(user, attribute)
    return _file(Path(path), f'user "{name}": {field}') if path else None


def _decoded(text: str, field: str) -> bytes:
    try:
        value = base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise AccessError(f"{field} is not base64 ({error}): paste the value without line breaks") from None
    if b"-----BEGIN" not in value:
        raise AccessError(f"{field} holds no PEM block: it must be the base64 of a PEM file")
    return value


def _file(path: Path, field: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AccessError(f"{field}: {path} cannot be read: {error.strerror}") from None
