"""``istio.v1.auth.IstioCertificateService``: workloads and gateways get their certificates here.

Knows the gRPC contract (Istio: security/pkg/server/ca/server.go). Does not know how callers prove who they are
nor how leaves look.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog
from google.protobuf.message import DecodeError
from grpclib.const import Cardinality, Handler

from isthmus.ca.authority import Authority
from isthmus.ca.errors import CsrError, SigningError, TtlError
from isthmus.ca.metrics import CaMetrics
from isthmus.ca.signing import Lifetimes, sign_workload
from isthmus.model.identity import Caller
from isthmus.protos import pb
from isthmus.rpc import framing
from isthmus.rpc.credentials import Authenticate, credentials_of
from isthmus.rpc.refusal import Code, Refused
from isthmus.rpc.statuses import statuses

log = structlog.get_logger(__name__)

METHOD = "/istio.v1.auth.IstioCertificateService/CreateCertificate"
_LONGEST_REQUEST = 64 * 1024
_IMPERSONATED = "ImpersonatedIdentity"


class CertificateService:
    """A gRPC service for any number of ports."""

    def __init__(
        self, authority: Authority, authenticate: Authenticate, lifetimes: Lifetimes, metrics: CaMetrics
    ) -> None:
        self._authority = authority
        self._authenticate = authenticate
        self._lifetimes = lifetimes
        self._metrics = metrics

    def __mapping__(self) -> dict[str, Handler]:
        """The methods, as grpclib wants them."""
        return {METHOD: Handler(self._create, Cardinality.UNARY_UNARY, bytes, bytes)}

    async def _create(self, raw: Any) -> None:
        with statuses(_ignore):
            self._metrics.requests.inc()
            caller = await self._caller(raw)
            data = await framing.read(raw, _LONGEST_REQUEST)
            chain = self._sign(_request(data or b""), caller)
            response = pb("istio.v1.auth.IstioCertificateResponse")(cert_chain=chain)
            await raw.send_message(response.SerializeToString())

    async def _caller(self, raw: Any) -> Caller:
        try:
            caller = await self._authenticate(credentials_of(raw))
        except Refused:
            self._metrics.unauthenticated.inc()
            raise
        if not caller.identities:
            self._metrics.without_identity.inc()
            raise Refused(Code.UNAUTHENTICATED, "request authenticate failure")
        return caller

    def _sign(self, request: Any, caller: Caller) -> tuple[str, ...]:
        if _IMPERSONATED in request.metadata.fields and request.metadata[_IMPERSONATED]:
            self._metrics.unauthenticated.inc()
            raise Refused(Code.UNAUTHENTICATED, "request impersonation authentication failure")
        bundle = self._authority.bundle
        try:
            lifetime = self._lifetimes.choose(request.validity_duration)
            leaf = sign_workload(request.csr, caller.identities, lifetime, bundle, datetime.now(UTC))
        except SigningError as error:
            self._fail(error, caller)
            raise
        self._metrics.issued.inc()
        log.debug("certificate issued", identity=str(caller.identities[0]), seconds=lifetime.total_seconds())
        return bundle.response(leaf)

    def _fail(self, error: SigningError, caller: Caller) -> None:
        log.warning("certificate not issued", identity=str(caller.identities[0]), reason=error.message)
        if isinstance(error, CsrError):
            self._metrics.malformed.inc()
        elif not isinstance(error, TtlError):
            self._metrics.failed.inc()


def _request(data: bytes) -> Any:
    try:
        return pb("istio.v1.auth.IstioCertificateRequest").FromString(data)
    except DecodeError:
        raise CsrError("not an IstioCertificateRequest") from None


def _ignore(code: Code) -> None:
    """This service counts by reason, not by code."""
