"""What a chart's templates see besides values: Release, Chart, Files, Capabilities.

Knows Helm's names for them. Does not render anything.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from isthmus.gotemplate import MethodList, MethodMap, Record, yaml_text
from isthmus.install.chart import Chart

RELEASE_NAME = "istio"
"""The name of the release in everything that is installed without Helm, as in Istio."""


class Release(msgspec.Struct, frozen=True):
    """One use of a chart."""

    name: str
    namespace: str
    is_upgrade: bool = False

    def fields(self) -> dict[str, Any]:
        """`.Release`."""
        return {
            "Name": self.name,
            "Namespace": self.namespace,
            "IsUpgrade": self.is_upgrade,
            "IsInstall": not self.is_upgrade,
            "Revision": 1,
            "Service": "Helm",
        }


class Capabilities(msgspec.Struct, frozen=True):
    """What the cluster is taken to offer."""

    version: str = "v1.34.0"
    api_versions: frozenset[str] = frozenset(
        {
            "v1",
            "admissionregistration.k8s.io/v1",
            "apiextensions.k8s.io/v1",
            "apiregistration.k8s.io/v1",
            "apps/v1",
            "authentication.k8s.io/v1",
            "authorization.k8s.io/v1",
            "autoscaling/v1",
            "autoscaling/v2",
            "batch/v1",
            "certificates.k8s.io/v1",
            "coordination.k8s.io/v1",
            "discovery.k8s.io/v1",
            "events.k8s.io/v1",
            "flowcontrol.apiserver.k8s.io/v1",
            "networking.k8s.io/v1",
            "node.k8s.io/v1",
            "policy/v1",
            "rbac.authorization.k8s.io/v1",
            "resource.k8s.io/v1",
            "scheduling.k8s.io/v1",
            "storage.k8s.io/v1",
        }
    )

    def record(self) -> Record:
        """`.Capabilities`."""
        major, minor = self.version.removeprefix("v").split(".")[:2]
        versions = MethodList(sorted(self.api_versions), {"Has": self.api_versions.__contains__})
        names = {"Version": self.version, "GitVersion": self.version, "Major": major, "Minor": minor}
        return Record(
            "*chartutil.Capabilities",
            {
                "KubeVersion": Record("chartutil.KubeVersion", names, text=self.version),
                "APIVersions": versions,
                "HelmVersion": Record("chartutil.BuildInfo", {"Version": "v3.19.0"}),
            },
        )


def chart_record(chart: Chart, *, is_root: bool) -> dict[str, Any]:
    """`.Chart`: the fields of Chart.yaml under their Go names."""
    fields = {key[:1].upper() + key[1:]: value for key, value in chart.metadata.items()}
    fields["APIVersion"] = fields.pop("ApiVersion", "v2")
    return {"AppVersion": "", "Version": "", "Type": "", "Annotations": {}, **fields, "IsRoot": is_root}


def files_map(files: Mapping[str, bytes]) -> MethodMap:
    """`.Files` and what `.Files.Glob` gives."""

    def text(path: str) -> str:
        return files.get(path, b"").decode("utf-8", "replace")

    return MethodMap(
        files,
        {
            "Get": text,
            "GetBytes": lambda path: files.get(path, b""),
            "Glob": lambda pattern: files_map({path: files[path] for path in files if _globbed(pattern, path)}),
            "Lines": lambda path: text(path).removesuffix("\n").split("\n") if path in files else [],
            "AsConfig": lambda: yaml_text.dump({_base(path): text(path) for path in files}).removesuffix("\n"),
            "AsSecrets": lambda: yaml_text.dump(
                {_base(path): base64.b64encode(files[path]).decode() for path in files}
            ).removesuffix("\n"),
        },
    )


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _globbed(pattern: str, path: str) -> bool:
    """gobwas/glob with `/` as separator: `*` stays within a directory, `**` does not, `{a,b}` chooses."""
    translated = re.escape(pattern)
    for glob, regex in ((r"\*\*", ".*"), (r"\*", "[^/]*"), (r"\?", "[^/]"), (r"\{", "(?:"), (r"\}", ")"), (",", "|")):
        translated = translated.replace(glob, regex)
    return re.fullmatch(translated, path) is not None
