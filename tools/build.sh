#!/usr/bin/env bash
# Build with colcon into install/: the interface packages that this machine lacks, or the package.
# usage: tools/build.sh interfaces|package
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
set +u; . tools/env.sh; set -u
what=$1
mkdir -p build
paths=()
if [ "$what" = package ]; then
  paths=(.)
else
  for name in audio_common_msgs vision_msgs; do
    # A real package of that name, of a ROS installation, is never shadowed.
    found=$(python3 -c "import $name.msg as m; print(m.__file__)" 2>/dev/null || true)
    case "$found" in ""|"$PWD/install/"*) paths+=("tools/interfaces/$name") ;; esac
  done
fi
[ ${#paths[@]} -gt 0 ] || exit 0
log=build/$what.log
if ! colcon --log-base build/log build --merge-install --base-paths "${paths[@]}" \
    --cmake-args "-DPython3_EXECUTABLE=$PWD/.venv/bin/python3" -DBUILD_TESTING=OFF \
    >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
