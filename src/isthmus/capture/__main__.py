"""``python -m isthmus.capture``: ``istio-iptables`` for those who are not in the proxy image."""

import sys

from isthmus.capture.command import run
from isthmus.process.variables import SettingError

if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1:]))
    except SettingError as error:
        sys.exit(f"istio-iptables: {error}")
