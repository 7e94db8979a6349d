#!/usr/bin/env bash
# Install the system packages that are missing, on Debian and Ubuntu, as root or with sudo.
# usage: tools/system_packages.sh PYTHON
set -euo pipefail
python=$1
wanted=(libportaudio2 libasound2-plugins espeak-ng g++ cmake make pulseaudio pulseaudio-utils)
"$python" -c 'import ensurepip, venv' 2>/dev/null || wanted+=(python3-venv)
headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -f "$headers/Python.h" ] || wanted+=(python3-dev)

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "This machine has no apt-get: install the equivalents of ${missing[*]} and try again." >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "Run as root or install sudo, to install ${missing[*]}." >&2; exit 1; }
  as_root=(sudo)
fi
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
