"""Brings the operational state to the newest schema, at every start, inside one transaction.

Migrations are files of this package (`migrations/versions`). Refuses: a state whose revision this version does
not know, because an older program would misread what a newer one wrote.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from quarterdeck.errors import DataFormatTooNew

_SCRIPTS = Path(__file__).with_name("migrations")


def upgrade(engine: Engine) -> None:
    """Run what is missing; nothing when the schema is the newest. Raises DataFormatTooNew."""
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
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        found = ", ".join(sorted(unknown))
        msg = f"the operational state has revision {found}, which this version does not know"
        raise DataFormatTooNew(msg, mend="start the newer version of quarterdeck that wrote it")
