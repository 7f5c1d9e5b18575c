"""The client of the certificate authority: one signing request, one round trip.

Knows: the certificate service and which of its failures are worth another try.
Does not know when certificates are due.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from grpclib.client import UnaryUnaryMethod
from grpclib.const import Status
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError

from isthmus.agent.grpc_channel import credentials, open_channel
from isthmus.agent.messages.certificate import CREATE_CERTIFICATE, CertificateRequest, CertificateResponse
from isthmus.agent.messages.wire import WireError
from isthmus.agent.settings import Certificates

_TIMEOUT_SECONDS = 10.0


class SigningError(RuntimeError):
    """No certificate this time. The message names the authority and the reason."""


@dataclass(frozen=True, slots=True)
class SignedChain:
    """PEM: the leaf followed by its intermediates, and the bundle of roots they chain to."""

    chain: bytes
    roots: bytes


class CaClient:
    """Asks one authority. The token and the root are read for each request, so both may rotate."""

    def __init__(self, settings: Certificates, token: Path) -> None:
        self._settings = settings
        self._token = token

    async def sign(self, csr: str) -> SignedChain:
        """The signed chain of a request; SigningError whatever the reason."""
        authority = self._settings.authority
        try:
            return _signed(await self._call(csr))
        except GRPCError as error:
            reason = f"{Status(error.status).name}: {error.message or 'no details'}"
            raise SigningError(f"{authority.address} refused the certificate: {reason}") from None
        except ssl.SSLCertVerificationError as error:
            reason = f"is not trusted by {authority.root}: {error.verify_message}"
            raise SigningError(f"{authority.address} {reason}") from None
        except (OSError, TimeoutError, StreamTerminatedError, ProtocolError, WireError, ValueError) as error:
            raise SigningError(f"{authority.address}: {error or type(error).__name__}") from None

    async def _call(self, csr: str) -> CertificateResponse:
        settings = self._settings
        request = CertificateRequest(csr, int(settings.lifetime), settings.signer)
        metadata = credentials(settings.authority, self._token)
        channel = open_channel(settings.authority)
        try:
            method = UnaryUnaryMethod[CertificateRequest, CertificateResponse](
                channel, CREATE_CERTIFICATE, CertificateRequest, CertificateResponse
            )
            return await method(request, timeout=_TIMEOUT_SECONDS, metadata=metadata)
        finally:
            channel.close()


def _signed(response: CertificateResponse) -> SignedChain:
    """By contract the first element is the leaf and the last the whole bundle of roots."""
    if len(response.cert_chain) < 2:
        raise ValueError(f"expected a leaf and a root, received {len(response.cert_chain)} certificates")
    *chain, roots = (_line_ended(pem) for pem in response.cert_chain)
    return SignedChain("".join(chain).encode(), roots.encode())


def _line_ended(pem: str) -> str:
    return pem if pem.endswith("\n") else pem + "\n"
