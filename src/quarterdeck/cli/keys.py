"""`quarterdeck keys create|list|revoke`: access keys in the data folder's operational state.

Works while the server runs. Refuses: to print a secret twice; only its hash is stored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import AsJson
from quarterdeck.model.reports import ApiKey
from quarterdeck.store.interface import KeyStore

DataDir = Annotated[
    Path, typer.Option("--data-dir", envvar="QUARTERDECK_SERVE__DATA_DIR", help="The server's data folder.")
]
DEFAULT_DATA_DIR = Path("var/quarterdeck")


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None, help="Create, list and revoke access keys.")
    group.command("create")(create_key)
    group.command("list")(list_keys)
    group.command("revoke")(revoke_key)
    app.add_typer(group, name="keys")


def create_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for; you will see it in `keys list`.")],
    project: Annotated[str, typer.Option("--project", help="The one project the key opens.")] = "default",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Create a key. Its secret is printed once, on stdout.

    With --json: {"key_id", "project", "name", "secret", "created_at", "last_used_at", "revoked_at"}.

    \b
    Example:
      quarterdeck keys create ci --project default --data-dir var/quarterdeck
    """
    key, secret = _open(data_dir).create_key(project, name)
    if as_json:
        output.print_json({**document(key), "secret": secret})
        return
    typer.echo(secret)
    output.remark(f"key {key.key_id} for project {key.project}; the secret is not shown again")


def list_keys(
    project: Annotated[str | None, typer.Option("--project", help="Only keys of this project.")] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """List keys, also revoked ones. Secrets are not stored and not shown.

    With --json: {"items": [...], "next_cursor": null}.

    \b
    Example:
      quarterdeck keys list --data-dir var/quarterdeck
    """
    keys = [document(key) for key in _open(data_dir).list_keys(project)]
    if as_json:
        output.print_json({"items": keys, "next_cursor": None})
        return
    titles = ("key_id", "project", "name", "created_at", "last_used_at", "revoked_at")
    rows = ([str(key[title] or output.UNKNOWN) for title in titles] for key in keys)
    output.print_table([(title, "left") for title in titles], rows)


def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="As shown by `keys list`.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Revoke a key: from now on it opens nothing.

    With --json: the key, with `revoked_at` set.

    \b
    Example:
      quarterdeck keys revoke k_7f3a --data-dir var/quarterdeck
    """
    key = document(_open(data_dir).revoke_key(key_id))
    if as_json:
        output.print_json(key)
        return
    typer.echo(f"key {key['key_id']} ({key['name']}) is revoked since {key['revoked_at']}")


def document(key: ApiKey) -> dict[str, Any]:
    """A key as JSON; times RFC 3339 UTC; never its hash."""
    return {
        "key_id": key.key_id,
        "project": key.project,
        "name": key.name,
        "created_at": _time(key.created_at_ns),
        "last_used_at": _time(key.last_used_ns),
        "revoked_at": _time(key.revoked_at_ns),
    }


def _time(ns: int | None) -> str | None:
    if ns is None:
        return None
    return datetime.fromtimestamp(ns // 1_000_000_000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _open(data_dir: Path) -> KeyStore:
    from quarterdeck.app import open_keys

    return open_keys(data_dir)
