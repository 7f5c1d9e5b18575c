"""HTTP to one API server: connections, authentication, and what is retried below the caller's notice.

Knows: aiohttp. Does not know kinds, objects or watches.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any

import aiohttp
import msgspec

from isthmus import __version__
from isthmus.kube.access import Access
from isthmus.kube.credentials import Credential, CredentialSource
from isthmus.kube.errors import AccessError, ApiError, UnreachableError, UntrustedError, error_of
from isthmus.kube.sockets import OpenSockets
from isthmus.kube.sources import source_of
from isthmus.kube.tls import client_context

JSON = "application/json"
USER_AGENT = f"isthmus/{__version__}"

_MAX_ATTEMPTS = 6
_MOST_AT_ONCE = 32
"""Requests under way at once, streams not counted: each needs a connection, and a handshake to open it."""

_LONGEST_RETRY_AFTER = 30.0


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds: to open a connection, and for a whole request that is no stream."""

    connect: float = 10.0
    request: float = 60.0


class Call(msgspec.Struct, frozen=True):
    """One request. ``params`` may repeat a name; ``body`` is already encoded; ``accept`` is what the answer may be."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str = JSON
    timeout: float | None = None
    accept: str = JSON


class Answer(msgspec.Struct, frozen=True):
    """A successful answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]


_USER = re.compile(r"//[^/@\s]*@")
"""Name and password in a URL."""


