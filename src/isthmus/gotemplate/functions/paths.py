"""Sprig's functions on paths and URLs."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from isthmus.gotemplate.functions.text import as_text


def base(path: str) -> str:
    """The last element."""
    stripped = path.rstrip("/")
    return posixpath.basename(stripped) if stripped else ("/" if path else ".")


def directory(path: str) -> str:
    """All but the last element."""
    return clean(posixpath.dirname(path))


def clean(path: str) -> str:
    """The shortest equal path."""
    cleaned = posixpath.normpath(path) if path else "."
    return "/" + cleaned.lstrip("/") if cleaned.startswith("/") else cleaned


def extension(path: str) -> str:
    """The suffix, with its dot."""
    name = path.rpartition("/")[2]
    return name[name.rindex(".") :] if "." in name else ""


def is_absolute(path: str) -> bool:
    """Report whether the path starts at the root."""
    return path.startswith("/")


def parse_url(text: str) -> dict[str, Any]:
    """A URL's parts, as Sprig names them."""
    parts = urlsplit(text)
    user, at, host = parts.netloc.rpartition("@")
    return {
        "scheme": parts.scheme,
        "host": host,
        "hostname": (parts.hostname or ""),
        "path": parts.path,
        "query": parts.query,
        "opaque": "",
        "fragment": parts.fragment,
        "userinfo": user if at else "",
    }


def join_url(parts: Mapping[str, Any]) -> str:
    """The URL of such parts."""
    part = {name: as_text(value) for name, value in parts.items()}
    user = f"{part['userinfo']}@" if part.get("userinfo") else ""
    url = f"{part['scheme']}:" if part.get("scheme") else ""
    url += f"//{user}{part['host']}" if part.get("host") else ""
    url += part.get("opaque", "") or part.get("path", "")
    url += f"?{part['query']}" if part.get("query") else ""
    return url + (f"#{part['fragment']}" if part.get("fragment") else "")


def host_by_name(name: str) -> str:
    """Helm without --enable-dns: nothing is looked up."""
    return ""


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "base": base,
    "dir": directory,
    "clean": clean,
    "ext": extension,
    "isAbs": is_absolute,
    "osBase": base,
    "osDir": directory,
    "osClean": clean,
    "osExt": extension,
    "osIsAbs": is_absolute,
    "urlParse": parse_url,
    "urlJoin": join_url,
    "getHostByName": host_by_name,
}
