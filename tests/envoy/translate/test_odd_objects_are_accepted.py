"""Objects that pass validation, however odd, give configuration that a real Envoy accepts.

What a seed gives never changes. When Envoy refuses a mesh, the objects are halved until the one at fault is alone.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml
from envoy_program import binary
from mesh_files import Mesh
from odd_objects import Chance
from static_bootstrap import bootstrap, resources

from isthmus.api.kinds import definition_of
from isthmus.validation.validate import validate

Json = dict[str, Any]

SEEDS = range(4)
SERVICES = tuple(f"s{number}" for number in range(12))
NAMES = ("a.example.com", "*.example.com")
ROUTES_EACH = 5
TRIES = 3000
PORTS = ({"name": "http", "port": 80}, {"name": "tcp", "port": 90}, {"name": "tls", "port": 443})


def called(name: str, **labels: str) -> Json:
    """The metadata of an object."""
    return {"metadata": {"name": name, "namespace": "a", "labels": labels}}


MESH = {
    "clusters": {
        "cluster1": [
            *(
                {"kind": "Service", **called(name), "spec": {"clusterIP": f"10.96.0.{place}", "ports": PORTS}}
                for place, name in enumerate(SERVICES, 1)
            ),
            {"kind": "Pod", **called("client"), "status": {"podIP": "10.10.0.1"}},
            {"kind": "Pod", **called("edge", app="edge"), "status": {"podIP": "10.10.0.2"}},
        ]
    },
    "proxies": [{"pod": "a/client", "cluster": "cluster1"}, {"pod": "a/edge", "cluster": "cluster1", "kind": "router"}],
}


@pytest.mark.parametrize("seed", SEEDS)
def test_odd_objects_that_pass_validation_are_accepted(seed: int, tmp_path: Path) -> None:
    objects = [named(each, number) for number, each in enumerate(odd_objects(Chance(seed, SERVICES)))]
    assert {each["kind"] for each in objects} == {"VirtualService", "DestinationRule", "Gateway"}
    if refusal(objects, tmp_path):
        worst = culprits(objects, tmp_path)
        raise AssertionError(f"{refusal(worst, tmp_path)}\n{yaml.safe_dump_all(worst, sort_keys=False)}")


def odd_objects(chance: Chance) -> Iterator[Json]:
    """Valid objects: routes and a rule for each service, and servers for the gateway with the same routes."""
    routes = valid("VirtualService", lambda: {"hosts": ["x"], "http": [chance.http_route()]})
    streams = valid("VirtualService", lambda: {"hosts": ["x"], "tcp": [chance.tcp_route()]})
    passed = valid("VirtualService", lambda: {"hosts": list(NAMES), "tls": [chance.tls_route()]})
    for number, service in enumerate(SERVICES):
        http = [spec["http"][0] for spec in islice(routes, ROUTES_EACH)]
        hosts = [service, f"{service}.example.com"]
        yield {"kind": "VirtualService", "spec": {"hosts": hosts, "gateways": ["mesh", "edge"], "http": http}}
        where = {"hosts": [SERVICES[number - 1], *NAMES], "gateways": ["mesh", "edge"]}
        yield {"kind": "VirtualService", "spec": {**next(streams), **next(passed), **where}}
        rule = next(valid("DestinationRule", lambda host=service: chance.destination_rule(host)))
        yield {"kind": "DestinationRule", "spec": rule}
    for number in range(3):
        yield {"kind": "Gateway", "spec": next(valid("Gateway", lambda port=8000 + 10 * number: chance.gateway(port)))}


def valid(kind: str, make: Callable[[], Json]) -> Iterator[Json]:
    """Specs that admission would let pass."""
    definition = definition_of("networking.istio.io", kind)
    assert definition is not None
    for _ in range(TRIES):
        spec = make()
        errors, _ = validate(definition, {"spec": spec})
        if not errors:
            yield spec


def named(written: Json, number: int) -> Json:
    name = "edge" if written["kind"] == "Gateway" and number % 2 == 0 else f"object{number}"
    return {"kind": written["kind"], "metadata": {"name": name, "namespace": "a"}, "spec": written["spec"]}


def refusal(objects: Sequence[Json], directory: Path) -> str:
    """What Envoy says against a mesh with these objects; empty when it takes all of it."""
    mesh = Mesh()
    for proxy in mesh.load(json.dumps({**MESH, "configuration": list(objects)})):
        file = directory / "bootstrap.json"
        file.write_text(json.dumps(bootstrap(resources(mesh.discovery, proxy))))
        command = [str(binary()), "--mode", "validate", "-c", str(file), "-l", "error"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            return f"{proxy}: {result.stderr[-1500:]}"
    return ""


def culprits(objects: Sequence[Json], directory: Path) -> list[Json]:
    """Few of the objects that are refused together: halves, as long as one of them is refused."""
    left = list(objects)
    while len(left) > 1:
        middle = len(left) // 2
        bad = next((half for half in (left[:middle], left[middle:]) if refusal(half, directory)), None)
        if bad is None:
            return left
        left = bad
    return left
