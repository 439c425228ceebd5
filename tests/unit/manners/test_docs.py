"""The documents hold: samples compile, runnable ones run, links lead somewhere, every page can be reached."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!`)\[[^\]\n]+\]\((?P<target>[^)\s]+)\)")
VERB = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?quarterdeck (?P<rest>[^#|&>\n]+)", re.MULTILINE)


def samples(kind: str) -> list[tuple[str, str]]:
    """(page:line, text) of every fenced sample whose info string is `kind`; "python" takes "python run" along."""
    return [
        (f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 2}", match["text"])
        for page, text in ((page, page.read_text()) for page in PAGES)
        for match in FENCE.finditer(text)
        if match["kind"].strip() == kind or (kind == "python" and match["kind"].startswith("python"))
    ]


@pytest.mark.parametrize(("where", "text"), samples("python"))
def test_python_samples_compile(where: str, text: str) -> None:
    compile(text, where, "exec")


@pytest.mark.parametrize(("where", "text"), samples("python run"))
def test_samples_marked_run_do_run(where: str, text: str) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{where}: {done.stderr}"


def shell_lines() -> list[tuple[str, str]]:
    """Every `quarterdeck ...` line in a shell sample."""
    return [
        (where, match["rest"].strip())
        for kind in ("bash", "sh", "shell", "console")
        for where, text in samples(kind)
        for match in VERB.finditer(text.replace("\\\n", " "))
    ]


@pytest.mark.parametrize(("where", "line"), shell_lines())
def test_commands_in_samples_are_known(where: str, line: str) -> None:
    """The verb and each of its options exist: `--help` behind the line is answered, and names the options."""
    from quarterdeck.cli.verbs import build_app, find_verb

    words = shlex.split(line)
    options = [word.split("=")[0] for word in words if word.startswith("--")]
    path = []
    for word in words:
        if word.startswith("-") or len(path) == 2:
            break
        path.append(word)
    runner = CliRunner()
    app = build_app(find_verb(words))
    answers = [runner.invoke(app, [*path[:n], "--help"]) for n in range(len(path), 0, -1)]
    known = [answer.output for answer in answers if answer.exit_code == 0]
    assert known, f"{where}: quarterdeck {line}: {answers[0].output}"
    assert [option for option in options if option not in known[0]] == [], where


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = [m["target"].split("#")[0] for m in LINK.finditer(page.read_text())]
    local = [target for target in targets if target and "://" not in target and not target.startswith("mailto:")]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs/index.md"
    linked = {(index.parent / m["target"].split("#")[0]).resolve() for m in LINK.finditer(index.read_text())}
    assert [
        str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md") if page != index and page not in linked
    ] == []
