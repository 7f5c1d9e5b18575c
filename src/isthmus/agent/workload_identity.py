"""A workload's key and its certificate signing request.

Knows: the shape of the request (SPIFFE identity as the only subject alternative name, empty subject).
Does not know who signs it.

Run as a program, it makes one key and prints it: the cryptography library adds 10 MB to a process for work
that is done twice a day, so the agent has it done by a child that ends (80 ms, beside Envoy's start).
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isthmus.agent.settings import KeyKind

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """PEM of a request, and of the private key it was made with."""

    csr: str
    key: str = field(repr=False)


class KeyMakerError(RuntimeError):
    """The child that makes keys failed; the message holds what it printed."""


async def new_signing_request(identity: str, kind: KeyKind) -> SigningRequest:
    """A new key and a request for this SPIFFE identity; KeyMakerError when the child fails."""
    words = (identity, kind.algorithm, str(kind.bits), str(int(kind.pkcs8)))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", __name__, *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await child.communicate()
    if child.returncode:
        raise KeyMakerError(f"no key for {identity}: {errors.decode(errors='replace').strip()}")
    return SigningRequest(**json.loads(output))


class KeyAhead:
    """A maker of keys that may be told early, so that the first key is made while the agent still starts."""

    def __init__(self, identity: str, kind: KeyKind) -> None:
        self._identity = identity
        self._kind = kind
        self._first: asyncio.Task[SigningRequest] | None = None

    def begin(self) -> None:
        """Starts to make the first key."""
        self._first = asyncio.create_task(self._new())

    async def take(self) -> SigningRequest:
        """The key begun, or a new one: no key is given out twice."""
        begun, self._first = self._first, None
        return await (begun or self._new())

    async def _new(self) -> SigningRequest:
        return await new_signing_request(self._identity, self._kind)


def make_signing_request(identity: str, kind: KeyKind) -> SigningRequest:
    """As ``new_signing_request``, in this process."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    key = _generate(kind)
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = builder.add_extension(names, critical=True).sign(key, hashes.SHA256())
    layout = serialization.PrivateFormat.PKCS8 if kind.pkcs8 else serialization.PrivateFormat.TraditionalOpenSSL
    pem = serialization.Encoding.PEM
    return SigningRequest(
        csr=request.public_bytes(pem).decode(),
        key=key.private_bytes(pem, layout, serialization.NoEncryption()).decode(),
    )


def _generate(kind: KeyKind) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if kind.algorithm == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=kind.bits)
    return ec.generate_private_key(ec.SECP384R1() if kind.algorithm == "P384" else ec.SECP256R1())


def _main(words: list[str]) -> None:
    identity, algorithm, bits, pkcs8 = words
    made = make_signing_request(identity, KeyKind(algorithm, int(bits), pkcs8 == "1"))
    json.dump({"csr": made.csr, "key": made.key}, sys.stdout)


if __name__ == "__main__":
    _main(sys.argv[1:])
