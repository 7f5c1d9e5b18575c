"""Tokens of an OpenID Connect provider, as kubeconfigs with ``auth-provider: oidc`` ask for them.

Knows the provider's discovery document and the refresh grant (OpenID Connect Core 12). Does not check tokens:
the API server does. Client-go's plug-in is the model; refreshed tokens are kept in memory only.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl
import time
from collections.abc import Callable, Mapping

import aiohttp
import msgspec

from isthmus.kube.credentials import Credential, is_stale
from isthmus.kube.errors import AccessError, UnreachableError

_SECONDS = 15.0


class _Claims(msgspec.Struct, frozen=True):
    exp: float = 0.0


class _Discovery(msgspec.Struct, frozen=True):
    token_endpoint: str


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str = ""
    refresh_token: str = ""


class OidcSource:
    """An id token from a kubeconfig, replaced by means of its refresh token before it ends."""

    def __init__(self, config: Mapping[str, str], clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock
        self._refresh_token = config.get("refresh-token", "")
        self._credential = _credential(config.get("id-token", ""))
        self._refreshing = asyncio.Lock()

    async def current(self) -> Credential:
        """A token that has not ended; ``AccessError`` when it has and cannot be refreshed."""
        async with self._refreshing:
            if self._credential is None or is_stale(self._credential, self._clock()):
                self._credential = await self._refresh()
            return self._credential

    def refused(self) -> None:
        """Refreshes before the next request."""
        if self._refresh_token:
            self._credential = None

    async def _refresh(self) -> Credential:
        for field in ("idp-issuer-url", "client-id", "refresh-token"):
            if not self._config.get(field):
                raise AccessError(f"auth-provider oidc: the id-token has ended and {field} is missing: sign in again")
        issuer = self._config["idp-issuer-url"].rstrip("/")
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token,
            "client_id": self._config["client-id"],
            "client_secret": self._config.get("client-secret", ""),
        }
        try:
            tokens = await self._exchange(issuer, form)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnreachableError(f"auth-provider oidc: {issuer}: {error or 'no answer in time'}") from None
        except msgspec.DecodeError as error:
            raise AccessError(f"auth-provider oidc: {issuer} gave an answer that is not understood: {error}") from None
        self._refresh_token = tokens.refresh_token or self._refresh_token
        credential = _credential(tokens.id_token)
        if credential is None:
            raise AccessError(f"auth-provider oidc: {issuer} gave no id_token: sign in again")
        return credential

    async def _exchange(self, issuer: str, form: dict[str, str]) -> _Tokens:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        connector = aiohttp.TCPConnector(ssl=self._tls())
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, raise_for_status=True) as session:
            async with session.get(f"{issuer}/.well-known/openid-configuration") as response:
                endpoint = msgspec.json.decode(await response.read(), type=_Discovery).token_endpoint
            async with session.post(endpoint, data=form) as response:
                return msgspec.json.decode(await response.read(), type=_Tokens)

    def _tls(self) -> ssl.SSLContext:
        inline = self._config.get("idp-certificate-authority-data", "")
        try:
            return ssl.create_default_context(cadata=base64.b64decode(inline).decode("ascii") if inline else None)
        except (ssl.SSLError, ValueError) as error:
            raise AccessError(f"auth-provider oidc: idp-certificate-authority-data: {error}") from None


def _credential(token: str) -> Credential | None:
    """The credential of a JWT with its end; None for an empty token."""
    if not token:
        return None
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Claims)
    except (msgspec.DecodeError, binascii.Error, UnicodeDecodeError):
        raise AccessError("auth-provider oidc: the id-token is no JWT: sign in again") from None
    return Credential(token=token, expires=claims.exp)
