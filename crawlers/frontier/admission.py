"""Families of URLs with a cap (a calendar, a search form's answers …), counted where the frontier keeps its leases.

A request is admitted as it is leased, in the frontier's own order, and stays admitted: whoever resumes a killed crawl
counts the same ones. With several workers on one Redis, two that lease of one site at the same moment may swap turns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from crawlers.frontier.base import FrontierBackend
from crawlers.frontier.scripts import PRELUDE
from crawlers.frontier.sqlite import Frontier

SCHEMA = "CREATE TABLE IF NOT EXISTS families (name TEXT, id INTEGER, PRIMARY KEY (name, id)) WITHOUT ROWID"
TAKEN = "SELECT count(*) FROM families WHERE name = ? AND id != ?"
REFUSE = "UPDATE requests SET state = 'capped', kind = ? WHERE id = ? AND state = 'leased' RETURNING lane"
ADMIT = """
local worker, id = ARGV[1], ARGV[2]
if not ours(id, worker) then return '' end
local families = cjson.decode(ARGV[3])
for _, f in ipairs(families) do
  local taken = P..'f:'..f[2]
  if call('SISMEMBER', taken, id) == 0 and call('SCARD', taken) >= f[3] then
    local lane = call('HGET', P..'r:'..id, 'lane')
    call('SREM', P..'o:'..worker, id)
    call('ZREM', P..'d:'..lane, id)
    call('HSET', P..'r:'..id, 'state', 'capped', 'kind', f[1])
    call('HDEL', P..'r:'..id, 'owner')
    call('HINCRBY', P..'l:'..lane, 'admitted', -1)
    count(id, 'leased', nil, -1)
    count(id, 'capped', nil, 1)
    refresh(lane)
    return f[1]
  end
end
for _, f in ipairs(families) do call('SADD', P..'f:'..f[2], id) end
return ''
"""

Family = Sequence[str | int]  # kind, name, cap: as JSON has a crawlers.traps.Bucket


def admit(frontier: FrontierBackend, number: int, families: Iterable[Family]) -> str | None:
    """None where a leased request may go; else the kind of the family that is full, and the request is capped."""
    wanted = [(str(kind), str(name), int(cap)) for kind, name, cap in families]
    if not wanted:
        return None
    if isinstance(frontier, Frontier):
        return _admit_in_sqlite(frontier, number, wanted)
    return _admit_in_redis(frontier, number, wanted)


def _admit_in_sqlite(frontier: Frontier, number: int, wanted: list[tuple[str, str, int]]) -> str | None:
    db = frontier.db
    db.execute(SCHEMA)
    for kind, name, cap in wanted:
        if db.execute(TAKEN, (name, number)).fetchone()[0] >= cap:
            row = db.execute(REFUSE, (kind, number)).fetchall()
            if row:
                frontier._moved("leased", "capped")
                db.execute("UPDATE lanes SET admitted = admitted - 1 WHERE lane = ?", row[0])
                frontier._refresh(row[0][0])
            return kind
    db.executemany("INSERT OR IGNORE INTO families VALUES (?, ?)", [(name, number) for _, name, _ in wanted])
    return None


def _admit_in_redis(frontier: FrontierBackend, number: int, wanted: list[tuple[str, str, int]]) -> str | None:
    from crawlers.frontier.redis import RedisFrontier

    assert isinstance(frontier, RedisFrontier)
    if "ADMIT" not in frontier._scripts:
        frontier._scripts["ADMIT"] = frontier._db.register_script(PRELUDE + ADMIT)
    return str(frontier._run("ADMIT", frontier.worker, number, json.dumps(wanted))) or None
