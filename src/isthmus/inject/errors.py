"""What can be wrong with a pod or with the injector's configuration."""

from __future__ import annotations


class InjectionError(ValueError):
    """A pod that cannot be injected. The message names the field or annotation, its value and the cure."""
