"""`quarterdeck config check|show`: settings as the server would read them, without starting it.

Refuses: to show a secret.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import AsJson


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None, help="Check a settings file, or show every setting in force.")
    group.command("check")(check)
    group.command("show")(show)
    app.add_typer(group, name="config")


def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A settings file; default: the one `serve` would read.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Read the settings as `serve` would, and say the first mistake: where, what, and what was expected.

    Exit 0 when all is well, 3 when not. With --json: {"settings": N, "set": [names that are not at their default]}.

    \b
    Example:
      quarterdeck config check quarterdeck.toml
    """
    rows = _rows(file)
    changed = [row["name"] for row in rows if row["source"] != "default"]
    if as_json:
        output.print_json({"settings": len(rows), "set": changed})
        return
    typer.echo(f"{len(rows)} settings are well; {len(changed)} are not at their default")


def show(
    *,
    config: Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only those that are not at their default.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show every setting in force: its value, where it came from, its unit and what it does.

    With --json: {"settings": [{"name", "value", "source", "default", "unit", "env", "sentence"}]}.

    \b
    Examples:
      quarterdeck config show
      quarterdeck config show --config quarterdeck.toml --changed --json
    """
    rows = [row for row in _rows(config) if not changed or row["source"] != "default"]
    if as_json:
        output.print_json({"settings": rows})
        return
    columns = ("name", "value", "unit", "source", "sentence")
    output.print_table([(column, "left") for column in columns], ([row[column] for column in columns] for row in rows))


def _rows(config: Path | None) -> list[dict[str, Any]]:
    from quarterdeck.settings import Settings, describe

    documented = {doc.name: doc for doc in describe()}
    return [
        {
            "name": shown.name,
            "value": shown.value,
            "source": shown.source,
            "default": documented[shown.name].default,
            "unit": documented[shown.name].unit,
            "env": documented[shown.name].env,
            "sentence": documented[shown.name].sentence,
        }
        for shown in Settings.load(config).shown()
    ]
