"""Secrets for gateways: certificates and roots of Kubernetes Secrets under the names that listeners ask for.

Gateways of the Gateway API name the namespace, too: theirs may be in another one than their pods.
"""

from __future__ import annotations

from isthmus.model.proxy import Credential
from isthmus.model.resource import Resource
from isthmus.protos import pb
from isthmus.translate.client_tls import CA_SUFFIX, secret_name
from isthmus.translate.encoding import Bundle, resource
from isthmus.translate.gateway_api import names
from isthmus.translate.values import Fields


def secrets(credential: Credential) -> Bundle:
    """The secret resources of one Secret: its certificate, and its roots for verifying peers.

    A Secret named ``<name>-cacert`` holds the roots of the credential ``<name>``, and nothing else is taken from it:
    what has such a name is public within its namespace (Istio: pilot/pkg/xds/sds.go).
    """
    return _named(secret_name(credential.key.name), credential)


def named(credential: Credential) -> Bundle:
    """The same under names that tell the namespace, which Gateways of the Gateway API ask for."""
    return _named(names.credential(credential.key.namespace, credential.key.name), credential)


def _named(name: str, credential: Credential) -> Bundle:
    result: dict[str, Resource] = {}
    of_roots = credential.key.name.endswith(CA_SUFFIX)
    if credential.certificate and credential.private_key and not of_roots:
        fields = {
            "certificate_chain": {"inline_bytes": credential.certificate},
            "private_key": {"inline_bytes": credential.private_key},
        }
        result[name] = _secret(name, {"tls_certificate": fields})
    if credential.ca:
        context: Fields = {"trusted_ca": {"inline_bytes": credential.ca}}
        if credential.crl:
            context["crl"] = {"inline_bytes": credential.crl}
        root = name if of_roots else f"{name}{CA_SUFFIX}"
        result[root] = _secret(root, {"validation_context": context})
    return result


def _secret(name: str, content: Fields) -> Resource:
    message = pb("envoy.extensions.transport_sockets.tls.v3.Secret")(name=name, **content)
    return resource(name, message)
