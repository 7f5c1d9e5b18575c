"""The self-signed root lives in a Secret that replicas share."""

from __future__ import annotations

import asyncio
import base64

import msgspec
import pytest

from isthmus.ca.authority import Authority
from isthmus.ca.errors import BundleError
from isthmus.ca.root_secret import RootSecret
from isthmus.ca.selfsigned import RootProfile
from isthmus.kube import kinds

PROFILE = RootProfile("mesh.example")


async def test_the_first_replica_makes_the_root_and_all_use_it(client, namespace):
    bundles = await asyncio.gather(*(RootSecret(client, namespace, PROFILE).load_or_create() for _ in range(3)))
    assert len({bundle.roots for bundle in bundles}) == 1
    secret = await client.get(kinds.SECRET, "istio-ca-secret", namespace=namespace)
    assert secret["type"] == "istio.io/ca-root"
    assert base64.b64decode(secret["data"]["root-cert.pem"]) == bundles[0].roots


async def test_a_damaged_secret_is_an_error_that_names_it(client, namespace):
    body = {
        "metadata": {"name": "istio-ca-secret", "namespace": namespace},
        "data": {"ca-cert.pem": base64.b64encode(b"rubbish").decode()},
    }
    await client.create(kinds.SECRET, body)
    with pytest.raises(BundleError, match=f"Secret {namespace}/istio-ca-secret ca-key.pem"):
        await RootSecret(client, namespace, PROFILE).load_or_create()


async def test_a_root_near_its_end_is_renewed_once_and_taken_over_by_others(client, namespace):
    first = await RootSecret(client, namespace, PROFILE).load_or_create()
    ending = RootSecret(client, namespace, msgspec.structs.replace(PROFILE, grace_percent=100))
    one, other = Authority(first), Authority(first)
    await ending.refresh(one)
    assert one.bundle.certificate != first.certificate
    assert one.bundle.certificate.public_key() == first.certificate.public_key()
    await RootSecret(client, namespace, PROFILE).refresh(other)
    assert other.bundle.certificate == one.bundle.certificate


async def test_a_deleted_secret_is_written_again_with_the_root_in_use(client, namespace):
    secret = RootSecret(client, namespace, PROFILE)
    authority = Authority(await secret.load_or_create())
    await client.delete(kinds.SECRET, "istio-ca-secret", namespace=namespace)
    await secret.refresh(authority)
    assert (await secret.load_or_create()).roots == authority.bundle.roots
