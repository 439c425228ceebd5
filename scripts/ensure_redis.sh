#!/usr/bin/env bash
# Redis or Valkey from the system's packages, unless one is there. Says clearly when it can be had neither way.
set -euo pipefail
for name in redis-server valkey-server; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
as_root=()
if [ "$(id -u)" != 0 ]; then as_root=(sudo -n); fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    echo "Redis is missing and cannot be installed here: install the package redis-server or valkey-server, then try again" >&2
    exit 1
fi
# A new machine may still be installing packages of its own: wait for its lock.
options=(-qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
"${as_root[@]}" apt-get "${options[@]}" update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install -y --no-install-recommends redis-server >/dev/null
command -v redis-server >/dev/null
