"""Admission reviews of pods as values: the body of a request in, the body of the answer out.

Knows: ``admission.k8s.io`` v1 and v1beta1. Does not know HTTP.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from isthmus.inject.decision import is_injected
from isthmus.inject.errors import InjectionError
from isthmus.inject.patch import json_patch
from isthmus.inject.pod import inject
from isthmus.inject.settings import InjectionSettings
from isthmus.inject.shape import check_shape

Json = dict[str, Any]
CurrentSettings = Callable[[], InjectionSettings]
"""The settings for this request; InjectionError when there are none."""


class Outcome(StrEnum):
    """What became of a pod, as metrics count it."""

    INJECTED = "success"
    SKIPPED = "skip"
    FAILED = "failure"


class Request(msgspec.Struct, frozen=True):
    """What is asked."""

    uid: str
    namespace: str = ""
    object: dict[str, Any] | None = None


class Review(msgspec.Struct, frozen=True, rename="camel"):
    """An AdmissionReview with a request."""

    request: Request
    api_version: str = "admission.k8s.io/v1"
    kind: str = "AdmissionReview"


class MalformedReviewError(ValueError):
    """The body is not an AdmissionReview with a pod."""


def review(body: bytes, current: CurrentSettings) -> tuple[bytes, Outcome, str]:
    """The answer, what became of the pod, and why not when it failed. Raises MalformedReviewError.

    A pod that cannot be injected is refused, whatever the webhook's failure policy: it would run outside of
    the mesh without anybody noticing.
    """
    try:
        asked = msgspec.json.decode(body, type=Review)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedReviewError(f"not an AdmissionReview: {error}") from None
    if asked.request.object is None:
        raise MalformedReviewError("the AdmissionReview holds no object")
    response, outcome = _response(asked.request, current)
    answer = {"apiVersion": asked.api_version, "kind": asked.kind, "response": response}
    return msgspec.json.encode(answer), outcome, (response.get("status") or {}).get("message", "")


class BrokenInjectionError(Exception):
    """The injector failed for a reason of its own; names the pod."""


def _response(request: Request, current: CurrentSettings) -> tuple[Json, Outcome]:
    assert request.object is not None
    try:
        check_shape(request.object)
        pod = _with_namespace(request.object, request.namespace)
        settings = current()
        if not is_injected(pod, pod["metadata"]["namespace"], settings.config):
            return {"uid": request.uid, "allowed": True}, Outcome.SKIPPED
        injected = inject(pod, settings).pod
    except InjectionError as error:
        status = {"status": "Failure", "message": str(error)}
        return {"uid": request.uid, "allowed": False, "status": status}, Outcome.FAILED
    except Exception as error:
        meta = pod["metadata"]
        name = meta.get("name") or meta.get("generateName") or "?"
        raise BrokenInjectionError(f"pod {meta['namespace']}/{name}: {type(error).__name__}: {error}") from error
    patch = msgspec.json.encode(json_patch(pod, injected))
    encoded = base64.b64encode(patch).decode()
    return {"uid": request.uid, "allowed": True, "patchType": "JSONPatch", "patch": encoded}, Outcome.INJECTED


def _with_namespace(pod: Json, namespace: str) -> Json:
    """The pod with its namespace, which a pod made by a controller does not carry yet at admission."""
    meta = pod.get("metadata") or {}
    return {**pod, "metadata": {**meta, "namespace": meta.get("namespace") or namespace or "default"}}
