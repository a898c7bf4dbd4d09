"""The Redis frontier's Lua: each script is one atomic step, and its first key carries the run's name for all others.

Keys below `gesso:{run}:` — `known` fingerprint → id; `r:<id>` one request; `q:<lane>` its queued requests in order;
`d:<lane>` its leased ones by depth; `l:<lane>` its cap, how many at once, how many admitted; `ready` the head of every
lane that may go; `workers` when each worker's leases run out; `o:<worker>` what it has leased; `counts` and `states`.
"""

from __future__ import annotations

PRELUDE = """
local P = KEYS[1]
local call = redis.call
local function now()
  local t = call('TIME')
  return tonumber(t[1]) + tonumber(t[2]) / 1000000
end
local function count(id, state, kind, by, captures, bytes)
  local host = call('HGET', P..'r:'..id, 'host')
  local name = cjson.encode({host, state, kind or ''})
  local left = call('HINCRBY', P..'counts', 'n'..name, by)
  if captures and captures ~= 0 then call('HINCRBY', P..'counts', 'c'..name, captures) end
  if bytes and bytes ~= 0 then call('HINCRBY', P..'counts', 'b'..name, bytes) end
  if left == 0 then call('HDEL', P..'counts', 'n'..name, 'c'..name, 'b'..name) end
  call('HINCRBY', P..'states', state, by)
end
local function refresh(lane)
  local about = call('HMGET', P..'l:'..lane, 'at_once', 'grouped', 'ready')
  local head = call('ZRANGE', P..'q:'..lane, 0, 0)[1]
  local new = false
  if head then
    local busy = call('ZCARD', P..'d:'..lane)
    new = head..'\\0'..lane
    if about[1] and about[1] ~= '' and busy >= tonumber(about[1]) then new = false end
    if new and about[2] == '1' and busy > 0 then
      local shallowest = call('ZRANGE', P..'d:'..lane, 0, 0, 'WITHSCORES')[2]
      if tonumber(shallowest) < tonumber(string.sub(head, 12, 17)) then new = false end
    end
  end
  if about[3] ~= new then
    if about[3] then call('ZREM', P..'ready', about[3]) end
    if new then
      call('ZADD', P..'ready', 0, new)
      call('HSET', P..'l:'..lane, 'ready', new)
    else
      call('HDEL', P..'l:'..lane, 'ready')
    end
  end
end
local function unlease(id, untried)
  local r = call('HMGET', P..'r:'..id, 'lane', 'key', 'owner')
  call('SREM', P..'o:'..r[3], id)
  call('ZREM', P..'d:'..r[1], id)
  call('ZADD', P..'q:'..r[1], 0, r[2])
  call('HSET', P..'r:'..id, 'state', 'queued')
  call('HDEL', P..'r:'..id, 'owner')
  if untried then call('HINCRBY', P..'r:'..id, 'attempts', -1) end
  call('HINCRBY', P..'l:'..r[1], 'admitted', -1)
  count(id, 'leased', nil, -1)
  count(id, 'queued', nil, 1)
  refresh(r[1])
end
local function reclaim()
  for _, worker in ipairs(call('ZRANGEBYSCORE', P..'workers', '-inf', now())) do
    for _, id in ipairs(call('SMEMBERS', P..'o:'..worker)) do unlease(id, false) end
    call('ZREM', P..'workers', worker)
  end
end
local function ours(id, worker)
  return call('HGET', P..'r:'..id, 'owner') == worker
end
"""

ADD = """
local lanes, answer = {}, {}
for _, e in ipairs(cjson.decode(ARGV[1])) do
  local id = call('HGET', P..'known', e.fingerprint)
  if id then
    answer[#answer + 1] = 0
    local r = call('HMGET', P..'r:'..id, 'state', 'depth', 'place', 'key', 'lane')
    if r[1] == 'queued' and tonumber(r[2]) == e.depth and r[3] > e.place then
      local key = string.sub(r[4], 1, 18)..e.place..'\\0'..string.format('%012d', id)
      call('ZREM', P..'q:'..r[5], r[4])
      call('ZADD', P..'q:'..r[5], 0, key)
      call('HSET', P..'r:'..id, 'key', key, 'place', e.place, 'request', e.request)
      lanes[r[5]] = true
    end
  else
    answer[#answer + 1] = 1
    id = call('INCR', P..'last')
    local key = e.order..e.place..'\\0'..string.format('%012d', id)
    call('HSET', P..'known', e.fingerprint, id)
    call('HSET', P..'r:'..id, 'key', key, 'state', 'queued', 'lane', e.lane, 'depth', e.depth, 'place', e.place,
      'host', e.host, 'url', e.url, 'seed', e.seed, 'request', e.request, 'attempts', 0)
    call('HSET', P..'l:'..e.lane, 'cap', e.cap, 'at_once', e.at_once, 'grouped', e.grouped)
    call('ZADD', P..'q:'..e.lane, 0, key)
    count(id, 'queued', nil, 1)
    lanes[e.lane] = true
  end
end
for lane in pairs(lanes) do refresh(lane) end
return answer
"""

