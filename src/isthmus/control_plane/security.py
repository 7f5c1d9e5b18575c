"""The certificate authority of this process: where its bundle comes from, what it signs, and who may call."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from prometheus_client import CollectorRegistry

from isthmus.ca.authenticators import Authentication, CertificateAuthenticator, TokenAuthenticator
from isthmus.ca.authority import Authority
from isthmus.ca.kube_reviewer import KubeTokenReviewer
from isthmus.ca.metrics import CaMetrics
from isthmus.ca.plugged_in_secret import SECRET as PLUGGED_IN
from isthmus.ca.plugged_in_secret import PluggedInSecret
from isthmus.ca.root_secret import RootSecret
from isthmus.ca.selfsigned import RootProfile
from isthmus.ca.service import CertificateService
from isthmus.ca.signing import Lifetimes
from isthmus.ca.store import BundleDirectory
from isthmus.control_plane.background import Background
from isthmus.control_plane.settings import Settings
from isthmus.kube.backoff import Backoff
from isthmus.kube.client import Client
from isthmus.kube.errors import KubeError

log = structlog.get_logger(__name__)

T = TypeVar("T")


async def open_authority(settings: Settings, client: Client, trust_domain: str, background: Background) -> Authority:
    """The authority over the plugged-in bundle, or over a self-signed root kept in a Secret; kept current by tasks.

    An external control plane also looks for a plugged-in bundle in the configuration cluster.
    """
    directory = BundleDirectory(settings.ca_directory)
    bundle = directory.load()
    if bundle is not None:
        log.info("plugged-in CA", bundle=repr(bundle), directory=str(settings.ca_directory))
        authority = Authority(bundle, several_roots=settings.several_roots)
        background.keep("CA directory", lambda: directory.watch(authority))
        return authority
    plugged_in = PluggedInSecret(client, settings.namespace)
    bundle = await _retried(plugged_in.load) if settings.external else None
    if bundle is not None:
        log.info("plugged-in CA", bundle=repr(bundle), secret=f"{settings.namespace}/{PLUGGED_IN}")
        authority = Authority(bundle, several_roots=settings.several_roots)
        background.keep("CA secret", lambda: plugged_in.watch(authority))
        return authority
    profile = RootProfile(organization=trust_domain, lifetime=settings.self_signed_ttl)
    secret = RootSecret(client, settings.namespace, profile)
    authority = Authority(await _retried(secret.load_or_create), several_roots=settings.several_roots)
    background.keep("CA secret", lambda: secret.keep(authority))
    return authority


async def _retried(load: Callable[[], Awaitable[T]]) -> T:
    backoff = Backoff(random.random, first=0.2)
    while True:
        try:
            return await load()
        except KubeError as error:
            log.warning("the CA's Secret cannot be read or made, trying again", error=str(error))
            await asyncio.sleep(backoff.next())


@dataclass(frozen=True, slots=True)
class Security:
    """Everything that ports need: who callers are, and the certificate service."""

    authority: Authority
    authentication: Authentication
    certificates: CertificateService


def secure(
    settings: Settings,
    authority: Authority,
    reviewer: KubeTokenReviewer,
    trust_domain: Callable[[], str],
    registry: CollectorRegistry,
) -> Security:
    """Authenticators in Istio's order, and the certificate service behind them."""
    tokens = TokenAuthenticator(reviewer, trust_domain, settings.token_audiences)
    authentication = Authentication([CertificateAuthenticator(), tokens])
    metrics = CaMetrics(registry)
    authority.subscribe(lambda bundle: metrics.show(bundle, time.time))
    lifetimes = Lifetimes(settings.workload_ttl, settings.max_workload_ttl)
    service = CertificateService(authority, authentication.authenticate, lifetimes, metrics)
    return Security(authority, authentication, service)
