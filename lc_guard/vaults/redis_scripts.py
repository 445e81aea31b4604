"""What `RedisVault` runs inside Redis: each script is one atomic step on one session.

A session has two hashes in one slot. The first, KEYS[1], is what lives: its version, id, key and rows, dropped by Redis
when its time is over. The second, KEYS[2], stays: the version, and how far the numbering went (``k:<kind>``), so that
no placeholder is ever given a second meaning. Versions are compared as the bytes they are: Lua's numbers are too short
for them. The first 8 bytes of a row are the token of its append.
"""

from __future__ import annotations

_TIME = """
local function seconds()
  local time = redis.call('TIME')
  return string.format('%d.%06d', time[1], time[2])
end
"""
_AT = """
local function is_at(key, first)
  local at = redis.call('HMGET', key, 'epoch', 'seq', 'token')
  return (at[1] or '0') == ARGV[first] and (at[2] or '0') == ARGV[first + 1]
    and (at[3] or '\\0\\0\\0\\0\\0\\0\\0\\0') == ARGV[first + 2]
end
"""

READ = (
    _TIME
    + """
local epoch, seq, token, use, grain, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local head = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'token', 'key', 'first', 'used')
if not head[1] then
  local past = redis.call('HMGET', KEYS[2], 'epoch', 'seq', 'token')
  if not past[1] then return {0} end
  return {0, past[1], past[2], past[3], '', redis.call('HGETALL', KEYS[2])}
end
if use == '1' then
  local now = seconds()
  if math.abs(tonumber(now) - tonumber(head[6])) > grain then
    redis.call('HSET', KEYS[1], 'used', now)
    if ttl > 0 then redis.call('PEXPIRE', KEYS[1], ttl) end
  end
end
local since
if head[1] == epoch then
  local row = redis.call('HGET', KEYS[1], seq)
  if row and string.sub(row, 1, 8) == token then since = tonumber(seq) end
end
local answer = {2, head[1], head[2], head[3], head[4], {}}
if not since then
  answer[1] = 1
  answer[6] = redis.call('HGETALL', KEYS[2])
  since = tonumber(head[5]) - 1
end
local last = tonumber(head[2])
while since < last do
  local fields = {}
  for number = since + 1, math.min(since + 500, last) do fields[#fields + 1] = string.format('%d', number) end
  local rows = redis.call('HMGET', KEYS[1], unpack(fields))
  for place, row in ipairs(fields) do
    if rows[place] then
      answer[#answer + 1] = row
      answer[#answer + 1] = rows[place]
    end
  end
  since = since + #fields
end
return answer
"""
)

# ARGV: 1 begin anew, 2-4 version, 5-7 new version, 8 ttl, 9 slides, 10 id, 11 key, 12 number of rows, then rows
# (seq, row), then numbers (field, number).
APPEND = (
    _TIME
    + _AT
    + """
local anew = ARGV[1] == '1'
if anew then
  if redis.call('EXISTS', KEYS[1]) == 1 or not is_at(KEYS[2], 2) then return 0 end
elseif redis.call('EXISTS', KEYS[1]) == 0 or not is_at(KEYS[1], 2) then
  return 0
end
local now, count, ttl = seconds(), tonumber(ARGV[12]), tonumber(ARGV[8])
for number = 0, count - 1 do
  redis.call('HSET', KEYS[1], ARGV[13 + 2 * number], ARGV[14 + 2 * number])
end
for place = 13 + 2 * count, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[place], ARGV[place + 1])
end
for _, key in ipairs(KEYS) do
  redis.call('HSET', key, 'epoch', ARGV[5], 'seq', ARGV[6], 'token', ARGV[7])
end
redis.call('HSET', KEYS[1], 'used', now)
redis.call('HINCRBY', KEYS[1], 'held', count)
if anew then
  redis.call('HSET', KEYS[1], 'id', ARGV[10], 'key', ARGV[11], 'created', now, 'first', ARGV[13])
end
if ttl > 0 and (anew or ARGV[9] == '1') then redis.call('PEXPIRE', KEYS[1], ttl) end
return 1
"""
)

# ARGV: 1-3 version, 4 new epoch, then the rows' numbers.
REMOVE = (
    _AT
    + """
if redis.call('EXISTS', KEYS[1]) == 0 or not is_at(KEYS[1], 1) then return 0 end
for place = 5, #ARGV do redis.call('HDEL', KEYS[1], ARGV[place]) end
redis.call('HINCRBY', KEYS[1], 'held', 4 - #ARGV)
for _, key in ipairs(KEYS) do redis.call('HSET', key, 'epoch', ARGV[4]) end
return 1
"""
)

DROP = """
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1])
return 1
"""

REKEY = """
if redis.call('HGET', KEYS[1], 'key') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'key', ARGV[2])
return 1
"""

ROOT = """
local root = redis.call('GET', KEYS[1])
if not root or root == ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[1])
  return ARGV[1]
end
return root
"""

# Whether a session's rows hold some bytes.
HOLDS = """
local head = redis.call('HMGET', KEYS[1], 'first', 'seq')
if not head[1] then return 0 end
for number = tonumber(head[1]), tonumber(head[2]) do
  local row = redis.call('HGET', KEYS[1], string.format('%d', number))
  if row and string.find(row, ARGV[1], 1, true) then return 1 end
end
return 0
"""
