"""The revision that answers where none is named: tag `default` and the validator for the whole cluster.

Knows which objects make a revision the default one, and what the injector that it replaces looks like.
Does not know clusters.
"""

from __future__ import annotations

from isthmus.install.chart import load
from isthmus.install.chart_objects import Release
from isthmus.install.components import Component, chart_directory
from isthmus.install.merge_order import Installation
from isthmus.install.plan import RELEASE_NAME, Part, Plan
from isthmus.install.render import Object, objects
from isthmus.install.value_tree import Values, at, copied, merged

TAG = "istio.io/tag"
DEFAULT_TAG = "default"
_VALIDATOR = "istiod-default-validator"
_NEVER = {"matchLabels": {"istio.io/deactivated": "never-match"}}


def default_objects(plan: Plan) -> tuple[Object, ...]:
    """The objects that make this plan's revision the default; none when it has no control plane to point at.

    Raises InstallError.
    """
    installation = plan.installation
    pilot = next((part for part in plan.parts if part.component.sort.field == "pilot"), None)
    if pilot is None or not pilot.objects or at(installation.values, "global", "operatorManageWebhooks"):
        return ()
    return (*_tag(installation, pilot.component), *_validator(installation, pilot))


def _tag(installation: Installation, pilot: Component) -> list[Object]:
    """The webhooks of tag `default`, as the control plane's chart renders them."""
    values = merged(pilot.values, {"revisionTags": [DEFAULT_TAG]})
    return [
        found
        for found in _rendered(installation, pilot, values)
        if found["kind"] == "MutatingWebhookConfiguration" and _tag_of(found) == DEFAULT_TAG
    ]


def _validator(installation: Installation, pilot: Part) -> list[Object]:
    """The validator for resources without revision; only where this control plane validates at all."""
    if not any(found["kind"] == "ValidatingWebhookConfiguration" for found in pilot.objects):
        return []
    directory = installation.charts / "base"
    if not (directory / "Chart.yaml").is_file():
        return []
    values = merged(installation.values, {"defaultRevision": installation.revision or "default"})
    values["base"] = merged(values.get("base") or {}, {"enableCRDTemplates": False})
    rendered = objects(load(directory), values, Release(RELEASE_NAME, installation.namespace))
    return [found for found in rendered if found["metadata"]["name"] == _VALIDATOR]


def _rendered(installation: Installation, component: Component, values: Values) -> list[Object]:
    chart = load(chart_directory(installation.charts, component))
    return objects(chart, values, Release(RELEASE_NAME, component.namespace))


def _tag_of(found: Object) -> str:
    return str((found["metadata"].get("labels") or {}).get(TAG, ""))


def is_injector(found: Object) -> bool:
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
