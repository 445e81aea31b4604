"""The tables of `SQLVault`, and how an older set of them is brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard.errors import VaultError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

# Texts are kept as bytes: PostgreSQL's text refuses NUL, and neither database bears lone surrogates.
# numbers: how far the numbering went in rows that are gone, as JSON. expires: seconds since 1970, NULL for never.
_VERSION_1 = (
    """CREATE TABLE {p}sessions (
        id {serial},
        handle {blob} NOT NULL UNIQUE,
        epoch BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        token BIGINT NOT NULL,
        sealed_id {blob},
        key {blob} NOT NULL,
        numbers {blob} NOT NULL,
        held BIGINT NOT NULL,
        created {real} NOT NULL,
        last_used {real} NOT NULL,
        expires {real}
    )""",
    "CREATE INDEX {p}sessions_expires ON {p}sessions (expires) WHERE expires IS NOT NULL",
    """CREATE TABLE {p}entries (
        session BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        token BIGINT NOT NULL,
        kind {blob} NOT NULL,
        number BIGINT NOT NULL,
        placeholder {blob} NOT NULL,
        lookup {blob} NOT NULL,
        payload {blob} NOT NULL,
        PRIMARY KEY (session, seq)
    ){clustered}""",
)
MIGRATIONS: tuple[tuple[str, ...], ...] = (_VERSION_1,)
"""What leads from each version to the next; the number of them is the version of today."""

_TYPES = {
    "sqlite": {
        "serial": "INTEGER PRIMARY KEY",
        "blob": "BLOB",
        "real": "REAL",
        "clustered": " WITHOUT ROWID",
    },
    "postgresql": {
        "serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "blob": "BYTEA",
        "real": "DOUBLE PRECISION",
        "clustered": "",
    },
}
_LOCK = 0x6C635F6775617264  # "lc_guard": one migration at a time in a PostgreSQL database


def bring_up_to_date(connection: Connection, prefix: str) -> None:
    """Make the tables, or bring them to today's version; all or nothing, also when several processes begin at once.

    Args:
        connection: In autocommit mode.
        prefix: Begins the name of every table.

    Raises:
        VaultError: If the tables are of a later version than this package knows.
    """
    if _version(connection, prefix) == len(MIGRATIONS):
        return
    dialect = connection.dialect.name
    connection.exec_driver_sql("BEGIN IMMEDIATE" if dialect == "sqlite" else "BEGIN")
    try:
        if dialect == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        _migrate(connection, prefix)
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise


def _migrate(connection: Connection, prefix: str) -> None:
    types = _TYPES[connection.dialect.name]
    version = _version(connection, prefix)
    if version == 0:
        table = (
            f"CREATE TABLE IF NOT EXISTS {prefix}meta (name VARCHAR(20) PRIMARY KEY, value {types['blob']} NOT NULL)"
        )
        connection.exec_driver_sql(table)
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            connection.exec_driver_sql(statement.format(p=prefix, **types))
    connection.exec_driver_sql(f"DELETE FROM {prefix}meta WHERE name = 'version'")  # noqa: S608 - the prefix is checked
    value = f"'{len(MIGRATIONS)}'" if connection.dialect.name == "postgresql" else f"x'{_hex(len(MIGRATIONS))}'"
    connection.exec_driver_sql(f"INSERT INTO {prefix}meta (name, value) VALUES ('version', {value})")  # noqa: S608


def _hex(number: int) -> str:
    return str(number).encode().hex()


def _version(connection: Connection, prefix: str) -> int:
    from sqlalchemy import inspect

    if not inspect(connection).has_table(f"{prefix}meta"):
        return 0
    row = connection.exec_driver_sql(f"SELECT value FROM {prefix}meta WHERE name = 'version'").first()  # noqa: S608
    try:
        version = int(bytes(row[0])) if row is not None else 0
    except ValueError:
        version = len(MIGRATIONS) + 1
    if version > len(MIGRATIONS):
        raise VaultError(
            f"the tables of the vault are of version {version}, this lc-guard knows {len(MIGRATIONS)}: "
            "install the lc-guard that made them, or give SQLVault another table_prefix"
        )
    return version