LEASE = """
reclaim()
local worker, ttl = ARGV[1], tonumber(ARGV[2])
while true do
  local head = call('ZRANGE', P..'ready', 0, 0)[1]
  if not head then return false end
  local at = string.find(head, '%z')
  local id = tonumber(string.sub(head, at + 1, at + 12))
  local r = call('HMGET', P..'r:'..id, 'lane', 'key', 'depth', 'request')
  local lane = r[1]
  local l = call('HMGET', P..'l:'..lane, 'cap', 'admitted')
  if l[1] and l[1] ~= '' and tonumber(l[2] or 0) >= tonumber(l[1]) then
    for _, key in ipairs(call('ZRANGE', P..'q:'..lane, 0, 999)) do
      local capped = tonumber(string.sub(key, -12))
      call('ZREM', P..'q:'..lane, key)
      call('HSET', P..'r:'..capped, 'state', 'capped')
      count(capped, 'queued', nil, -1)
      count(capped, 'capped', nil, 1)
    end
    refresh(lane)
  else
    call('ZADD', P..'workers', now() + ttl, worker)
    call('ZREM', P..'q:'..lane, r[2])
    call('ZADD', P..'d:'..lane, r[3], id)
    call('SADD', P..'o:'..worker, id)
    call('HSET', P..'r:'..id, 'state', 'leased', 'owner', worker)
    call('HINCRBY', P..'l:'..lane, 'admitted', 1)
    local attempts = call('HINCRBY', P..'r:'..id, 'attempts', 1)
    count(id, 'queued', nil, -1)
    count(id, 'leased', nil, 1)
    refresh(lane)
    return {id, r[4], attempts}
  end
end
"""

REQUEUE = """
if not ours(ARGV[2], ARGV[1]) then return 0 end
if ARGV[4] == '1' then call('HSET', P..'r:'..ARGV[2], 'request', ARGV[3]) end
unlease(ARGV[2], ARGV[4] ~= '1')
return 1
"""

CLOSE = """
local worker, id, o = ARGV[1], ARGV[2], cjson.decode(ARGV[3])
if not ours(id, worker) then return 0 end
local r = P..'r:'..id
local lane = call('HGET', r, 'lane')
call('SREM', P..'o:'..worker, id)
call('ZREM', P..'d:'..lane, id)
call('HDEL', r, 'owner')
call('HSET', r, 'state', o.state, 'kind', o.kind, 'reason', o.reason, 'status', o.status, 'captures', o.captures,
  'failures', o.failures, 'bytes', o.bytes, 'closed_at', tostring(now()))
count(id, 'leased', nil, -1)
count(id, o.state, o.kind, 1, o.captures, o.bytes)
if o.state == 'failed' then
  call('ZADD', P..'failed', id, id)
  if call('HGET', r, 'seed') == '1' then call('ZADD', P..'failed_seeds', id, id) end
end
refresh(lane)
return 1
"""

PUT_BACK = """
local moved = 0
for _, id in ipairs(cjson.decode(ARGV[1])) do
  local r = call('HMGET', P..'r:'..id, 'state', 'lane', 'key', 'kind', 'captures', 'bytes')
  if r[1] == 'failed' then
    count(id, 'failed', r[4], -1, -tonumber(r[5]), -tonumber(r[6]))
    call('HSET', P..'r:'..id, 'state', 'queued')
    count(id, 'queued', nil, 1)
    call('ZREM', P..'failed', id)
    call('ZREM', P..'failed_seeds', id)
    call('ZADD', P..'q:'..r[2], 0, r[3])
    call('HINCRBY', P..'l:'..r[2], 'admitted', -1)
    refresh(r[2])
    moved = moved + 1
  end
end
return moved
"""

BEAT = """
reclaim()
call('ZADD', P..'workers', now() + tonumber(ARGV[2]), ARGV[1])
return call('ZCARD', P..'workers')
"""

LEAVE = """
for _, id in ipairs(call('SMEMBERS', P..'o:'..ARGV[1])) do unlease(id, false) end
call('ZREM', P..'workers', ARGV[1])
return 1
"""
