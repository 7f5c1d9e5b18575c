"""Runs kubectl: `python -m isthmus.lab.oc KUBECTL ARGUMENT…`, where KUBECTL is the real program."""

import json
import subprocess
import sys

from isthmus.lab.oc.spellings import Commands, Login, SpellingError, context_of, spell


def main(kubectl: str, arguments: list[str]) -> int:
    """Runs what is meant; the status is kubectl's."""
    try:
        meant = spell(arguments)
        return _login(kubectl, meant) if isinstance(meant, Login) else _run(kubectl, meant)
    except SpellingError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1


def _run(kubectl: str, commands: Commands) -> int:
    for line in commands.lines:
        # What is done to the kubeconfig on the way is not what was asked for.
        quiet = subprocess.DEVNULL if commands.done and line[0] == "config" else None
        status = subprocess.run([kubectl, *line], stdout=quiet, check=False).returncode
        if status != 0:
            return status
    print(commands.done, end="\n" if commands.done else "")
    return 0


def _login(kubectl: str, login: Login) -> int:
    """The credentials are the kubeconfig's: whoever holds it has logged in already."""
    text = subprocess.run(
        [kubectl, "config", "view", "-o", "json"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    view = json.loads(text)
    urls = {each["name"]: each["cluster"]["server"] for each in view.get("clusters") or ()}
    contexts = {each["name"]: urls.get(each["context"]["cluster"], "") for each in view.get("contexts") or ()}
    context = context_of(login.server, contexts)
    status = subprocess.run(
        [kubectl, "config", "use-context", context], stdout=subprocess.DEVNULL, check=False
    ).returncode
    if status == 0:
        print(f"Logged into {json.dumps(contexts[context])} with the credentials of context {context}.")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
