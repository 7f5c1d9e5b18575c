"""The joined mesh on a lab of its own, as in `tests/e2e/mesh`, for faults that take minutes."""

from joined import caller, installed, mesh
from labs import lab

__all__ = ["caller", "installed", "lab", "mesh"]
