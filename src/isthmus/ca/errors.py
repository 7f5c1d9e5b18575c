"""Why a certificate is not issued, and why a bundle is not usable.

Codes are those of Istio's certificate service (security/pkg/pki/error).
"""

from __future__ import annotations

from isthmus.rpc.refusal import Code, Refused


class SigningError(Refused):
    """A certificate request that fails; the message goes to the client."""


class CsrError(SigningError):
    """The certificate signing request is malformed or asks for what the caller may not have."""

    def __init__(self, message: str) -> None:
        super().__init__(Code.INVALID_ARGUMENT, message)


class TtlError(SigningError):
    """The requested lifetime is longer than allowed."""

    def __init__(self, message: str) -> None:
        super().__init__(Code.INVALID_ARGUMENT, message)


class NotReadyError(SigningError):
    """There is no usable signing certificate."""

    def __init__(self, message: str) -> None:
        super().__init__(Code.INTERNAL, message)


class BundleError(ValueError):
    """A signing bundle that cannot be used: names the file, what is wrong with it, and the cure."""

    def __init__(self, file: str, problem: str, cure: str) -> None:
        super().__init__(f"{file}: {problem}; {cure}")
        self.file = file
        self.problem = problem
        self.cure = cure
