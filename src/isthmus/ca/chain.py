"""X.509 path building: whether a CA certificate leads to one of the roots (RFC 5280, section 6, for CA paths).

Knows names, signatures, validity, basic constraints. Does not know files.
``cryptography.x509.verification`` verifies leaves of the Web PKI only; a path of CAs is its own small search.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature

_LONGEST = 8


class ChainError(ValueError):
    """No path; the message says where the best attempt ended."""


def path_to_root(
    certificate: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    now: datetime,
) -> tuple[x509.Certificate, ...]:
    """The certificates from this one to a root, both included; ``ChainError`` when there is no valid path."""
    problems: list[str] = []
    found = _search((certificate,), intermediates, roots, (now, problems))
    if found is None:
        raise ChainError(problems[-1] if problems else "no path")
    return found


def leaf_to_root(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    now: datetime,
) -> None:
    """``ChainError`` unless a root signed the leaf, through intermediates or not, or is the leaf itself."""
    if leaf in roots:
        return
    issuers = [issuer for issuer in (*roots, *intermediates) if _signed(leaf, issuer)]
    if not issuers:
        signer = leaf.issuer.rfc4514_string()
        raise ChainError(f'{describe(leaf)} is signed by "{signer}", whose certificate with that key is not there')
    problems: list[str] = []
    if not any(_search((issuer,), intermediates, roots, (now, problems)) for issuer in issuers):
        raise ChainError(problems[-1] if problems else "no path")


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether basic constraints say that it may sign certificates."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def describe(certificate: x509.Certificate) -> str:
    """A certificate as a person recognises it: its subject."""
    return f'"{certificate.subject.rfc4514_string() or "empty subject"}"'


def _search(
    path: tuple[x509.Certificate, ...],
    intermediates: Iterable[x509.Certificate],
    roots: Sequence[x509.Certificate],
    context: tuple[datetime, list[str]],
) -> tuple[x509.Certificate, ...] | None:
    last, (now, problems) = path[-1], context
    problem = _unusable(last, len(path) - 1, now)
    if problem:
        problems.append(problem)
        return None
    if last in roots:
        return path
    issuers = [issuer for issuer in (*roots, *intermediates) if issuer not in path and _signed(last, issuer)]
    if not issuers:
        signer = last.issuer.rfc4514_string()
        problems.append(f'{describe(last)} is signed by "{signer}", whose certificate with that key is not there')
    for issuer in issuers if len(path) < _LONGEST else ():
        found = _search((*path, issuer), intermediates, roots, context)
        if found:
            return found
    return None


def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _unusable(certificate: x509.Certificate, below: int, now: datetime) -> str:
    """What keeps this certificate from being part of the path, with so many CA certificates below it."""
    if now > certificate.not_valid_after_utc:
        return f"{describe(certificate)} expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    if now < certificate.not_valid_before_utc:
        return f"{describe(certificate)} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    if not is_authority(certificate):
        return f"{describe(certificate)} is not a CA certificate (basicConstraints CA:TRUE is missing)"
    limit = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    if limit is not None and below > limit:
        return f"{describe(certificate)} allows {limit} CA certificates below it (pathlen), there are {below}"
    return ""
