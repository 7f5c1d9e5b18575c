"""What every test may use: goldens, rewritten and pruned by one flag."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Found examples depend neither on the machine's speed nor on chance; `pytest --hypothesis-seed=N` explores further.
settings.register_profile("steady", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrites golden files from what the code does")


@pytest.fixture
def check_golden(request: pytest.FixtureRequest) -> Callable[[Path, str | None], None]:
    """Compares a text with a golden file; None stands for a file that must not exist."""
    update = bool(request.config.getoption("--update-goldens"))

    def check(path: Path, actual: str | None) -> None:
        if update:
            _write(path, actual)
        expected = path.read_text() if path.is_file() else None
        assert actual == expected, f"{path.name} differs: look at the change, then pytest --update-goldens"

    return check


def _write(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(text)
