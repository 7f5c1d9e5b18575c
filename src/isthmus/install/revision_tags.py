"""Revision tags: stable names for revisions that namespaces choose by, and what makes a revision the default one.

Knows which objects a tag consists of, rendered from the charts. Does not know clusters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from isthmus.install.chart import load
from isthmus.install.chart_objects import RELEASE_NAME, Release
from isthmus.install.errors import InstallError
from isthmus.install.manifests import COMPONENT, REVISION
from isthmus.install.render import Object, objects
from isthmus.install.value_tree import Values, copied, merged

TAG = "istio.io/tag"
DEFAULT_TAG = "default"
DEFAULT_VALIDATOR = "istiod-default-validator"

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NEVER = {"matchLabels": {"istio.io/deactivated": "never-match"}}


class Tag(msgspec.Struct, frozen=True):
    """What is asked for: the tag's name, the revision that it stands for, and how its webhook is to be.

    `webhook_name` is empty for the usual name; `everywhere` injects into all namespaces that do not refuse.
    """

    name: str
    revision: str
    webhook_name: str = ""
    everywhere: bool = False


class Revision(msgspec.Struct, frozen=True):
    """A revision as it is installed: its injector's and its validator's configuration (`None`: it has none)."""

    name: str
    namespace: str
    injector: Object
    validator: Object | None = None


def check_name(name: str) -> None:
    """Raise InstallError for what cannot be a tag: tags become labels' values and parts of names."""
    if not _NAME.fullmatch(name):
        raise InstallError(f"tag {name!r} is no DNS-1123 label: use lower-case letters, digits and '-'")


def tag_objects(charts: Path, tag: Tag, revision: Revision) -> list[Object]:
    """The tag's webhook configuration; for the tag `default` also the validator for the whole cluster.

    They reach the control plane as the revision's own configurations do, be it by service or by URL.
    """
    own = "" if revision.name == "default" else revision.name
    values: Values = {
        "revision": own,
        "global": {"istioNamespace": revision.namespace},
        "sidecarInjectorWebhook": {"enableNamespacesByDefault": tag.everywhere},
    }
    found = tag_webhooks(charts / "istiod", values, tag.name, revision.namespace)
    for each in found:
        each["metadata"]["name"] = tag.webhook_name or each["metadata"]["name"]
    found = [_reaching(each, revision.injector) for each in found]
    if tag.name == DEFAULT_TAG and revision.validator is not None:
        validators = default_validators(charts, values, revision.name, revision.namespace)
        found += [_reaching(each, revision.validator) for each in validators]
    return [_found_by_uninstall(each, revision.name) for each in found]


def tag_webhooks(chart: Path, values: Mapping[str, Any], tag: str, namespace: str) -> list[Object]:
    """The webhook configuration of a tag, as the control plane's chart renders it."""
    found = tag_parts(chart, values, tag, namespace)
    return [each for each in found if each["kind"] == "MutatingWebhookConfiguration"]


def tag_parts(chart: Path, values: Mapping[str, Any], tag: str, namespace: str) -> list[Object]:
    """The webhook configuration and the Service of a tag, as the control plane's chart renders them."""
    rendered = objects(load(chart), merged(values, {"revisionTags": [tag]}), Release(RELEASE_NAME, namespace))
    return [each for each in rendered if tag_of(each) == tag]


def default_validators(charts: Path, values: Mapping[str, Any], revision: str, namespace: str) -> list[Object]:
    """The validator for resources that name no revision, as the base chart renders it; none without that chart."""
    if not (charts / "base" / "Chart.yaml").is_file():
        return []
    whole = merged(values, {"defaultRevision": revision, "base": {"enableCRDTemplates": False}})
    rendered = objects(load(charts / "base"), whole, Release(RELEASE_NAME, namespace))
    return [each for each in rendered if each["metadata"]["name"] == DEFAULT_VALIDATOR]


def tag_of(found: Mapping[str, Any]) -> str:
    """The tag that an object belongs to; empty when it belongs to none."""
    return str((found["metadata"].get("labels") or {}).get(TAG, ""))


def is_injector(found: Mapping[str, Any]) -> bool:
    """Report whether an object is a revision's own injector, not a tag's."""
    labels = found["metadata"].get("labels") or {}
    is_webhook = found["kind"] == "MutatingWebhookConfiguration" and labels.get("app") == "sidecar-injector"
    return is_webhook and TAG not in labels


def deactivated(found: Object) -> Object:
    """The injector of the default revision once its tag answers: no pod is to be asked about twice."""
    result: Object = copied(found)
    for webhook in result["webhooks"]:
        webhook["namespaceSelector"] = copied(_NEVER)
        webhook["objectSelector"] = copied(_NEVER)
    return result


def _reaching(found: Object, installed: Object) -> Object:
    client = installed["webhooks"][0]["clientConfig"]
    webhooks = [{**webhook, "clientConfig": copied(client)} for webhook in found["webhooks"]]
    return {**found, "webhooks": webhooks}


def _found_by_uninstall(found: Object, revision: str) -> Object:
    """Labels for removal with the revision, but no owner: a tag is the user's, and no installation prunes it."""
    labels = {**(found["metadata"].get("labels") or {}), COMPONENT: "Pilot", REVISION: revision}
    return {**found, "metadata": {**found["metadata"], "labels": labels}}
