"""Built-in profiles: the settings that an IstioOperator file starts from.

Knows where profiles lie beside the charts. Does not know what they mean.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isthmus.install.errors import InstallError
from isthmus.install.operator_file import parse


def profile_names(charts: Path) -> tuple[str, ...]:
    """The profiles that come with a set of charts."""
    return tuple(sorted(path.stem for path in _directory(charts).glob("*.yaml")))


def profile_spec(charts: Path, name: str) -> Mapping[str, Any]:
    """The spec of a profile. Raises InstallError for an unknown one."""
    path = _directory(charts) / f"{name}.yaml"
    if not path.is_file() and "ambient" in name:
        raise InstallError(
            f"spec.profile: {name!r} is not served: there is no ambient mode (ztunnel, waypoints) here; "
            "proxies run as sidecars, for which the profile default is meant"
        )
    if not path.is_file():
        known = profile_names(charts)
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
        raise InstallError(f"spec.profile: there is no profile {name!r}; {hint}")
    return parse(path.read_text(), str(path)).spec


def _directory(charts: Path) -> Path:
    inside = charts / "profiles"
    return inside if inside.is_dir() else charts.parent / "profiles"
