"""The tables of `SQLVault`, how an older set of them is brought up to date, and the statements for both databases.

``{p}`` is the prefix of the tables; ``{now}``, ``{until}`` and ``{slid}`` are the clock and the end of a session's
time, now and after a use. No value is ever written into a statement: ruff's S608 is off for this file.
"""

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
    """Make the tables, or bring them to today's version; all or nothing, also when several processes begin at once."""
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
    connection.exec_driver_sql(f"DELETE FROM {prefix}meta WHERE name = 'version'")
    value = f"'{len(MIGRATIONS)}'" if connection.dialect.name == "postgresql" else f"x'{_hex(len(MIGRATIONS))}'"
    connection.exec_driver_sql(f"INSERT INTO {prefix}meta (name, value) VALUES ('version', {value})")


def _hex(number: int) -> str:
    return str(number).encode().hex()


def _version(connection: Connection, prefix: str) -> int:
    from sqlalchemy import inspect

    if not inspect(connection).has_table(f"{prefix}meta"):
        return 0
    row = connection.exec_driver_sql(f"SELECT value FROM {prefix}meta WHERE name = 'version'").first()
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


# What is live is told by the id, which `drop` takes away, and by the clock.
LIVE = "sealed_id IS NOT NULL AND (expires IS NULL OR expires > {now})"
AT = "handle = :handle AND epoch = :epoch AND seq = :seq AND token = :token"

# The head in the first line, then the rows that the caller has not seen; one statement sees one state of things.
READ = f"""
WITH s AS (
    SELECT id, epoch, seq, token, key, numbers, last_used, {LIVE} AS live,
        CASE WHEN epoch = :epoch AND EXISTS (
            SELECT 1 FROM {{p}}entries e WHERE e.session = {{p}}sessions.id AND e.seq = :seq AND e.token = :token
        ) THEN :seq ELSE 0 END AS since
    FROM {{p}}sessions WHERE handle = :handle
)
SELECT 0 AS n, epoch AS a, seq AS b, token AS c, since AS d, CASE WHEN live THEN 1 ELSE 0 END AS e,
    CASE WHEN last_used < {{now}} - :grain THEN 1 ELSE 0 END AS f, key AS w, numbers AS x, key AS y, key AS z
FROM s
UNION ALL
SELECT r.seq, r.number, 0, 0, 0, 0, 0, r.kind, r.placeholder, r.lookup, r.payload
FROM s JOIN {{p}}entries r ON r.session = s.id AND r.seq > s.since
WHERE s.live
"""
TOUCH = f"UPDATE {{p}}sessions SET last_used = {{now}}, expires = {{slid}} WHERE handle = :handle AND {LIVE}"
GROW = f"""
UPDATE {{p}}sessions SET seq = :new_seq, token = :new_token, held = held + :count, last_used = {{now}},
    expires = {{slid}}
WHERE {AT} AND {LIVE} RETURNING id
"""
BEGIN = """
INSERT INTO {p}sessions (handle, epoch, seq, token, sealed_id, key, numbers, held, created, last_used, expires)
VALUES (:handle, :new_epoch, :new_seq, :new_token, :sealed_id, :key, :nothing, :count, {now}, {now}, {until})
ON CONFLICT (handle) DO NOTHING RETURNING id
"""
BEGIN_AGAIN = f"""
UPDATE {{p}}sessions SET epoch = :new_epoch, seq = :new_seq, token = :new_token, sealed_id = :sealed_id, key = :key,
    held = :count, created = {{now}}, last_used = {{now}}, expires = {{until}}
WHERE {AT} AND sealed_id IS NULL RETURNING id
"""
COLUMNS = "session, seq, token, kind, number, placeholder, lookup, payload"
INSERT = f"INSERT INTO {{p}}entries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
# On PostgreSQL all of an append is one statement, hence one round trip and one transaction.
APPEND = f"""
WITH s AS ({{head}})
INSERT INTO {{p}}entries ({COLUMNS})
SELECT s.id, r.seq, :new_token, r.kind, r.number, r.placeholder, r.lookup, r.payload
FROM s, unnest(CAST(:seqs AS bigint[]), CAST(:kinds AS bytea[]), CAST(:indexes AS bigint[]),
    CAST(:placeholders AS bytea[]), CAST(:lookups AS bytea[]), CAST(:payloads AS bytea[])
) AS r (seq, kind, number, placeholder, lookup, payload)
"""
OPEN = "SELECT id, numbers FROM {p}sessions WHERE handle = :handle AND sealed_id IS NOT NULL"
OPEN_AT = f"SELECT id, numbers FROM {{p}}sessions WHERE {AT} AND {LIVE}"
NUMBERS = "SELECT kind, MAX(number) FROM {p}entries WHERE session = :id GROUP BY kind"
DROP_ROWS = "DELETE FROM {p}entries WHERE session = :id"
DROP = """
UPDATE {p}sessions SET epoch = :new_epoch, sealed_id = NULL, key = :nothing, numbers = :numbers, held = 0,
    expires = NULL
WHERE id = :id
"""
REMOVE_ROW = "DELETE FROM {p}entries WHERE session = :id AND seq = :seq"
REMOVED = "UPDATE {p}sessions SET epoch = :new_epoch, numbers = :numbers, held = held - :count WHERE id = :id"
REKEY = "UPDATE {p}sessions SET key = :key WHERE handle = :handle AND key = :old AND sealed_id IS NOT NULL"
HEADS = f"""
SELECT id, handle, sealed_id, held, created, last_used, key FROM {{p}}sessions
WHERE id > :after AND {LIVE} ORDER BY id LIMIT :page
"""
HEADS_HAVING = HEADS.replace(
    "ORDER", "AND EXISTS (SELECT 1 FROM {p}entries e WHERE e.session = {p}sessions.id AND e.lookup = :lookup) ORDER"
)
EXPIRED = "SELECT handle FROM {p}sessions WHERE expires <= {now} LIMIT :page"
STATS = f"""
SELECT COALESCE(SUM(CASE WHEN {LIVE} THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN {LIVE} THEN held ELSE 0 END), 0),
    COALESCE(SUM(CASE WHEN expires <= {{now}} THEN 1 ELSE 0 END), 0),
    COALESCE(SUM(CASE WHEN sealed_id IS NULL THEN 1 ELSE 0 END), 0)
FROM {{p}}sessions
"""
ROOT = "SELECT value FROM {p}meta WHERE name = 'root'"
NEW_ROOT = "INSERT INTO {p}meta (name, value) VALUES ('root', :new) ON CONFLICT (name) DO NOTHING"
OTHER_ROOT = "UPDATE {p}meta SET value = :new WHERE name = 'root' AND value = :old"


def check_prefix(prefix: str) -> str:
    """Return what table names begin with, or raise ValueError if it is no plain word."""
    if not (prefix.isascii() and prefix.isidentifier() and prefix == prefix.lower() and len(prefix) <= 30):
        raise ValueError(
            "table_prefix must be 1 to 30 lower-case letters, digits and underscores, not beginning with one"
        )
    return prefix
