"""Webhook configurations: who is asked before an object is stored. Mutating and validating ones look alike."""

from __future__ import annotations

from isthmus.api.core_meta import CoreMeta
from isthmus.api.core_selector import Selector
from isthmus.api.wire import Wire


class ServiceReference(Wire, frozen=True, kw_only=True):
    """A webhook behind a service."""

    namespace: str = ""
    name: str = ""
    path: str = ""
    port: int = 443


class WebhookClient(Wire, frozen=True, kw_only=True):
    """How the API server reaches a webhook; ``ca_bundle`` is base64 of PEM text on the wire."""

    service: ServiceReference | None = None
    url: str = ""
    ca_bundle: bytes = b""


class Webhook(Wire, frozen=True, kw_only=True):
    """One webhook of a configuration."""

    name: str
    client_config: WebhookClient = WebhookClient()
    failure_policy: str = "Fail"
    namespace_selector: Selector = Selector()
    object_selector: Selector = Selector()


class WebhookConfiguration(Wire, frozen=True, kw_only=True):
    """A MutatingWebhookConfiguration or ValidatingWebhookConfiguration."""

    metadata: CoreMeta
    webhooks: tuple[Webhook, ...] = ()


class CustomResourceDefinition(Wire, frozen=True, kw_only=True):
    """That a custom kind exists; its schema is not decoded."""

    metadata: CoreMeta
