"""``install-cni``: the node agent's command line. Knows Istio's flags; everything else is in the environment."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence

import structlog

from isthmus.cni import process
from isthmus.cni.settings import read_settings
from isthmus.kube.errors import AccessError
from isthmus.process import logs
from isthmus.process.variables import SettingError

_FIELDS = structlog.processors.KeyValueRenderer(key_order=["event"])


def _configure_structlog() -> None:
    """What the Kubernetes client logs goes the same way as everything else."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.processors.format_exc_info, _FIELDS],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the node agent; 2 for a mistake in flags or environment."""
    parser = argparse.ArgumentParser("install-cni", description="Installs the istio-cni plug-in and answers it")
    parser.add_argument("--log_output_level", default="default:info")
    parser.add_argument("--log_as_json", action="store_true")
    options, unknown = parser.parse_known_args(sys.argv[1:] if arguments is None else arguments)
    try:
        logs.configure(options.log_output_level, options.log_as_json)
        _configure_structlog()
        if unknown:
            logging.getLogger("agent").warning("options without effect here: %s", " ".join(unknown))
        asyncio.run(process.run(read_settings(os.environ)))
    except (SettingError, AccessError) as error:
        print(f"install-cni: {error}", file=sys.stderr)
        return 2
    return 0
