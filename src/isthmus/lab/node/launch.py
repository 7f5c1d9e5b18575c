"""Executed on the host: joins the node's control groups and network namespace, then becomes `unshare` around `init`.

Knows one command line. One SIGKILL to the resulting process ends the whole node (`unshare --kill-child`).
"""

import os
import sys

from isthmus.lab.node import cgroups


def command(namespace: str, spec: str) -> list[str]:
    """The command that runs `init` with the file `spec` in fresh namespaces inside a network namespace."""
    # `ip netns exec` would make a mount namespace of its own, in which containerd does not see the kubelet's mounts.
    enter = ["nsenter", f"--net=/run/netns/{namespace}"]
    flags = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
    return [*enter, "unshare", *flags, "--", sys.executable, "-m", "isthmus.lab.node.init", spec]


def main() -> None:
    """Arguments: control group, network namespace, path of the node's specification."""
    group, namespace, spec = sys.argv[1:]
    cgroups.join(group)
    os.chdir("/")
    os.execvp("nsenter", command(namespace, spec))  # noqa: S606 - becoming the program is the point


if __name__ == "__main__":
    main()
