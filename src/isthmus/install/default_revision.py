"""The revision that answers where none is named: tag `default` and the validator for the whole cluster.

Knows which objects make a plan's revision the default one. Does not know clusters.
"""

from __future__ import annotations

from isthmus.install.components import chart_directory
from isthmus.install.plan import Plan
from isthmus.install.render import Object
from isthmus.install.revision_tags import DEFAULT_TAG, default_validators, tag_webhooks
from isthmus.install.value_tree import at


def default_objects(plan: Plan) -> tuple[Object, ...]:
    """The objects that make this plan's revision the default; none when it has no control plane to point at.

    The validator comes only where this control plane validates at all. Raises InstallError.
    """
    installation = plan.installation
    pilot = next((part for part in plan.parts if part.component.sort.field == "pilot"), None)
    if pilot is None or not pilot.objects or at(installation.values, "global", "operatorManageWebhooks"):
        return ()
    component = pilot.component
    chart = chart_directory(installation.charts, component)
    found = tag_webhooks(chart, component.values, DEFAULT_TAG, component.namespace)
    if any(each["kind"] == "ValidatingWebhookConfiguration" for each in pilot.objects):
        revision = installation.revision or "default"
        found += default_validators(installation.charts, installation.values, revision, installation.namespace)
    return tuple(found)
