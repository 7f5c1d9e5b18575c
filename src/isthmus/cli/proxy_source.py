"""Where a proxy's configuration is read from: a pod's admin page, or a file that somebody saved.

Knows the options ``POD``, ``-f`` and ``--proxy-admin-port``. Does not know what is shown.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

import click
import msgspec

from isthmus.cli.options import Target, cluster_options, run

Command = TypeVar("Command", bound=Callable[..., Any])
Json = dict[str, Any]


class ProxySource:
    """The dumps of one proxy, read when they are asked for."""

    def __init__(self, target: Target, pod: str, port: int, file: BinaryIO | None) -> None:
        if not pod and file is None:
            raise click.UsageError("name a pod (NAME.NAMESPACE or deploy/NAME.NAMESPACE), or a file with -f")
        self._target = target
        self._pod = pod
        self._port = port
        self._file = file

    @property
    def is_file(self) -> bool:
        """Whether there is only what one file holds."""
        return self._file is not None

    def config_dump(self, *, include_endpoints: bool = False) -> Json:
        """The answer of ``/config_dump``."""
        found = self._from_file() if self._file else run(self._read_dump(include_endpoints))
        if "configs" not in found:
            raise click.ClickException('this is no configuration dump: it has no "configs"')
        return found

    def cluster_statuses(self) -> Json:
        """The answer of ``/clusters?format=json``."""
        found = self._from_file() if self._file else run(self._read_clusters())
        if "cluster_statuses" not in found:
            raise click.ClickException(
                'endpoints need the answer of /clusters?format=json: this has no "cluster_statuses"'
            )
        return found

    def _from_file(self) -> Json:
        assert self._file is not None
        try:
            return msgspec.json.decode(self._file.read(), type=Json)
        except msgspec.DecodeError as error:
            raise click.ClickException(f"{self._file.name} is no JSON of Envoy's admin page: {error}") from None

    async def _read_dump(self, include_endpoints: bool) -> Json:
        from isthmus.cli.proxy_admin import admin_dump
        from isthmus.kube.pod_names import find_pod

        async with self._target.client() as client:
            pod = await find_pod(client, self._pod, self._target.workload_namespace(client))
            return await admin_dump(client, pod, port=self._port, endpoints=include_endpoints)

    async def _read_clusters(self) -> Json:
        from isthmus.cli.proxy_admin import admin_clusters
        from isthmus.kube.pod_names import find_pod

        async with self._target.client() as client:
            pod = await find_pod(client, self._pod, self._target.workload_namespace(client))
            return await admin_clusters(client, pod, port=self._port)


def source_options(function: Command) -> Command:
    """Adds ``[POD] -f --proxy-admin-port`` and the cluster's options; the command gets them as ``source``."""

    @cluster_options
    @click.argument("pod", default="")
    @click.option("-f", "--file", "file", type=click.File("rb"), help="Read this file instead of a pod; - is stdin.")
    @click.option("--proxy-admin-port", type=int, default=15000, show_default=True, help="Port of the admin page.")
    @functools.wraps(function)
    def with_source(
        *args: Any, target: Target, pod: str, proxy_admin_port: int, file: BinaryIO | None, **rest: Any
    ) -> Any:
        return function(*args, source=ProxySource(target, pod, proxy_admin_port, file), **rest)

    return with_source  # type: ignore[return-value] # the decorated function has other parameters by design
