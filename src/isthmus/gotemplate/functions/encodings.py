"""Base64, base32, JSON, YAML and TOML."""

from __future__ import annotations

import base64
import binascii
import json
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from isthmus.gotemplate import json_text, yaml_text
from isthmus.gotemplate.errors import FunctionError
from isthmus.gotemplate.toml_text import toml
from isthmus.gotemplate.values import kind_name


def to_base64(text: str) -> str:
    """Standard base64."""
    return base64.b64encode(text.encode()).decode()


def from_base64(text: str) -> str:
    """Decoded base64, or the error's text, as Sprig does."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return "illegal base64 data at input byte 0"


def to_base32(text: str) -> str:
    """Standard base32."""
    return base64.b32encode(text.encode()).decode()


def from_base32(text: str) -> str:
    """Decoded base32, or the error's text."""
    try:
        return base64.b32decode(text).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return "illegal base32 data at input byte 0"


def to_json(value: Any) -> str:
    """Compact JSON with sorted keys, `<`, `>` and `&` escaped, as encoding/json writes it."""
    return json_text.dump(value)


def to_raw_json(value: Any) -> str:
    """JSON without those escapes."""
    return json_text.dump(value, escapes_html=False)


def to_pretty_json(value: Any) -> str:
    """JSON indented by two spaces."""
    return json_text.dump(value, indent=2)


def from_json(text: str) -> Any:
    """A map, or `{"Error": …}`; numbers are float64."""
    try:
        return from_json_strictly(text)
    except FunctionError as problem:
        return {"Error": str(problem)}


def from_json_strictly(text: str) -> Any:
    """A JSON value; raises on malformed text."""
    try:
        return json.loads(text, parse_int=float)
    except ValueError as problem:
        raise FunctionError(f"invalid JSON: {problem}") from None


def from_json_array(text: str) -> list[Any]:
    """A list; malformed text gives a list of one error."""
    try:
        value = from_json_strictly(text)
    except FunctionError as problem:
        return [str(problem)]
    return value if isinstance(value, list) else ["json: value is no array"]


def to_yaml(value: Any) -> str:
    """YAML as Helm writes it, without the last line break."""
    return yaml_text.dump(value).removesuffix("\n")


_NOT_A_MAP = (
    "error unmarshaling JSON: while decoding JSON: json: "
    "cannot unmarshal {} into Go value of type map[string]interface {{}}"
)


def from_yaml(text: str) -> Any:
    """A map, or `{"Error": …}`; numbers are float64."""
    try:
        value = yaml_text.load(text, integers=float)
    except yaml_text.YamlError as problem:
        return {"Error": str(problem)}
    if value is None:
        return {}
    if not isinstance(value, dict):
        return {"Error": _NOT_A_MAP.format("array" if isinstance(value, list) else kind_name(value))}
    return value


def from_yaml_array(text: str) -> list[Any]:
    """A list; malformed text gives a list of one error."""
    try:
        value = yaml_text.load(text, integers=float)
    except yaml_text.YamlError as problem:
        return [str(problem)]
    return value if isinstance(value, list) else [] if value is None else ["yaml: value is no list"]


def to_toml(value: Any) -> str:
    """TOML."""
    return toml(value)


def from_toml(text: str) -> Any:
    """A map, or `{"Error": …}`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        return {"Error": str(problem)}


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "b64enc": to_base64,
    "b64dec": from_base64,
    "b32enc": to_base32,
    "b32dec": from_base32,
    "toJson": to_json,
    "mustToJson": to_json,
    "toRawJson": to_raw_json,
    "mustToRawJson": to_raw_json,
    "toPrettyJson": to_pretty_json,
    "mustToPrettyJson": to_pretty_json,
    "fromJson": from_json,
    "mustFromJson": from_json_strictly,
    "fromJsonArray": from_json_array,
    "toYaml": to_yaml,
    "mustToYaml": to_yaml,
    "fromYaml": from_yaml,
    "fromYamlArray": from_yaml_array,
    "toToml": to_toml,
    "fromToml": from_toml,
}
