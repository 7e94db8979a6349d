#!/usr/bin/env bash
# Renew the pins: the run time with hashes, the tools of tests and training by version alone
# (their torch differs from machine to machine). Python 3.10 to 3.13.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
compile=(uv pip compile --universal --python-version 3.10 -q --no-header --no-annotate)
command -v uv >/dev/null || .venv/bin/python -m pip install -q uv
export PATH=$PWD/.venv/bin:$PATH
cd requirements
"${compile[@]}" --generate-hashes ros.in run.in -o run.txt
"${compile[@]}" -c run.txt examples.in train.in backbones.in test.in docs.in -o test.txt
