#!/usr/bin/env bash
# Builds what is published into dist/: wheel, sdist, bill of materials, container file; then tries the wheel.
# The trial is the proof: a clean environment, the wheel's own server, its page, and a run sent and read back.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin

rm -rf dist
"$bin/uv" build --quiet --no-build-isolation --python "$bin/python" --wheel --sdist --out-dir dist
cp Containerfile requirements.lock dist/
wheel=$(ls dist/*.whl)

trial=$(mktemp -d)
trap 'rm -rf "$trial"' EXIT
"$bin/python" -m venv "$trial/venv"
"$trial/venv/bin/pip" install --quiet --require-hashes -r requirements.lock
"$trial/venv/bin/pip" install --quiet --no-deps "$wheel"
site=$("$trial/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$bin/python" scripts/sbom.py "$site" dist/sbom.cdx.json
(cd "$trial" && venv/bin/python "$OLDPWD/scripts/try_release.py" "$trial/venv/bin/quarterdeck" "$trial/data")
(cd dist && sha256sum -- *.whl *.tar.gz sbom.cdx.json Containerfile requirements.lock >SHA256SUMS)
ls -l dist
