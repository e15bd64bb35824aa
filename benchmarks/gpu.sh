#!/usr/bin/env bash
# Runs parts of benchmarks/gpu.py on a machine that has a GPU, torch and no network:
#
#     make gpu-kit                                 # elsewhere, with a network: fills .gpu/
#     OUT=results bash benchmarks/gpu.sh smoke defaults singan_paper+ingan_paper+edgeconnect_paper
#
# Installs what the machine lacks from .gpu/ into a temporary folder. DEVICE=cpu TINY=1 rehearses the
# parts on any machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

site="$(mktemp -d)"
trap 'rm -rf "$site"' EXIT
if ! python3 -c 'import hydra, kornia, rich' 2> /dev/null; then
    python3 -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-compile \
        --target "$site" .gpu/*.whl
fi
PYTHONPATH="$site:$PWD" python3 -m benchmarks.gpu "$@"
