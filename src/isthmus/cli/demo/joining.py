"""Joins two clusters: each gets the secret by which its control plane reads the other.

Knows the order of `istioctl create-remote-secret | kubectl apply`, and calls the same functions.
"""

import yaml

from isthmus.cli.demo.members import SYSTEM, Member
from isthmus.cli.demo.preparation import WRITING
from isthmus.cli.reader_account import ensure_account
from isthmus.cli.remote_secret_yaml import READER_ACCOUNT, JoinedCluster, render_secret
from isthmus.kube.account_tokens import account_token
from isthmus.kube.kinds import SECRET


async def join(reader: Member, read: Member) -> None:
    """Lets the control plane of `reader` read the services and endpoints of `read`."""
    await ensure_account(read.api, SYSTEM, READER_ACCOUNT, create=True)
    token = await account_token(read.api, SYSTEM, READER_ACCOUNT)
    cluster = JoinedCluster(name=read.name, server=read.url, ca_pem=token.ca_pem, token=token.token)
    secret = next(yaml.safe_load_all(render_secret(cluster, SYSTEM)))
    await reader.api.apply(SECRET, secret, writing=WRITING)
