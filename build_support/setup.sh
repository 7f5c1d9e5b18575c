#!/usr/bin/env bash
# Makes .venv from the lock file. Needs Python 3.11 or newer and a package index; brings uv itself when it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

uv_version=0.13.8

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

python=""
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        python=$candidate
        break
    fi
done
if [[ -z $python && $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    echo "setup: installing Python from the distribution"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3 python3-venv >/dev/null
    python=python3
fi
[[ -n $python ]] || fail "Python 3.11 or newer is missing. Cure: apt-get install python3 python3-venv"

uv=""
if [[ -x .tools/bin/uv ]]; then
    uv=.tools/bin/uv
elif command -v uv >/dev/null && [[ $(uv --version) == "uv $uv_version"* ]]; then
    uv=uv
else
    if ! "$python" -m venv .tools 2>/dev/null; then
        rm -rf .tools
        [[ $(id -u) == 0 ]] || fail "the venv module is missing. Cure: sudo apt-get install python3-venv"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv >/dev/null
        "$python" -m venv .tools
    fi
    echo "setup: installing uv $uv_version"
    .tools/bin/pip install -q --disable-pip-version-check "uv==$uv_version"
    uv=.tools/bin/uv
fi

echo "setup: installing the locked dependencies"
"$uv" sync --locked --python "$python" --quiet
