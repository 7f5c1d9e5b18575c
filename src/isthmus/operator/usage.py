"""Who uses which revision or tag, by labels of namespaces and by labels and annotations of pods.

Knows Istio's labels and which of them wins. Keeps no pods: one phrase per referring object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from isthmus.api.wire import Labels
from isthmus.kube.events import Event
from isthmus.operator.resources.resource import IstioRevisionTag, Metadata, Named

INJECTION = "istio-injection"
REVISION = "istio.io/rev"
ASKED = "sidecar.istio.io/inject"
DEFAULT = "default"


def of_namespace(labels: Labels) -> frozenset[str]:
    """The revision or tag that a namespace names; `istio-injection` wins over `istio.io/rev`."""
    if INJECTION in labels:
        return frozenset({DEFAULT}) if labels[INJECTION] == "enabled" else frozenset()
    return frozenset({labels[REVISION]}) if labels.get(REVISION) else frozenset()


def of_pod(labels: Labels, annotations: Labels) -> frozenset[str]:
    """What a pod was injected by, and what its labels ask for. A control plane's own pods ask for nothing."""
    found = {annotations[REVISION]} if annotations.get(REVISION) else set()
    if labels.get(ASKED) != "false":
        if labels.get(REVISION):
            found.add(labels[REVISION])
        elif labels.get(ASKED) == "true":
            found.add(DEFAULT)
    return frozenset(found)


class References:
    """A sink of namespaces or pods: the names that they refer to, and by whom. Tells when the set of names changes."""

    def __init__(self, what: str, rule: Callable[[Metadata], frozenset[str]], changed: Callable[[], object]) -> None:
        self._what = what
        self._rule = rule
        self._changed = changed
        self._by_object: dict[tuple[str, str], frozenset[str]] = {}
        self._by_name: dict[str, dict[tuple[str, str], None]] = {}

    def replace(self, objects: Sequence[Named]) -> None:
        """These are all the objects there are."""
        before = self._by_name.keys() | set()
        self._by_object, self._by_name = {}, {}
        for found in objects:
            self._put(found.metadata, self._rule(found.metadata))
        if before != self._by_name.keys():
            self._changed()

    def change(self, events: Sequence[Event[Named]]) -> None:
        """These changes arrived."""
        before = self._by_name.keys() | set()
        for event in events:
            metadata = event.object.metadata
            self._put(metadata, frozenset() if event.type == "DELETED" else self._rule(metadata))
        if before != self._by_name.keys():
            self._changed()

    def users(self, name: str) -> tuple[str, ...]:
        """Phrases for those who refer to a name, in no order that means anything."""
        found = self._by_name.get(name, {})
        return tuple(f"{self._what} {namespace + '/' if namespace else ''}{each}" for namespace, each in found)

    def _put(self, metadata: Metadata, names: frozenset[str]) -> None:
        key = (metadata.namespace, metadata.name)
        for name in self._by_object.pop(key, frozenset()) - names:
            users = self._by_name[name]
            del users[key]
            if not users:
                del self._by_name[name]
        for name in names:
            self._by_name.setdefault(name, {})[key] = None
        if names:
            self._by_object[key] = names


def users_of_revision(name: str, tags: Iterable[IstioRevisionTag], sinks: Sequence[References]) -> list[str]:
    """Who uses a revision: by its own name, by a tag that leads to it, or a tag that names it and nothing else."""
    found = users_of_name(name, sinks)
    for tag in tags:
        if tag.deleting or tag.status is None or tag.status.istio_revision != name:
            continue
        pinned = tag.spec.target_ref.kind == "IstioRevision"
        found += users_of_name(tag.name, sinks) or ([f"IstioRevisionTag {tag.name}"] if pinned else [])
    return found


def users_of_name(name: str, sinks: Sequence[References]) -> list[str]:
    """Who names a revision or tag."""
    return [user for sink in sinks for user in sink.users(name)]
