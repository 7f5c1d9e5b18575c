"""The joined mesh on the session's lab."""

from joined import caller, installed, mesh

__all__ = ["caller", "installed", "mesh"]
