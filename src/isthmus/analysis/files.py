"""Objects in files: YAML or JSON, several documents, and lists of objects; a mesh made of nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from isthmus.analysis.decoding import Located, decode, mesh_settings
from isthmus.analysis.snapshot import ClusterSnapshot, Snapshot
from isthmus.api.yaml_text import numbered_documents

_CLUSTER_KINDS = frozenset({"Namespace", "Node", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})


class MalformedFileError(ValueError):
    """A document of a file is not an object of Kubernetes; the message names file and line."""


def objects_in(name: str, text: str, namespace: str) -> Iterator[Located]:
    """Objects of a text; those without namespace get the given one. Raises ``YamlError``, ``MalformedFileError``."""
    for line, document in numbered_documents(text):
        reference = f"{name}:{line}"
        if not isinstance(document, dict) or not document.get("kind") or not document.get("apiVersion"):
            raise MalformedFileError(f"{reference}: not an object: apiVersion and kind are needed")
        for written in _items(document):
            yield Located(_with_namespace(written, namespace), reference)


def _items(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if document["kind"] == "List":
        for item in document.get("items") or ():
            yield from _items(item)
    else:
        yield document


def _with_namespace(written: dict[str, Any], namespace: str) -> dict[str, Any]:
    metadata = written.get("metadata") or {}
    if metadata.get("namespace") or written["kind"] in _CLUSTER_KINDS:
        return written
    return {**written, "metadata": {**metadata, "namespace": namespace}}


def mesh_of_files(objects: Iterable[Located], system_namespace: str) -> Snapshot:
    """The snapshot of objects in files only: what they do not mention may well exist."""
    own, findings = decode(ClusterSnapshot(name="Kubernetes", live=False), objects)
    config, networks, problems = mesh_settings(own, system_namespace)
    return Snapshot(
        clusters=(own,),
        system_namespace=system_namespace,
        mesh=config,
        networks=networks,
        reading=(*findings, *problems),
    )
