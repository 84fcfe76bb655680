#!/bin/sh
# Make .venv from requirements.lock; needs Python 3.11 or newer and nothing else, and writes only inside the checkout.
# Nothing is done when the lock, the project, the Python version and the place of the checkout are those of the last time.
set -eu
cd -- "$(dirname -- "$0")/../.."

say() { printf '%s\n' "$*" >&2; }
fail() { say "✘ $1"; say "  → $2"; exit 1; }

# What .venv was made for; `marketplace doctor` computes the same.
fingerprint() {
    .venv/bin/python -I -S -c '
import hashlib, os, platform
content = hashlib.sha256()
for name in ("requirements.lock", "pyproject.toml"):
    content.update(open(name, "rb").read())
content.update(f"{platform.python_version()}\n{os.getcwd()}".encode())
print(content.hexdigest())' 2>/dev/null
}

new_enough() { "$1" -I -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [ -f .venv/.lock-sha256 ] && [ "$(cat .venv/.lock-sha256)" = "$(fingerprint)" ]; then
    exit 0
fi

python=
for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null && new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "Python 3.11 or newer was not found" \
    "install it (Debian, Ubuntu: apt install python3; macOS: brew install python), or name it: make PYTHON=/path/to/python3.11"

# A home that cannot be written, as that of a service account, must not stand in the way.
mkdir -p .marketplace
[ -w "${HOME:-/nonexistent}" ] || export UV_CACHE_DIR="$PWD/.marketplace/cache/uv" PIP_NO_CACHE_DIR=1 XDG_DATA_HOME="$PWD/.marketplace/cache"
# Trust what the machine trusts: company proxies sign with certificates of their own.
export UV_SYSTEM_CERTS=1 UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    uv=$PWD/.marketplace/tools/bin/uv
    if ! "$uv" --version >/dev/null 2>&1; then
        "$python" -m pip --version >/dev/null 2>&1 || fail "pip is missing from $python" \
            "install it (Debian, Ubuntu: apt install python3-pip), or install uv"
        say "installing uv into .marketplace/tools …"
        # --target is allowed where the system's Python is externally managed (PEP 668), and needs no root.
        "$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --upgrade \
            --target .marketplace/tools uv || fail "uv could not be installed" \
            "check the network and pip's configuration; behind a mirror, set PIP_INDEX_URL"
    fi
fi

# uv does not read pip's configuration; a mirror that was set for pip is meant for this, too.
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}${UV_CONFIG_FILE:-}" ]; then
    mirror=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}
    [ -z "$mirror" ] || export UV_DEFAULT_INDEX="$mirror"
fi

say "installing the locked packages into .venv …"
help="check the network; behind a mirror, set PIP_INDEX_URL; then run the same command again"
if ! { [ -x .venv/bin/python ] && new_enough .venv/bin/python; }; then
    "$uv" --quiet venv --clear --python "$(command -v "$python")" .venv || fail "no virtual environment could be made" "$help"
fi
rm -f .venv/.lock-sha256
"$uv" --quiet pip sync --python .venv/bin/python requirements.lock || fail "the packages could not be installed" "$help"
"$uv" --quiet pip install --python .venv/bin/python --no-deps --editable . || fail "the project could not be installed" "$help"
fingerprint >.venv/.lock-sha256
