"""Small values of Envoy's API: addresses, durations, wrapped numbers, shares, and how to ask ADS.

Each function gives a dictionary that a message's constructor takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus.api.duration import seconds

Fields = dict[str, Any]

ADS: Mapping[str, Any] = {"ads": {}, "initial_fetch_timeout": {}, "resource_api_version": "V3"}
"""Take the resource from the aggregated stream, and wait for it without limit."""


ADS_SECRETS: Mapping[str, Any] = {"ads": {}, "resource_api_version": "V3"}
"""Take a secret from the aggregated stream. It may not exist: waiting for it must come to an end."""

UNTIMED: Mapping[str, Any] = {"timeout": {}, "max_stream_duration": {"grpc_timeout_header_max": {}}}
"""A route without a time limit of its own; a gRPC client's deadline is honoured."""


def socket_address(address: str, port: int) -> Fields:
    """An IP address and port."""
    return {"socket_address": {"address": address, "port_value": port}}


def duration(value: float) -> Fields:
    """Seconds as a protobuf Duration."""
    whole = int(value)
    return {"seconds": whole, "nanos": round((value - whole) * 1e9)}


def go_duration(text: str) -> Fields:
    """A duration as users write it (``1m30s``) as a protobuf Duration."""
    return duration(seconds(text))


def wrapped(value: object) -> Fields:
    """A number or boolean that may also be absent."""
    return {"value": value}


def percent(value: float) -> Fields:
    """A share of a hundred as Envoy's FractionalPercent, to a ten-thousandth."""
    return {"numerator": round(value * 10_000), "denominator": "MILLION"}


def runtime_percent(value: float) -> Fields:
    """A share of a hundred where Envoy wants one that can be changed at run time."""
    return {"default_value": percent(value)}
