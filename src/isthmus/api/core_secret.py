"""Secret and ConfigMap: named bytes and texts."""

from __future__ import annotations

from collections.abc import Mapping

from isthmus.api.core_meta import CoreMeta, LabelledMeta
from isthmus.api.wire import Labels, Wire


class Secret(Wire, frozen=True, kw_only=True):
    """A secret; values are base64 on the wire and bytes here."""

    metadata: CoreMeta
    data: Mapping[str, bytes] = {}
    type: str = "Opaque"

    def __repr__(self) -> str:
        """Names only: a secret must not reach a log by accident."""
        return f"Secret({self.metadata.namespace}/{self.metadata.name}: {', '.join(sorted(self.data))})"


class ConfigMap(Wire, frozen=True, kw_only=True):
    """Named texts. What an election is held on is one whose annotations change with every renewal."""

    metadata: LabelledMeta
    data: Labels = {}
