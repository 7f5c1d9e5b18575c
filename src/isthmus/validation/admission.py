"""Admission review without I/O: the body of a request in, the body of the answer out.

Knows ``admission.k8s.io`` v1 and v1beta1 and the annotation that asks to be refused, by which a control plane
finds out whether its own webhook is being called. Does not know HTTP.
"""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.api.config import Severity
from isthmus.validation.unserved import unserved
from isthmus.validation.validate import Verdict, kind_of, validate

ALWAYS_REJECT = "internal.istio.io/webhook-always-reject"
_CHECKED = frozenset({"CREATE", "UPDATE"})


class Request(msgspec.Struct, frozen=True, rename="camel"):
    """What is asked; a dry run is answered like any other request, because answering changes nothing."""

    uid: str
    operation: str = ""
    name: str = ""
    namespace: str = ""
    dry_run: bool = False
    object: dict[str, Any] | None = None


class _Metadata(msgspec.Struct, frozen=True):
    name: str | None = None
    namespace: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Review(msgspec.Struct, frozen=True, rename="camel"):
    """An AdmissionReview with a request."""

    request: Request
    api_version: str = "admission.k8s.io/v1"
    kind: str = "AdmissionReview"


class MalformedReviewError(ValueError):
    """The body is not an AdmissionReview with a request."""


def review(body: bytes) -> bytes:
    """The answer to an AdmissionReview. Raises ``MalformedReviewError``."""
    try:
        asked = msgspec.json.decode(body, type=Review)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedReviewError(f"not an AdmissionReview: {error}") from error
    return msgspec.json.encode(
        {"apiVersion": asked.api_version, "kind": asked.kind, "response": response(asked.request)}
    )


def response(request: Request) -> dict[str, Any]:
    """The ``response`` of an AdmissionReview. Operations other than create and update are allowed."""
    written = request.object
    if request.operation not in _CHECKED or written is None:
        return {"uid": request.uid, "allowed": True}
    try:
        metadata = msgspec.convert(written.get("metadata") or {}, _Metadata)
    except msgspec.ValidationError as error:
        return _refusal(request, f"metadata: {error}")
    if ALWAYS_REJECT in (metadata.annotations or {}):
        return _refusal(request, f"annotation {ALWAYS_REJECT} asks for refusal")
    definition = kind_of(written)
    if definition is None:
        return _refusal(request, f"{written.get('apiVersion')}/{written.get('kind')} is not a kind of this mesh")
    errors, warnings = validate(definition, written)
    gaps = () if errors else tuple(unserved(definition.kind, written))  # they are asked of what has the right shape
    refused = tuple(gap for gap in gaps if gap.severity is Severity.ERROR)
    return _answer(request, ((*errors, *refused), (*warnings, *(gap for gap in gaps if gap not in refused))))


def _answer(request: Request, verdict: Verdict) -> dict[str, Any]:
    errors, warnings = verdict
    if errors:
        answer = _refusal(request, "configuration is invalid: " + "; ".join(map(str, errors)))
    else:
        answer = {"uid": request.uid, "allowed": True}
    if warnings:
        answer["warnings"] = [str(problem) for problem in warnings]
    return answer


def _refusal(request: Request, message: str) -> dict[str, Any]:
    status = {"status": "Failure", "message": message, "reason": "BadRequest", "code": 400}
    return {"uid": request.uid, "allowed": False, "status": status}
