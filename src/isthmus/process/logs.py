"""A process's log: plain lines for people or JSON objects for collectors, on standard error.

Knows: Istio's ``--log_output_level`` syntax. Does not know what is logged.
"""

from __future__ import annotations

import json
import logging
import time

from isthmus.process.variables import SettingError

_LEVELS = {
    "none": logging.CRITICAL + 10,
    "fatal": logging.CRITICAL,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "all": logging.DEBUG,
}


class LineFormatter(logging.Formatter):
    """``time <tab> level <tab> scope <tab> message``, with an exception on the lines after it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ\t%(levelname)s\t%(name)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        record.levelname = record.levelname.lower()
        return super().format(record)


class JsonFormatter(LineFormatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = {
            "time": f"{self.formatTime(record, self.datefmt)}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "scope": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            line["stack"] = self.formatException(record.exc_info)
        return json.dumps(line)


def parse_levels(text: str) -> dict[str, int]:
    """``default:info,dns:debug`` or ``info`` as levels by scope; SettingError for an unknown level."""
    result: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        scope, separator, level = part.rpartition(":")
        if level not in _LEVELS:
            raise SettingError(f"--log_output_level={part!r}: expected one of {', '.join(_LEVELS)}")
        result[scope if separator else "default"] = _LEVELS[level]
    return result


def configure(levels: str, as_json: bool) -> None:
    """Sets the process's log up, once at its start."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if as_json else LineFormatter())
    by_scope = parse_levels(levels)
    logging.basicConfig(level=by_scope.pop("default", logging.INFO), handlers=[handler])
    for scope, level in by_scope.items():
        logging.getLogger(scope).setLevel(level)
