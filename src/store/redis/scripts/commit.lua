#!lua
-- One commit, whole or not at all: everything is checked before the first write, since a failing command undoes nothing.
-- The first line makes Redis refuse the whole script when it is full, a replica, or cannot write to its disk.
--
-- KEYS: meta, events, answer, due, written, gone, then each record and blob named below.
-- ARGV: what the head below takes, then guards (key, version), writes (see the loop), events (kind, body). A key is given
-- by its place in KEYS. Instants are milliseconds; numbers are written with '%.0f', since tostring keeps 14 digits.
local meta, stream, answer, due, written, gone = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local taken = 0
local function take() taken = taken + 1; return ARGV[taken] end
local function number() return tonumber(take()) end
local function text(value) return string.format('%.0f', value) end

local epoch, fingerprint, result, kept, channel = take(), take(), take(), number(), take()
local shift, floor, age, decided_at, early, late = number(), number(), number(), number(), number(), number()
local gone_max, guards, writes, events = number(), number(), number(), number()

-- The store's time: the server's, shifted, never before what this caller or this territory has seen.
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local raw = time[1] * 1000 + math.floor(time[2] / 1000) + shift
local state = redis.call('HMGET', meta, 'epoch', 'importing', 'seq', 'chain', 't')
local seq, chain = tonumber(state[3] or '0'), state[4] or ''
local now = math.max(raw, floor, tonumber(state[5] or raw))
local function answered(outcome, ...) return {outcome, text(micros), text(now), ...} end

-- 1. The key. The write on a replay makes a later WAIT cover it (store.md §5).
local known = redis.call('HMGET', answer, 'fp', 'res', 'end')
if known[1] and tonumber(known[3]) > now then
  if known[1] ~= fingerprint then return answered('mismatch') end
  redis.call('HINCRBY', answer, 'n', 1)
  return answered('replayed', known[2], text(seq))
end

-- 2. The data set.
if state[1] ~= epoch or state[2] then return answered('refused', state[1], state[2]) end

-- 3. The clock, by the instant the commit came in. Where time stands until the clock has caught up, that is now.
local came_in = now
if now == raw then came_in = raw - age end
if decided_at - came_in > early or came_in - decided_at > late then return answered('skew') end

-- 4. The guards.
for _ = 1, guards do
  local key, version = KEYS[number()], take()
  if (redis.call('HGET', key, 'v') or '0') ~= version then
    local record = redis.call('HMGET', key, 'v', 'd')
    return answered('stale', string.sub(key, #meta - 3), record[1] or '0', record[2] or '')
  end
end

-- 5. The writes. What is kept has its name in `written`, scored by the commit that last wrote it; the names are keys
-- without their territory, after one letter.
local names, from = {}, #meta - 3
local commit = redis.call('HINCRBY', meta, 'n', 1)
local function wrote(name) names[#names + 1] = commit; names[#names + 1] = name end
local function flush()
  if #names > 0 then redis.call('ZADD', written, unpack(names)); names = {} end
end
local something_went = false
local function went(name)
  flush()
  if redis.call('ZREM', written, name) == 1 then
    redis.call('ZADD', gone, commit, name)
    something_went = true
  end
end
for _ = 1, writes do
  local write = take()
  if write == 'put' then
    local key = KEYS[number()]
    redis.call('HSET', key, 'v', take(), 'd', take())
    wrote('r:' .. string.sub(key, from))
  elseif write == 'delete' then
    local key = KEYS[number()]
    redis.call('DEL', key)
    went('r:' .. string.sub(key, from))
  elseif write == 'set' then
    local timer = take()
    redis.call('ZADD', due, take(), timer)
    wrote('t:' .. timer)
  elseif write == 'clear' then
    local timer = take()
    redis.call('ZREM', due, timer)
    went('t:' .. timer)
  elseif write == 'keep' then
    local key = KEYS[number()]
    redis.call('SET', key, take())
    wrote('b:' .. string.sub(key, from))
  elseif write == 'remove' then
    local key = KEYS[number()]
    redis.call('DEL', key)
    went('b:' .. string.sub(key, from))
  end
end
flush()
if something_went then
  local over = redis.call('ZCARD', gone) - gone_max
  if over > 0 then
    local last = redis.call('ZRANGE', gone, over - 1, over - 1, 'WITHSCORES')
    redis.call('ZREMRANGEBYRANK', gone, 0, over - 1)
    redis.call('HSET', meta, 'forgot', last[2])
  end
end

-- 6. The events, chained.
for _ = 1, events do
  local kind, body = take(), take()
  seq = seq + 1
  chain = string.sub(redis.sha1hex(chain .. '|' .. text(seq) .. '|' .. text(now) .. '|' .. kind .. '|' .. body), 1, 16)
  redis.call('XADD', stream, text(seq) .. '-0', 't', text(now), 'k', kind, 'c', chain, 'd', body)
end
if events > 0 then redis.call('HSET', meta, 'seq', text(seq), 'chain', chain, 't', text(now)) end

-- 7. The answer, and a hint to readers.
redis.call('HSET', answer, 'fp', fingerprint, 'res', result, 'end', text(now + kept), 'n', 0)
redis.call('PEXPIRE', answer, text(kept))
if events > 0 then redis.call('PUBLISH', channel, text(seq) .. ' ' .. epoch) end
return answered('done', text(seq), chain)
