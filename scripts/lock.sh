#!/usr/bin/env bash
# Resolves the dependencies into two lock files with hashes and without any index address.
# requirements.lock: what the server runs on, and what builds the project. requirements-dev.lock: that, tests and checks.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
common=(--quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links
        --no-annotate --custom-compile-command "make lock" --extra server --group pyproject.toml:build pyproject.toml)
"$uv" pip compile "${common[@]}" "$@" --output-file requirements.lock
"$uv" pip compile "${common[@]}" "$@" --group pyproject.toml:dev --constraint requirements.lock --output-file requirements-dev.lock

# The producers that tests listen to, one lock per environment; the fuzzer.
for environment in tests/producers/*.in tests/fuzz/requirements.in; do
    "$uv" pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
        --no-annotate --custom-compile-command "make lock" "$@" "$environment" --output-file "${environment%.in}.lock"
done
