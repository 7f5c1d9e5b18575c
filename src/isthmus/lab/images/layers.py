"""A directory tree as a layer: a tar file that is the same, byte for byte, for the same content.

Knows tar and overlayfs's marks of deletion. Does not know where layers come from.
"""

import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

from isthmus.lab.images.oci import Blob

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
_OVERLAY_OPAQUE = "trusted.overlay.opaque"


def pack(tree: Path, target: Path, *, keep_times: bool = False) -> Blob:
    """Writes `tree` as a layer to the file `target`: entries sorted, owners as numbers, marks of deletion as whiteouts,
    no extended attributes.

    Times are set to zero, except with `keep_times`, which a base system needs: Python compares the time of a source
    with the one in its compiled file.
    """
    inodes: dict[tuple[int, int], str] = {}
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for path in _walk(tree):
            _add(archive, tree, path, inodes, keep_times=keep_times)
    with target.open("rb") as file:
        return Blob(hashlib.file_digest(file, "sha256").hexdigest(), target.stat().st_size)


def _walk(tree: Path) -> Iterator[Path]:
    for directory, directories, files in os.walk(tree):
        directories.sort()
        here = Path(directory)
        links = [name for name in directories if (here / name).is_symlink()]
        if here != tree:
            yield here
        yield from (here / name for name in sorted([*files, *links]))


def _add(
    archive: tarfile.TarFile, tree: Path, path: Path, inodes: dict[tuple[int, int], str], *, keep_times: bool
) -> None:
    status = path.lstat()
    name = str(path.relative_to(tree))
    if stat.S_ISSOCK(status.st_mode):
        return
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
        archive.addfile(_whiteout(path.relative_to(tree).with_name(WHITEOUT + path.name)))
        return
    entry = _entry(name, path, status)
    entry.mtime = int(status.st_mtime) if keep_times else 0
    first = inodes.setdefault((status.st_dev, status.st_ino), name)
    if entry.isreg() and first != name:
        entry.type, entry.linkname, entry.size = tarfile.LNKTYPE, first, 0
    if entry.isreg():
        with path.open("rb") as file:
            archive.addfile(entry, file)
        return
    archive.addfile(entry)
    if entry.isdir() and _OVERLAY_OPAQUE in os.listxattr(path):
        archive.addfile(_whiteout(path.relative_to(tree) / OPAQUE))


def _entry(name: str, path: Path, status: os.stat_result) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode = stat.S_IMODE(status.st_mode)
    entry.uid, entry.gid = status.st_uid, status.st_gid
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFDIR:
        entry.type = tarfile.DIRTYPE
    elif kind == stat.S_IFLNK:
        entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
    elif kind in (stat.S_IFCHR, stat.S_IFBLK):
        entry.type = tarfile.CHRTYPE if kind == stat.S_IFCHR else tarfile.BLKTYPE
        entry.devmajor, entry.devminor = os.major(status.st_rdev), os.minor(status.st_rdev)
    elif kind == stat.S_IFIFO:
        entry.type = tarfile.FIFOTYPE
    else:
        entry.size = status.st_size
    return entry


def _whiteout(path: Path) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(str(path))
    entry.mode = 0o600
    return entry
