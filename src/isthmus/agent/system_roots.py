"""The bundle of roots that the system trusts. Knows where distributions keep it.

A file rather than Envoy's own ``system_root_certs``: Envoy refuses to check a server's name against those.
"""

from __future__ import annotations

from pathlib import Path

from isthmus.process.variables import SettingError

_PLACES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def path() -> Path:
    """The bundle; SettingError when this system has none."""
    found = next((place for place in map(Path, _PLACES) if place.is_file()), None)
    if found is None:
        raise SettingError("SYSTEM roots are asked for, but this image has no ca-certificates: name a file instead")
    return found
