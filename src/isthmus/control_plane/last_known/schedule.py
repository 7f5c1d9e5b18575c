"""When a cluster's copy is due to be written (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeepPace:
    """Seconds.

    ``look`` is how often to see what is due, ``settle`` how long to wait after the last change, ``between`` the least
    time between two writes of one cluster's copy. A copy of rows that do not change is dated anew after ``confirm``.
    """

    look: float
    settle: float
    between: float
    confirm: float


def keep_pace(between: float) -> KeepPace:
    """The pace with this least time between two writes of a copy."""
    return KeepPace(look=between / 30, settle=between / 6, between=between, confirm=between * 10)


@dataclass(slots=True)
class _Changes:
    first: float
    last: float


class Schedule:
    """Changes and tries by cluster; times are of any one clock that does not go back."""

    def __init__(self, pace: KeepPace) -> None:
        self._pace = pace
        self._changes: dict[str, _Changes] = {}
        self._tried: dict[str, float] = {}

    def changed(self, clusters: Iterable[str], now: float) -> None:
        """Rows of these clusters changed."""
        for cluster in clusters:
            found = self._changes.get(cluster)
            if found is None:
                self._changes[cluster] = _Changes(now, now)
            else:
                found.last = now

    def may_try(self, cluster: str, now: float) -> bool:
        """Whether the last try was long enough ago."""
        return now - self._tried.get(cluster, float("-inf")) >= self._pace.between

    def due(self, cluster: str, now: float) -> bool:
        """Whether to write now: some time after the last change, or when changes do not end, after the first one."""
        changes = self._changes.get(cluster)
        if changes is None or not self.may_try(cluster, now):
            return False
        return now - changes.last >= self._pace.settle or now - changes.first >= self._pace.between

    def confirmation_due(self, cluster: str, now: float) -> bool:
        """Whether a copy of rows that did not change should be dated anew."""
        return cluster not in self._changes and now - self._tried.get(cluster, float("-inf")) >= self._pace.confirm

    def trying(self, cluster: str, now: float) -> None:
        """Something is being written for this cluster."""
        self._tried[cluster] = now

    def writing(self, cluster: str, now: float) -> None:
        """The rows of this moment are being written: later changes count anew."""
        self._changes.pop(cluster, None)
        self._tried[cluster] = now

    def forget(self, cluster: str) -> None:
        """The cluster is gone."""
        self._changes.pop(cluster, None)
        self._tried.pop(cluster, None)
