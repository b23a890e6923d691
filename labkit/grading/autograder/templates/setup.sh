#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the container. It needs Python 3.11 to 3.13 and
# takes what Ubuntu has (24.04: 3.12; 22.04: 3.11). Every package of Python is pinned.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
environment=${LABKIT_ENVIRONMENT:-/opt/llm-sparsity-lab}

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }
find_python() {
  for name in python3.13 python3.12 python3.11; do
    if "$name" -c 'import ensurepip, venv' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
}

python=$(find_python)
if command -v apt-get >/dev/null; then
  # Where the container allows no namespaces bubblewrap is of no use; the grader looks.
  command -v bwrap >/dev/null || apt_get bubblewrap || true
  [ -n "$python" ] || apt_get python3.12 python3.12-venv || apt_get python3.11 python3.11-venv
fi
python=${python:-$(find_python)}
[ -n "$python" ] || { echo "no Python 3.11 to 3.13: choose Ubuntu 24.04 as base image" >&2; exit 1; }

"$python" -m venv "$environment"
"$environment/bin/python" -m pip install --no-cache-dir --disable-pip-version-check --quiet \
  --extra-index-url @CPU@ -r "$source/requirements.txt"
# What answers an exercise stays with root, and so does the seed.
PYTHONPATH="$source/course" "$environment/bin/python" -P -m labkit.grading.autograder.withhold
chmod -R go= "$source"
