"""Writes a CycloneDX 1.6 bill of materials of an installed environment: `sbom.py SITE_PACKAGES OUT.json`.

Source of the form: the CycloneDX JSON schema, version 1.6. Only the standard library: an environment that is to be
described must not have to hold a tool for it.
"""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

PROJECT = "quarterdeck"


def document(site_packages: str) -> dict[str, Any]:
    """The bill of everything installed in `site_packages`, with Quarterdeck as its subject."""
    found = sorted(metadata.distributions(path=[site_packages]), key=_name)
    components = [component(distribution) for distribution in found]
    subject = next(c for c in components if c["name"] == PROJECT)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**subject, "type": "application"}},
        "components": [c for c in components if c is not subject],
        "dependencies": dependencies(found, {c["name"]: c["bom-ref"] for c in components}),
    }


def component(distribution: metadata.Distribution) -> dict[str, Any]:
    """One package: name, version, purl, and its licence as it says it itself."""
    name = _name(distribution)
    purl = f"pkg:pypi/{name}@{distribution.version}"
    said = {"type": "library", "bom-ref": purl, "name": name, "version": distribution.version, "purl": purl}
    licence = next(iter(distribution.metadata.get_all("License-Expression") or []), None)
    if licence:
        return {**said, "licenses": [{"expression": licence}]}
    classifiers = [c for c in distribution.metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    return {**said, "licenses": [{"license": {"name": c.rpartition(" :: ")[2]}} for c in classifiers]}


def dependencies(found: list[metadata.Distribution], refs: dict[str, str]) -> list[dict[str, Any]]:
    """Who needs whom, of what is installed."""
    rows = []
    for distribution in found:
        needs = {_canonical(re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]) for line in distribution.requires or []}
        rows.append({"ref": refs[_name(distribution)], "dependsOn": sorted(refs[n] for n in needs if n in refs)})
    return rows


def _name(distribution: metadata.Distribution) -> str:
    return _canonical(distribution.metadata["Name"])


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(document(sys.argv[1]), indent=1) + "\n")
