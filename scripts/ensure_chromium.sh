#!/usr/bin/env bash
# Chromium from the system's packages, unless one is there. Says clearly when it can be had neither way.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "Chromium is missing and cannot be installed here: install the package chromium, then try again" >&2
    exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null
command -v chromium >/dev/null
