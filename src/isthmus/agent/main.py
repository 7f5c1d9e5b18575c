"""``isthmus-agent``: the commands that an injected pod calls in the proxy image, named as Istio's.

Knows: the commands' names and the arguments of ``proxy``. Each command is imported only when it is called:
the agent pays for nothing that only the init container needs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from isthmus.process.variables import SettingError


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its status.

    2 for a mistake in arguments or environment, 1 for a port or file that is not to be had.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = _COMMANDS.get(words[0]) if words else None
    if command is None:
        sys.exit(f"usage: isthmus-agent {{{'|'.join(_COMMANDS)}}} ...")
    try:
        sys.exit(command(words[1:]))
    except SettingError as error:
        print(f"isthmus-agent {words[0]}: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"isthmus-agent {words[0]}: {error}", file=sys.stderr)
        sys.exit(1)


def _proxy(words: list[str]) -> int:
    import asyncio
    import logging

    from isthmus.agent import environment, proxy
    from isthmus.agent.settings import Logging
    from isthmus.process import logs

    options, unknown = _proxy_parser().parse_known_args(words)
    logging_settings = Logging(
        envoy=options.proxyLogLevel,
        envoy_components=options.proxyComponentLogLevel,
        agent=options.log_output_level,
        as_json=options.log_as_json,
    )
    logs.configure(logging_settings.agent, logging_settings.as_json)
    if unknown:  # injection templates are the user's: an option of another version must not stop the pod
        logging.getLogger("agent").warning("options without effect here: %s", " ".join(unknown))
    arguments = environment.Arguments(
        proxy_type=options.type,
        domain=options.domain,
        service_cluster=options.serviceCluster,
        concurrency=options.concurrency,
        mesh_config=options.meshConfig,
        logging=logging_settings,
    )
    root = Path.cwd()
    settings = environment.read_settings(arguments, os.environ, root)
    return asyncio.run(proxy.run(settings, root))


def _proxy_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("proxy", description="Runs Envoy and its agent")
    parser.add_argument("type", nargs="?", default="sidecar", choices=("sidecar", "router"))
    parser.add_argument("--domain", default="")
    parser.add_argument("--serviceCluster", default="")
    parser.add_argument("--concurrency", type=int)
    parser.add_argument("--meshConfig", default="./etc/istio/config/mesh")
    parser.add_argument("--proxyLogLevel", default="warning")
    parser.add_argument("--proxyComponentLogLevel", default="misc:error")
    parser.add_argument("--log_output_level", default="default:info")
    parser.add_argument("--log_as_json", action="store_true")
    return parser


def _wait(words: list[str]) -> int:
    from isthmus.agent import commands

    return commands.wait(words)


def _request(words: list[str]) -> int:
    from isthmus.agent import commands

    return commands.request(words)


def _iptables(words: list[str]) -> int:
    from isthmus.capture import command

    return command.run(words)


def _clean_iptables(words: list[str]) -> int:
    from isthmus.capture import command

    return command.clean(words)


def _version(words: list[str]) -> int:
    import isthmus

    print(isthmus.__version__)
    return 0


_COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "proxy": _proxy,
    "istio-iptables": _iptables,
    "istio-clean-iptables": _clean_iptables,
    "wait": _wait,
    "request": _request,
    "version": _version,
}

if __name__ == "__main__":
    main()
