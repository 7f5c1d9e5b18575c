"""Webhook configurations: who is asked before an object is stored. Mutating and validating ones look alike."""

from __future__ import annotations

from isthmus.api.core_meta import CoreMeta
from isthmus.api.wire import Labels, Wire


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


class Requirement(Wire, frozen=True, kw_only=True):
    """One expression of a label selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Labels) -> bool:
        """Whether labels fulfil it (Kubernetes' rules: NotIn holds for an absent label)."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value is not None and value in self.values
            case "NotIn":
                return value is None or value not in self.values
            case "Exists":
                return value is not None
            case _:
                return value is None


class Selector(Wire, frozen=True, kw_only=True):
    """A label selector; an empty one selects everything."""

    match_labels: Labels = {}
    match_expressions: tuple[Requirement, ...] = ()

    def selects(self, labels: Labels) -> bool:
        """Whether an object with these labels is selected."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            requirement.holds(labels) for requirement in self.match_expressions
        )


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
