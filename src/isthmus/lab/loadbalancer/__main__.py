"""Runs the controller: `python -m isthmus.lab.loadbalancer KUBECONFIG RANGE`."""

import asyncio
import sys
from ipaddress import IPv4Network

from isthmus.kube.access import load_kubeconfig
from isthmus.kube.client import Client
from isthmus.lab.loadbalancer.controller import Controller


async def serve(kubeconfig: str, pool: IPv4Network) -> None:
    """Runs until the process ends, against the API server of a kubeconfig file."""
    async with Client(load_kubeconfig(kubeconfig)) as client:
        await Controller(client, pool).run()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], IPv4Network(sys.argv[2])))
