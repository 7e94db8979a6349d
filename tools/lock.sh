#!/usr/bin/env bash
# Renew the pins: the run time with hashes, the tools of tests and training by version alone
# (their torch differs from machine to machine). Python 3.10 to 3.13.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH=$PWD/.venv/bin:$PATH
command -v uv >/dev/null || python3 -m pip install -q uv
compile=(uv pip compile --universal --python-version 3.10 -q --no-header --no-annotate)
cd requirements
"${compile[@]}" --generate-hashes -c constraints.in ros.in run.in -o run.txt
"${compile[@]}" -c run.txt -c constraints.in \
  examples.in train.in backbones.in test.in docs.in -o test.txt
# What torch needs for GPUs is torch's to say: its builds for CPUs need none of it.
sed -i -E '/^(nvidia|cuda|triton)/d' test.txt
