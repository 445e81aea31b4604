"""The statements of `SQLVault`, for both databases.

``{p}`` is the prefix of the tables; ``{now}``, ``{until}`` and ``{slid}`` are the clock and the end of a session's
time, now and after a use. No value is ever written into a statement: ruff's S608 is off for this file.
"""

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
