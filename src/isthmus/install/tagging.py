"""Tags in a cluster: finding, setting, removing them.

Knows by which labels revisions and tags are found, and in which order a tag is written so that no pod is refused
on the way. Does not know which objects a tag consists of.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from isthmus.install.apply_objects import MANAGER, keeping_failure_policy
from isthmus.install.errors import InstallError
from isthmus.install.manifests import REVISION
from isthmus.install.render import Object
from isthmus.install.revision_tags import DEFAULT_TAG, Revision, Tag, deactivated, is_injector, tag_of
from isthmus.install.value_tree import copied
from isthmus.kube import kinds
from isthmus.kube.client import Client, Query, Writing
from isthmus.kube.kinds import Kind

_WRITING = Writing(manager=MANAGER)
_TRUSTING = Writing(manager="istioctl")


class Listed(msgspec.Struct, frozen=True):
    """A tag (empty: the revision has none), its revision, and the namespaces that choose by it."""

    tag: str
    revision: str
    namespaces: tuple[str, ...]


async def installed_revision(client: Client, name: str, namespace: str) -> Revision:
    """A revision by its name. InstallError names those that there are; `namespace` decides between equal names."""
    injectors = [each for each in await _webhooks(client) if is_injector(each)]
    found = [each for each in injectors if _revision(each) == name]
    if not found:
        known = ", ".join(sorted({_revision(each) for each in injectors})) or "none is installed"
        raise InstallError(f"there is no control plane with revision {name!r}; revisions here: {known}")
    here = [each for each in found if _namespace(each) == namespace]
    injector = (here or found)[0]
    validators = await client.list(kinds.VALIDATING_WEBHOOK, Query(labels=f"{REVISION}={name}"))
    own = [each for each in validators.items if each["metadata"]["name"].startswith("istio-validator")]
    return Revision(name, _namespace(injector) or namespace, injector, own[0] if own else None)


async def check_free(client: Client, tag: Tag, *, overwrite: bool) -> None:
    """Raise InstallError when the name is taken: by a revision, or by a tag that is not to be overwritten."""
    for each in await _webhooks(client):
        if is_injector(each) and _revision(each) == tag.name != DEFAULT_TAG:
            raise InstallError(f"tag {tag.name!r}: a control plane's revision has that name; choose another")
        if tag_of(each) == tag.name and not overwrite:
            points = f"revision tag {tag.name!r} exists and stands for revision {_revision(each)!r}"
            raise InstallError(f"{points}; move it with --overwrite")


async def write(client: Client, objects: Sequence[Object], tag: Tag, revision: Revision) -> None:
    """Create or move a tag. The revision's own injector steps back when its default tag takes over."""
    for each in objects:
        kind = await client.kind_of(each["apiVersion"], each["kind"])
        kept = await keeping_failure_policy(client, kind, _without_root(each))
        live = await client.apply(kind, kept, writing=_WRITING)
        await _trust(client, kind, live, each)
    if tag.name == DEFAULT_TAG == revision.name:
        await client.apply(kinds.MUTATING_WEBHOOK, _stepping_back(revision.injector), writing=_WRITING)


async def _trust(client: Client, kind: Kind, live: Object, wanted: Object) -> None:
    """The root certificate for webhooks that have none yet, so that they work before the control plane sees them."""
    roots = {webhook["name"]: webhook["clientConfig"].get("caBundle") for webhook in wanted["webhooks"]}
    for index, webhook in enumerate(live["webhooks"]):
        root = roots.get(webhook["name"])
        if root and not webhook["clientConfig"].get("caBundle"):
            place = f"/webhooks/{index}"
            patch = [
                {"op": "test", "path": f"{place}/name", "value": webhook["name"]},
                {"op": "add", "path": f"{place}/clientConfig/caBundle", "value": root},
            ]
            await client.json_patch(kind, live["metadata"]["name"], patch, writing=_TRUSTING)


async def remove(client: Client, name: str) -> None:
    """Delete a tag. InstallError names the tags that there are."""
    webhooks = await _webhooks(client)
    found = [each for each in webhooks if tag_of(each) == name]
    if not found:
        known = ", ".join(sorted({tag_of(each) for each in webhooks} - {""})) or "there are none"
        raise InstallError(f"there is no revision tag {name!r}; tags here: {known}")
    for each in found:
        await client.delete(kinds.MUTATING_WEBHOOK, each["metadata"]["name"])


async def namespaces_of(client: Client, tag: str) -> tuple[str, ...]:
    """The namespaces whose pods a tag's webhook is asked about."""
    selectors = [f"{REVISION}={tag}"] + (["istio-injection=enabled"] if tag == DEFAULT_TAG else [])
    listings = [await client.list(kinds.NAMESPACE, Query(labels=selector)) for selector in selectors]
    return tuple(sorted({each["metadata"]["name"] for listing in listings for each in listing.items}))


async def followers(client: Client, revision: str) -> tuple[str, ...]:
    """The namespaces whose pods a revision injects, by its own name or by one of its tags."""
    tags = {tag_of(each) for each in await _webhooks(client) if _revision(each) == revision} - {""}
    found = [await namespaces_of(client, name) for name in sorted({revision, *tags})]
    return tuple(sorted({name for names in found for name in names}))


async def listed(client: Client) -> list[Listed]:
    """Every tag, and every revision without one, by revision and tag."""
    pairs = {(_revision(each), tag_of(each)) for each in await _webhooks(client)}
    tagged = {revision for revision, tag in pairs if tag}
    shown = sorted(pair for pair in pairs if pair[1] or pair[0] not in tagged)
    return [Listed(tag, revision, await namespaces_of(client, tag or revision)) for revision, tag in shown]


async def _webhooks(client: Client) -> list[Object]:
    """The injectors of all revisions and tags."""
    found = await client.list(kinds.MUTATING_WEBHOOK, Query(labels=REVISION))
    whole = [{"kind": kinds.MUTATING_WEBHOOK.kind, **each} for each in found.items]
    return [each for each in whole if is_injector(each) or tag_of(each)]


def _revision(found: Object) -> str:
    return str(found["metadata"]["labels"][REVISION])


def _namespace(found: Object) -> str:
    """The namespace of the service behind a webhook; empty for a webhook with a URL."""
    return str((found["webhooks"][0]["clientConfig"].get("service") or {}).get("namespace", ""))


def _without_root(found: Object) -> Object:
    """The control plane keeps the root certificate of webhooks current; nobody else is to own that field."""
    result: Object = copied(found)
    for webhook in result["webhooks"]:
        webhook["clientConfig"].pop("caBundle", None)
    return result


def _stepping_back(injector: Object) -> Object:
    """As much of a live injector as stepping back takes: its name and its webhooks as the installer owns them."""
    metadata = injector["metadata"]
    head = {"apiVersion": kinds.MUTATING_WEBHOOK.api_version, "kind": kinds.MUTATING_WEBHOOK.kind}
    named = {"name": metadata["name"], "labels": metadata["labels"]}
    return deactivated(_without_root({**head, "metadata": named, "webhooks": injector["webhooks"]}))
