"""The mesh's settings, as derivations read them."""

from __future__ import annotations

from isthmus.api.mesh_config import MeshConfig
from isthmus.collections import Context
from isthmus.derive.domain import Domain

_DEFAULTS = MeshConfig()


def mesh_config(ctx: Context, domain: Domain) -> MeshConfig:
    """The settings; the built-in defaults as long as none were read."""
    return ctx.get(domain.mesh, "") or _DEFAULTS
