#!/usr/bin/env bash
# Make the ROS wheels of a virtual environment able to build interface packages.
# Their CMake files carry the header folders of the container in which they were built.
# usage: tools/patch_wheels.sh VENV
set -euo pipefail
venv=$1
python_headers=$("$venv/bin/python3" -c 'import sysconfig; print(sysconfig.get_path("include"))')
numpy_headers=$("$venv/bin/python3" -c 'import numpy; print(numpy.get_include())')
if [ ! -f "$python_headers/Python.h" ]; then
  echo "No Python.h in $python_headers: install the Python headers (python3-dev) and try again." >&2
  exit 1
fi
container=/opt/python/cp3[0-9]+-cp3[0-9]+
{ grep -rlE "$container" "$venv/share" --include='*.cmake' || true; } | xargs -r sed -i -E \
  -e "s#$container/lib/python3\.[0-9]+/site-packages/numpy/_core/include#$numpy_headers#g" \
  -e "s#$container/include/python3\.[0-9]+#$python_headers#g"
