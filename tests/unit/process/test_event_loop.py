"""Faults that nobody awaits: told as events, except the one that is none."""

import asyncio

from structlog.testing import capture_logs

from isthmus.process import event_loop


class SSLProtocol:
    """What uvloop names in its report."""


def report(**context: object) -> list[dict[str, object]]:
    async def main() -> None:
        asyncio.get_running_loop().call_exception_handler(context)

    with capture_logs() as events:
        event_loop.run(main())
    return [dict(event) for event in events]


def test_the_result_of_what_runs_is_given_back():
    async def main() -> int:
        return 7

    assert event_loop.run(main()) == 7


def test_a_callback_that_fails_is_told_and_ends_nothing():
    async def main() -> str:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)
        return "went on"

    with capture_logs() as events:
        assert event_loop.run(main()) == "went on"
    (event,) = events
    assert (event["event"], event["log_level"]) == ("fault in the event loop", "error")
    assert isinstance(event["exc_info"], ZeroDivisionError)


def test_the_end_of_tls_on_a_closed_connection_is_no_fault():
    error = RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")
    (event,) = report(message="Fatal error on SSL protocol", exception=error, protocol=SSLProtocol())
    assert event["log_level"] == "debug"
    (event,) = report(message="Fatal error on transport", exception=error, protocol=object())
    assert event["log_level"] == "error"
