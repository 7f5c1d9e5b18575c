"""Sprig's dates, with Go's reference-time layouts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from isthmus.gotemplate.errors import FunctionError
from isthmus.gotemplate.functions.numbers import to_int

_LAYOUT = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|Z07:00|Z0700|-07:00|-0700|-07|002|__2|_2|"
    r"[.,](?:0+|9+)(?!\d)|01|02|03|04|05|06|15|PM|pm|1|2|3|4|5"
)
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def now() -> datetime:
    """The time."""
    return datetime.now(UTC).astimezone()


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return now()


def go_format(layout: str, moment: datetime) -> str:
    """time.Format."""
    return _LAYOUT.sub(lambda match: _element(match.group(), moment), layout)


def _element(element: str, moment: datetime) -> str:
    directives = {
        "January": "%B", "Jan": "%b", "Monday": "%A", "Mon": "%a", "2006": "%Y", "06": "%y", "01": "%m",
        "02": "%d", "15": "%H", "03": "%I", "04": "%M", "05": "%S", "PM": "%p", "MST": "%Z", "002": "%j",
    }  # fmt: skip
    if element in directives:
        return moment.strftime(directives[element])
    if element[0] in ".,":
        digits = f"{moment.microsecond:06d}000"[: len(element) - 1]
        digits = digits.rstrip("0") if element[1] == "9" else digits
        return element[0] + digits if digits else ""
    if element.startswith(("Z07", "-07")):
        return _offset(element, moment)
    numbers = {
        "1": moment.month, "2": moment.day, "_2": moment.day, "3": moment.hour % 12 or 12,
        "4": moment.minute, "5": moment.second, "__2": moment.timetuple().tm_yday,
    }  # fmt: skip
    if element == "pm":
        return moment.strftime("%p").lower()
    return str(numbers[element]).rjust(len(element))


def _offset(element: str, moment: datetime) -> str:
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    if element.startswith("Z") and seconds == 0:
        return "Z"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    sign = "-" if seconds < 0 else "+"
    if element == "-07":
        return f"{sign}{hours:02d}"
    return f"{sign}{hours:02d}{':' if ':' in element else ''}{minutes:02d}"


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def date(layout: str, moment: Any) -> str:
    """A moment in the local zone."""
    return go_format(layout, _moment(moment).astimezone())


def date_in_zone(layout: str, moment: Any, zone: str) -> str:
    """A moment in a named zone."""
    return go_format(layout, _moment(moment).astimezone(_zone(zone)))


def html_date(moment: Any) -> str:
    """`2006-01-02`."""
    return date("2006-01-02", moment)


def html_date_in_zone(moment: Any, zone: str) -> str:
    """`2006-01-02` in a named zone."""
    return date_in_zone("2006-01-02", moment, zone)


def modify(change: str, moment: Any) -> datetime:
    """A moment moved by a duration such as `-1.5h`."""
    return _moment(moment) + parse_duration(change)


def parse_duration(text: str) -> timedelta:
    """time.ParseDuration."""
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-")
    if digits != "0" and not re.fullmatch(f"(?:{_DURATION.pattern})+", digits):
        raise FunctionError(f'time: invalid duration "{text}"')
    seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in _DURATION.findall(digits))
    return timedelta(seconds=sign * seconds)


def duration_text(length: timedelta) -> str:
    """Duration.String, from seconds up."""
    total = length.total_seconds()
    if total == 0:
        return "0s"
    sign, total = ("-" if total < 0 else ""), abs(total)
    hours, minutes, seconds = int(total // 3600), int(total % 3600 // 60), f"{total % 60:.9f}".rstrip("0").rstrip(".")
    text = f"{hours}h" if hours else ""
    text += f"{minutes}m" if hours or minutes else ""
    return f"{sign}{text}{seconds}s"


def duration(seconds: Any) -> str:
    """Seconds as `1m35s`."""
    return duration_text(timedelta(seconds=to_int(seconds)))


def duration_round(value: Any) -> str:
    """The largest unit of a duration or of the time since a moment: `2h`."""
    length = now() - value if isinstance(value, datetime) else timedelta(0)
    if isinstance(value, str):
        length = parse_duration(value)
    seconds = int(abs(length.total_seconds()))
    units = (("y", 31536000), ("mo", 2592000), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
    return next((f"{seconds // size}{unit}" for unit, size in units if seconds >= size), "0s")


def ago(moment: Any) -> str:
    """Time since a moment, to the second."""
    length = now() - _moment(moment)
    return duration_text(timedelta(seconds=round(length.total_seconds())))


def to_date(layout: str, text: str) -> datetime:
    """Parse a date by layout; Sprig's zero time when it does not fit."""
    try:
        return must_to_date(layout, text)
    except FunctionError:
        return datetime(1, 1, 1, tzinfo=UTC)


def must_to_date(layout: str, text: str) -> datetime:
    """Parse a date by layout."""
    directives = {"2006": "%Y", "01": "%m", "02": "%d", "15": "%H", "04": "%M", "05": "%S", "Jan": "%b",
                  "January": "%B", "MST": "%Z", "-0700": "%z", "Z07:00": "%z", "Monday": "%A", "Mon": "%a"}  # fmt: skip
    try:
        parsed = datetime.strptime(text, _LAYOUT.sub(lambda m: directives.get(m.group(), m.group()), layout))  # noqa: DTZ007  the layout says the zone
    except ValueError:
        raise FunctionError(f'parsing time "{text}" as "{layout}": cannot parse') from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def unix_epoch(moment: Any) -> str:
    """Seconds since 1970."""
    return str(int(_moment(moment).timestamp()))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "now": now,
    "date": date,
    "dateInZone": date_in_zone,
    "date_in_zone": date_in_zone,
    "htmlDate": html_date,
    "htmlDateInZone": html_date_in_zone,
    "dateModify": modify,
    "date_modify": modify,
    "mustDateModify": modify,
    "must_date_modify": modify,
    "duration": duration,
    "durationRound": duration_round,
    "ago": ago,
    "toDate": to_date,
    "mustToDate": must_to_date,
    "unixEpoch": unix_epoch,
}
