"""The proxy's image. Knows how a reference is put together from values and annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.inject.settings import value

_VARIANTS = ("debug", "distroless")
_PLAIN = "default"


def proxy_image(values: Mapping[str, Any], image_type: str, annotations: Mapping[str, str]) -> str:
    """The annotation, or ``global.proxy.image``: as it is when it names a repository, else in hub and tag."""
    chosen = annotations.get("sidecar.istio.io/proxyImage", "")
    if chosen:
        return chosen
    image = str(value(values, "global.proxy.image", "proxyv2"))
    if "/" in image:
        return image
    variant = annotations.get("sidecar.istio.io/proxyImageType", image_type)
    hub, tag = value(values, "global.hub"), str(value(values, "global.tag"))
    return f"{hub}/{image}:{_with_variant(tag, variant)}" if tag else f"{hub}/{image}"


def _with_variant(tag: str, variant: str) -> str:
    """The tag of a variant, whichever variant it named before."""
    if not variant:
        return tag
    stem, _, ending = tag.rpartition("-")
    base = stem if ending in _VARIANTS else tag
    return base if variant == _PLAIN else f"{base}-{variant}"
