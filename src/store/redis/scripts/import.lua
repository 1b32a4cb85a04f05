#!lua
-- A territory as a whole comes in, in steps. While it does, its meta hash names whoever brings it in and everybody else is
-- refused, so that nobody sees half of it. The lease ends by itself: what somebody left unfinished is cleared away by the next.
--
-- KEYS: meta, events, due, written, gone, lease, then the keys named below.
-- ARGV: step, who brings it in, how long the lease lasts (ms), then
--   begin: epoch
--   put:   puts: `record` key version body | `event` seq at kind chain body | `timer` name at | `blob` key body
--   clear: most names at once
--   end:   seq, chain, at, channel, epoch
--   leave: nothing
local meta, stream, due, written, gone, lease = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local taken = 0
local function take() taken = taken + 1; return ARGV[taken] end
local step, who, lasts = take(), take(), take()
local state = redis.call('HMGET', meta, 'epoch', 'importing', 'seq', 'chain')

if step == 'begin' then
  if state[1] ~= take() then return {'refused', state[1], false} end
  if state[2] and redis.call('EXISTS', lease) == 1 then return {'refused', state[1], state[2]} end
  if not state[2] and (tonumber(state[3] or '0') > 0 or redis.call('ZCARD', written) > 0) then return {'not empty'} end
  redis.call('HSET', meta, 'importing', who)
  redis.call('SET', lease, who, 'PX', lasts)
  return {state[2] and 'remains' or 'begun'}
end

if step == 'end' and not state[2] then
  -- The answer to an earlier try was lost.
  if (state[3] or '0') == take() and (state[4] or '') == take() then return {'ended'} end
end
if state[2] ~= who then return {'refused', state[1], state[2]} end

if step == 'put' then
  redis.call('SET', lease, who, 'PX', lasts)
  local commit, from, names = redis.call('HINCRBY', meta, 'n', 1), #meta - 3, {}
  local function keep(name) names[#names + 1] = commit; names[#names + 1] = name end
  while taken < #ARGV do
    local kind = take()
    if kind == 'record' then
      local key = KEYS[tonumber(take())]
      redis.call('HSET', key, 'v', take(), 'd', take())
      keep('r:' .. string.sub(key, from))
    elseif kind == 'event' then
      redis.call('XADD', stream, take() .. '-0', 't', take(), 'k', take(), 'c', take(), 'd', take())
    elseif kind == 'timer' then
      local timer = take()
      redis.call('ZADD', due, take(), timer)
      keep('t:' .. timer)
    else
      local key = KEYS[tonumber(take())]
      redis.call('SET', key, take())
      keep('b:' .. string.sub(key, from))
    end
  end
  if #names > 0 then redis.call('ZADD', written, unpack(names)) end
  return {'put'}
end

if step == 'clear' then
  -- The keys cleared here are those `written` names, of this territory.
  redis.call('SET', lease, who, 'PX', lasts)
  local tag = string.sub(meta, 1, -5)
  for _, name in ipairs(redis.call('ZRANGE', written, 0, tonumber(take()) - 1)) do
    if string.sub(name, 1, 1) ~= 't' then redis.call('DEL', tag .. string.sub(name, 3)) end
    redis.call('ZREM', written, name)
  end
  if redis.call('ZCARD', written) > 0 then return {'more'} end
  redis.call('DEL', stream, due, gone)
  return {'cleared'}
end

if step == 'leave' then
  redis.call('HDEL', meta, 'importing')
  redis.call('DEL', lease)
  return {'left'}
end

local seq, chain, at, channel, epoch = take(), take(), take(), take(), take()
if seq ~= '0' then redis.call('HSET', meta, 'seq', seq, 'chain', chain, 't', at) end
redis.call('HDEL', meta, 'importing')
redis.call('DEL', lease)
if seq ~= '0' then redis.call('PUBLISH', channel, seq .. ' ' .. epoch) end
return {'ended'}
