"""`isthmus lab publish`: a public host name with a certificate, for a service of a lab."""

from pathlib import Path

import click

from isthmus.cli.lab_options import expected_errors, name_option
from isthmus.lab.state import require


@click.command()
@click.argument("host")
@click.argument("address")
@name_option
@expected_errors
def publish(host: str, address: str, name: str) -> None:
    """Lets HOST lead to ADDRESS in all clusters, and writes HOST.crt and HOST.key, a certificate that all trust.

    HOST is below lab.test, example.com, example.net or example.org. Containers find the certificate's root in
    /etc/ssl/certs/ca-certificates.crt, API servers trust it for webhooks.

    \b
    Example:
      isthmus lab publish myhost.example.com 172.30.1.128
    """
    from isthmus.lab import public
    from isthmus.lab.layout import layout
    from isthmus.lab.privileges import become_root

    record = require(name)
    become_root()
    pair = public.publish(record, layout(name), host, address)
    key = Path(f"{host}.key")
    key.touch(0o600)
    key.write_bytes(pair.key)
    Path(f"{host}.crt").write_bytes(pair.certificate)
    click.echo(f"{host} is {address}; its certificate is in {host}.crt, the key in {host}.key")