class Transport:
    """An async context manager that holds the connections to one API server."""

    def __init__(
        self, access: Access, *, timeouts: Timeouts | None = None, source: CredentialSource | None = None
    ) -> None:
        self.access = access
        self._timeouts = timeouts or Timeouts()
        self._source = source or source_of(access)
        self._sockets = OpenSockets()
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)
        self._session: aiohttp.ClientSession | None = None
        self._tls: tuple[Credential, ssl.SSLContext] | None = None

    async def __aenter__(self) -> Transport:
        """Opens no connection yet: the first request does."""
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60, socket_factory=self._sockets.create)
        self._session = aiohttp.ClientSession(connector=connector, headers=self._fixed_headers())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes every connection."""
        if self._session is not None:
            await self._session.close()
            await self._sockets.close()
            self._session = None

    async def request(self, call: Call) -> Answer:
        """The answer to a call; ``ApiError`` for a refusal, ``UnreachableError`` when there is none.

        429, and any 5xx that says ``Retry-After``, are retried as the server asks (client-go does the same).
        A 401 is retried once with a fresh credential.
        """
        refreshed = False
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            try:
                async with self._turns:
                    return await self._once(call)
            except ApiError as error:
                if error.status == 401 and not refreshed:
                    refreshed = True
                    self._source.refused()
                elif attempt == _MAX_ATTEMPTS or not _asks_for_retry(error):
                    raise
                else:
                    await asyncio.sleep(min(error.retry_after or 1.0, _LONGEST_RETRY_AFTER))
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def stream(self, call: Call, silence: float) -> AsyncIterator[Body]:
        """The body of an answer, in the chunks in which it arrives.

        ``silence`` is how many seconds may pass without a byte before ``UnreachableError`` is raised.
        """
        limits = aiohttp.ClientTimeout(total=None, sock_connect=self._timeouts.connect, sock_read=silence)
        with _translated(self.access.server):
            response = await self._send(call, limits)
        try:
            if response.status >= 300:
                raise await _refusal(response)
            yield Body(response, self.access.server)
        finally:
            response.close()

    @asynccontextmanager
    async def websocket(
        self, path: str, params: tuple[tuple[str, str], ...], protocols: tuple[str, ...]
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A WebSocket to a subresource that streams (exec, port-forward); ``ApiError`` when refused."""
        with _translated(self.access.server):
            options = await self._options()
            options["headers"]["Accept"] = "*/*"  # streams are not JSON: asking for it is answered with 406
            websocket = await self._opened().ws_connect(
                self.access.server + path,
                params=params,
                protocols=protocols,
                heartbeat=30.0,
                max_msg_size=0,
                **options,
            )
        try:
            yield websocket
        finally:
            await websocket.close()

    async def _once(self, call: Call) -> Answer:
        total = call.timeout or self._timeouts.request
        limits = aiohttp.ClientTimeout(total=total, sock_connect=self._timeouts.connect)
        with _translated(self.access.server):
            async with await self._send(call, limits) as response:
                if response.status >= 300:
                    raise await _refusal(response)
                return Answer(response.status, await response.read(), response.headers)

    async def _send(self, call: Call, limits: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        options = await self._options()
        options["headers"]["Accept"] = call.accept
        if call.body is not None:
            options["headers"]["Content-Type"] = call.content_type
        return await self._opened().request(
            call.method,
            self.access.server + call.path,
            params=call.params,
            data=call.body,
            timeout=limits,
            allow_redirects=False,
            **options,
        )

    async def _options(self) -> dict[str, Any]:
        credential = await self._source.current()
        headers = {"Authorization": f"Bearer {credential.token}"} if credential.token else {}
        return {
            "headers": headers,
            "ssl": self._context(credential),
            "server_hostname": self.access.tls_server_name or None,
            "proxy": self.access.proxy_url or None,
        }

    def _context(self, credential: Credential) -> ssl.SSLContext | bool:
        if not self.access.server.startswith("https:"):
            return True
        identity = Credential(cert_pem=credential.cert_pem, key_pem=credential.key_pem)
        if self._tls is None or self._tls[0] != identity:
            self._tls = (identity, client_context(self.access, identity))
        return self._tls[1]

    def _fixed_headers(self) -> list[tuple[str, str]]:
        headers = [("User-Agent", USER_AGENT)]
        headers.append(("Accept-Encoding", "gzip" if self.access.compress else "identity"))
        if self.access.impersonate:
            headers.append(("Impersonate-User", self.access.impersonate))
        headers += [("Impersonate-Group", group) for group in self.access.impersonate_groups]
        return headers

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the client is not open: use it as `async with Client(access) as client`")
        return self._session


class Body:
    """The body of an answer that is still arriving."""

    def __init__(self, response: aiohttp.ClientResponse, server: str) -> None:
        self._response = response
        self._server = server

    async def read(self) -> bytes:
        """All that has arrived since the last call, at least one byte; empty at the end of the body."""
        with _translated(self._server):
            return await self._response.content.readany()


def _asks_for_retry(error: ApiError) -> bool:
    return error.status == 429 or (error.status >= 500 and error.retry_after is not None)


async def _refusal(response: aiohttp.ClientResponse) -> ApiError:
    header = response.headers.get("Retry-After", "")
    retry_after = float(header) if header.isdigit() else None
    body = await response.read()
    sent = response.request_info.headers.get("Authorization", "").removeprefix("Bearer ")
    if sent:  # whoever answers may repeat what it was sent, and this text is logged and shown
        body = body.replace(sent.encode(), b"[redacted]")
    return error_of(response.status, body, retry_after=retry_after)


@contextmanager
def _translated(server: str) -> Iterator[None]:
    """Turns the HTTP library's errors into this package's, with a sentence that a user understands."""
    try:
        yield
    except aiohttp.WSServerHandshakeError as error:
        raise error_of(error.status, f"{error.message} ({server})".encode()) from error
    except aiohttp.ClientConnectorCertificateError as error:
        raise UntrustedError(f"{server} shows an untrusted certificate: {error.certificate_error}") from error
    except aiohttp.InvalidURL as error:
        raise AccessError(f"server {server!r} is no valid URL") from error
    except TimeoutError as error:
        raise UnreachableError(f"{server} did not answer in time") from error
    except (aiohttp.ClientError, OSError) as error:
        text = _USER.sub("//[redacted]@", str(error)) or type(error).__name__
        raise UnreachableError(f"{server} is unreachable: {text}") from error
