"""Brings the operational state to the newest schema, at every start, inside one transaction.

Migrations are files of this package (`migrations/versions`). Refuses: a state whose revision this version does
not know, because an older program would misread what a newer one wrote.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from quarterdeck.errors import DataFormatTooNew

if TYPE_CHECKING:
    from alembic.config import Config

_SCRIPTS = Path(__file__).with_name("migrations")

NEWEST = "0005"
"""The revision of the newest migration. A state that has it is left alone, and Alembic is not loaded: that would be a

tenth of the time that a server takes to start. A test holds it to the files.
"""


def upgrade(engine: Engine) -> None:
    """Run what is missing; nothing when the schema is the newest. Raises DataFormatTooNew."""
    with engine.connect() as connection:
        if _revisions(connection) == [NEWEST]:
            return
    _migrate(engine)


def _revisions(connection: Connection) -> list[str]:
    if not inspect(connection).has_table("alembic_version"):
        return []
    return [row[0] for row in connection.execute(text("SELECT version_num FROM alembic_version"))]


def _migrate(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415 - see NEWEST
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    with engine.connect() as connection:
        connection.info["writes"] = True  # see engine._sqlite_begin
        with connection.begin():
            _refuse_newer(connection, config)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        connection.info.pop("writes")


def _refuse_newer(connection: Connection, config: Config) -> None:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - see NEWEST
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        found = ", ".join(sorted(unknown))
        msg = f"the operational state has revision {found}, which this version does not know"
        raise DataFormatTooNew(msg, mend="start the newer version of quarterdeck that wrote it")
