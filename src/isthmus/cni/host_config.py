"""The node's CNI configuration directory: extends the network that pods get, and restores it.

Knows: which file container runtimes take (the first by name), and that other programs may write at any time.
Does not know when to do it.

What stood there before is kept beside it under a name that no runtime reads, to be put back byte by byte.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from isthmus.cni import files, network_list
from isthmus.cni.network_list import ConfigurationError, Entry
from isthmus.cni.settings import HostConfig

log = logging.getLogger("install")

KEPT = ".before-istio-cni"
_ENDINGS = (".conf", ".conflist", ".json")


class NotYetError(RuntimeError):
    """The configuration cannot be extended now; the message says what is waited for."""


def ensure(host: HostConfig, own: Entry) -> bool:
    """Makes the plug-in part of the configuration. Whether something had to be written.

    NotYetError when there is nothing to extend yet, or it cannot be extended.
    """
    if not host.chained:
        return _write(host.directory / host.name, network_list.alone(own), 0o644)
    source = _source(host)
    text = source.read_text()
    try:
        wanted = network_list.chained(text, own)
    except ConfigurationError as error:
        raise NotYetError(f"{source.name} cannot be extended: {error}") from None
    mode = source.stat().st_mode & 0o777
    if host.owned:
        return _write(host.directory / host.owned, wanted, mode)
    return _extend(source, wanted, mode)


def _extend(source: Path, wanted: str, mode: int) -> bool:
    text = source.read_text()
    if text == wanted and source.suffix == ".conflist":
        return False
    if source.suffix == ".conflist":
        if not network_list.contains(text):
            files.replace(_kept(source), text.encode(), mode)
        files.replace(source, wanted.encode(), mode)
    else:
        # The list is there before the single configuration goes: pods always find a network.
        files.replace(source.with_suffix(".conflist"), wanted.encode(), mode)
        source.rename(_kept(source))
    log.info("the plug-in is in %s now", source.with_suffix(".conflist").name)
    return True


def _write(path: Path, text: str, mode: int) -> bool:
    if files.same(path, text.encode()):
        return False
    files.replace(path, text.encode(), mode)
    log.info("wrote %s", path.name)
    return True


def _source(host: HostConfig) -> Path:
    if host.name:
        path = host.directory / host.name
        converted = path.with_suffix(".conflist")
        found = next((each for each in (path, converted) if each.exists()), None)
    else:
        found = next((each for each in _candidates(host) if _is_usable(each)), None)
    if found is None:
        raise NotYetError(f"there is no {host.name or 'network configuration'} in {host.directory} yet")
    return found


def _candidates(host: HostConfig) -> Iterator[Path]:
    """In the order in which container runtimes take them."""
    for path in sorted(host.directory.iterdir()):
        if path.suffix in _ENDINGS and path.name != host.owned and not path.name.startswith("."):
            yield path


def _is_usable(path: Path) -> bool:
    """Container runtimes skip what they cannot read, and so does this."""
    try:
        network_list.parse(path.read_text())
    except ConfigurationError as error:
        log.warning("%s is passed over: %s", path.name, error)
        return False
    except (OSError, UnicodeDecodeError):
        return False
    return True


def restore(host: HostConfig) -> None:
    """Takes the plug-in out of every configuration, and leaves no file of ours behind."""
    own = host.owned if host.chained else host.name
    if own:
        (host.directory / own).unlink(missing_ok=True)
    for path in _candidates(host):
        text = path.read_text(errors="replace")
        if path.suffix == ".conflist" and network_list.contains(text):
            _put_back(path, text)
            log.info("the plug-in is no longer in %s", path.name)
    for path in host.directory.glob(f"*{KEPT}"):  # of files that others have removed since
        path.unlink()


def _put_back(path: Path, text: str) -> None:
    """The file as it was; but what others have changed in it since stays."""
    bare = network_list.unchained(text)
    for original in (path, path.with_suffix(".conf"), path.with_suffix(".json")):
        kept = _kept(original)
        if kept.exists() and _is_same(kept, bare):
            kept.rename(original)
            if original != path:
                path.unlink()
            return
    files.replace(path, bare.encode(), path.stat().st_mode & 0o777)


def _is_same(kept: Path, bare: str) -> bool:
    try:
        return network_list.same(kept.read_text(), bare)
    except (ConfigurationError, UnicodeDecodeError):
        return False


def _kept(path: Path) -> Path:
    return path.with_name(path.name + KEPT)
