"""Credentials that change while a client lives: token files, plug-ins, OpenID Connect.

Knows: when a credential is stale and how to get the next one. Does not know requests or TLS.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from isthmus.kube.access import Access
from isthmus.kube.errors import AccessError
from isthmus.kube.kubeconfig import ExecSpec
from isthmus.kube.timestamps import parse_time

TOKEN_FILE_SECONDS = 10.0
"""How long a token read from a file is used before the file is read again (client-go: 60 s)."""

EXPIRY_MARGIN_SECONDS = 10.0
"""Credentials are renewed this long before they end, for clocks that differ."""

_WallClock = Callable[[], float]


class Credential(msgspec.Struct, frozen=True):
    """What one request authenticates with. ``expires`` is in seconds since the epoch, None for never."""

    token: str = ""
    cert_pem: bytes | None = None
    key_pem: bytes | None = None
    expires: float | None = None


class CredentialSource(Protocol):
    """Gives the credential of the moment."""

    async def current(self) -> Credential:
        """A credential that is not known to be stale; ``AccessError`` when there is none."""
        ...

    def refused(self) -> None:
        """The server answered 401 to the current credential: do not hand out the same one from memory."""
        ...


class Fixed:
    """A token or certificate that never changes."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    async def current(self) -> Credential:
        """The one credential."""
        return self._credential

    def refused(self) -> None:
        """Nothing else to offer."""


class TokenFile:
    """A token in a file that somebody else replaces (kubelet: projected tokens)."""

    def __init__(self, path: str, certificate: Credential, clock: _WallClock = time.time) -> None:
        self._path = Path(path)
        self._certificate = certificate
        self._clock = clock
        self._read_at = float("-inf")
        self._token = ""

    async def current(self) -> Credential:
        """The file's token; the last one while the file is missing."""
        if self._clock() >= self._read_at + TOKEN_FILE_SECONDS:
            self._read()
        return msgspec.structs.replace(self._certificate, token=self._token)

    def refused(self) -> None:
        """Reads the file again at the next request."""
        self._read_at = float("-inf")

    def _read(self) -> None:
        try:
            token = self._path.read_text().strip()
        except OSError as error:
            if not self._token:
                raise AccessError(f"token file {self._path} cannot be read: {error.strerror}") from None
            return
        if token:
            self._token, self._read_at = token, self._clock()
        elif not self._token:
            raise AccessError(f"token file {self._path} is empty")


class _PluginStatus(msgspec.Struct, frozen=True, rename="camel"):
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: str = ""


class _ExecCredential(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    status: _PluginStatus | None = None


class Plugin:
    """An exec plug-in of ``client.authentication.k8s.io/v1`` or ``v1beta1``."""

    def __init__(self, spec: ExecSpec, access: Access, clock: _WallClock = time.time) -> None:
        self._spec = spec
        self._access = access
        self._clock = clock
        self._credential: Credential | None = None
        self._running = asyncio.Lock()

    async def current(self) -> Credential:
        """The plug-in's credential, from memory until shortly before it ends."""
        async with self._running:
            if self._credential is None or is_stale(self._credential, self._clock()):
                self._credential = plugin_credential(await self._run(), self._spec)
            return self._credential

    def refused(self) -> None:
        """Runs the plug-in again at the next request."""
        self._credential = None

    async def _run(self) -> bytes:
        spec = self._spec
        environment = {**os.environ, **{entry.name: entry.value for entry in spec.env}}
        environment["KUBERNETES_EXEC_INFO"] = exec_info(spec, self._access, interactive=self._interactive())
        try:
            process = await asyncio.create_subprocess_exec(
                spec.command,
                *spec.args,
                env=environment,
                stdin=None if self._interactive() else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            hint = f"\n{spec.install_hint}" if spec.install_hint else ""
            raise AccessError(f"credential plug-in {spec.command}: {error.strerror}{hint}") from None
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise AccessError(f"credential plug-in {spec.command} ended with status {process.returncode}")
        return output

    def _interactive(self) -> bool:
        mode = self._spec.interactive_mode
        terminal = sys.stdin is not None and sys.stdin.isatty()
        if mode == "Always" and not terminal:
            raise AccessError(f"credential plug-in {self._spec.command} needs a terminal (interactiveMode: Always)")
        return terminal and mode != "Never"


def plugin_credential(output: bytes, spec: ExecSpec) -> Credential:
    """The credential in a plug-in's output; ``AccessError`` when the output is not one."""
    name = f"credential plug-in {spec.command}"
    try:
        answer = msgspec.json.decode(output, type=_ExecCredential)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AccessError(f"{name} printed no ExecCredential: {error}") from None
    if answer.kind != "ExecCredential" or answer.api_version != spec.api_version:
        raise AccessError(
            f"{name} printed a {answer.kind} of {answer.api_version}, but the kubeconfig says {spec.api_version}"
        )
    status = answer.status or _PluginStatus()
    if not status.token and not (status.client_certificate_data and status.client_key_data):
        raise AccessError(f"{name} printed neither a token nor a client certificate with its key")
    return Credential(
        token=status.token,
        cert_pem=status.client_certificate_data.encode() or None,
        key_pem=status.client_key_data.encode() or None,
        expires=parse_time(status.expiration_timestamp) if status.expiration_timestamp else None,
    )


def exec_info(spec: ExecSpec, access: Access, *, interactive: bool) -> str:
    """The value of ``KUBERNETES_EXEC_INFO`` for a plug-in."""
    body: dict[str, object] = {"interactive": interactive}
    if spec.provide_cluster_info:
        cluster = {
            "server": access.server,
            "tls-server-name": access.tls_server_name,
            "insecure-skip-tls-verify": access.insecure,
            "certificate-authority-data": access.ca_pem,
            "proxy-url": access.proxy_url,
        }
        body["cluster"] = {key: value for key, value in cluster.items() if value}
    info = {"apiVersion": spec.api_version, "kind": "ExecCredential", "spec": body}
    return msgspec.json.encode(info).decode()


def is_stale(credential: Credential, now: float) -> bool:
    """Whether a credential has ended, or will too soon to be used."""
    return credential.expires is not None and now >= credential.expires - EXPIRY_MARGIN_SECONDS
