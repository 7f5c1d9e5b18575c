"""Leaves, intermediates and the root are replaced while requests flow."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from joined_mesh import Mesh, eventually, nothing_was_noticed, pods, steady
from sidecar_secrets import Secrets, secrets_of

from isthmus.cli.demo import authority, preparation
from isthmus.cli.demo.members import SAMPLE, SYSTEM, Member
from isthmus.cli.demo.story import authorities_directory
from isthmus.kube import kinds
from isthmus.kube.wait import wait_ready

LIFETIME_SECONDS = 40
READY_SECONDS = 90.0
ROLLED_OUT_SECONDS = 90.0
"""The kubelet renews a mounted Secret in tens of seconds, and leaves live for LIFETIME_SECONDS."""

Files = Mapping[str, Mapping[str, bytes]]


async def rolled_out(member: Member) -> None:
    """All pods of the sample are replaced."""
    restarted = {"spec": {"template": {"metadata": {"annotations": {"restarted": str(time.time())}}}}}
    for name in (f"helloworld-{member.version}", "sleep"):
        await member.api.merge_patch(kinds.DEPLOYMENT, name, restarted, namespace=SAMPLE)
    for name in (f"helloworld-{member.version}", "sleep"):
        await wait_ready(member.api, kinds.DEPLOYMENT, name, namespace=SAMPLE, seconds=READY_SECONDS)
    for label in ("app=helloworld", "app=sleep"):

        async def alone(label: str = label) -> bool:
            return len(await pods(member, label, SAMPLE)) == 1

        await eventually(alone, f"one pod with {label}", READY_SECONDS)


async def leaves_live(member: Member, lifetime: str | None) -> None:
    """Sets how long leaves live in the mesh's settings, and replaces the sample's pods."""
    found = await member.api.get(kinds.CONFIG_MAP, "istio", namespace=SYSTEM)
    settings = yaml.safe_load(found["data"]["mesh"])
    settings["defaultConfig"].setdefault("proxyMetadata", {})["SECRET_TTL"] = lifetime or "24h"
    body = {"data": {"mesh": yaml.safe_dump(settings)}}
    await member.api.merge_patch(kinds.CONFIG_MAP, "istio", body, namespace=SYSTEM)
    await rolled_out(member)


@pytest.fixture
async def brief(mesh: Mesh) -> AsyncIterator[Mesh]:
    """A mesh whose leaves live for LIFETIME_SECONDS."""
    members = (mesh.here, mesh.there)
    await asyncio.gather(*(leaves_live(each, f"{LIFETIME_SECONDS}s") for each in members))
    yield mesh
    await asyncio.gather(*(leaves_live(each, None) for each in members))


async def every_sidecar(mesh: Mesh) -> tuple[Secrets, ...]:
    """What the sidecars of the sample hold in both clusters."""
    found = []
    for each in (mesh.here, mesh.there):
        for label in ("app=helloworld", "app=sleep"):
            (pod,) = await pods(each, label, SAMPLE)
            found.append(await secrets_of(each.api, SAMPLE, pod))
    return tuple(found)


async def handed_out(mesh: Mesh, files: Files) -> None:
    """Both clusters' authorities get new files, and every sidecar holds what follows from them."""
    for each in (mesh.here, mesh.there):
        await preparation.prepare(each, files[each.name])
    roots = {root for each in files.values() for root in x509.load_pem_x509_certificates(each["root-cert.pem"])}
    issuers = {x509.load_pem_x509_certificate(each["ca-cert.pem"]) for each in files.values()}

    async def held() -> bool:
        secrets = await every_sidecar(mesh)
        return {each.issuer for each in secrets} == issuers and all(each.roots == roots for each in secrets)

    await eventually(held, "every sidecar holds a leaf of the new authority and its roots", ROLLED_OUT_SECONDS)


def trusting(files: Files, roots: bytes) -> Files:
    """The same authorities, which tell to trust these roots."""
    return {name: {**each, "root-cert.pem": roots} for name, each in files.items()}


async def test_leaves_that_are_renewed_cost_no_request(brief: Mesh) -> None:
    async with steady(brief) as caller:
        seen: set[tuple[x509.Certificate, ...]] = set()

        async def renewed() -> bool:
            seen.add(tuple([each.leaf for each in await every_sidecar(brief)]))
            return all(len(set(leaves)) >= 4 for leaves in zip(*seen, strict=True))

        await eventually(renewed, "every leaf was renewed three times", 4.0 * LIFETIME_SECONDS)
        await nothing_was_noticed(caller)


@pytest.mark.timeout(600)
async def test_an_intermediate_authority_that_is_replaced_costs_no_request(brief: Mesh, tmp_path: Path) -> None:
    own = authorities_directory(brief.lab.files)
    shutil.copytree(own / "root", tmp_path / "root")
    renewed = authority.ensure(tmp_path, (brief.here.name, brief.there.name))
    async with steady(brief) as caller:
        await handed_out(brief, renewed)
        await brief.news_reaches_every_client(brief.there)
        await nothing_was_noticed(caller)
    shutil.copytree(tmp_path, own, dirs_exist_ok=True)


@pytest.mark.timeout(900)
async def test_a_root_that_is_rotated_with_both_trusted_between_costs_no_request(brief: Mesh, tmp_path: Path) -> None:
    own, names = authorities_directory(brief.lab.files), (brief.here.name, brief.there.name)
    old, new = authority.ensure(own, names), authority.ensure(tmp_path, names)
    both = old[names[0]]["root-cert.pem"] + new[names[0]]["root-cert.pem"]
    for each in (brief.here, brief.there):
        command = ("set", "env", "deploy/istiod", "ISTIO_MULTIROOT_MESH=true", "-n", SYSTEM)
        brief.lab.kubectl(each.context, *command)
        await wait_ready(each.api, kinds.DEPLOYMENT, "istiod", namespace=SYSTEM, seconds=READY_SECONDS)
    async with steady(brief, lifetime=600) as caller:
        for files in (trusting(old, both), trusting(new, both), new):
            await handed_out(brief, files)
        await brief.news_reaches_every_client(brief.there)
        await nothing_was_noticed(caller)
    shutil.copytree(tmp_path, own, dirs_exist_ok=True)
