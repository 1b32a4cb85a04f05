#!lua flags=no-writes,allow-oom
-- The end of a reading of everything kept: what was written since the commit it has come to, what went since the one it
-- began at, and the point of the stream all of it is of. The keys read here are those `written` names, of one territory.
-- KEYS: meta, written, gone, due, events. ARGV: epoch, commit it began at, commit it has come to, most bodies at once,
-- kinds wanted.
local meta, written, gone, due, stream = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local state = redis.call('HMGET', meta, 'epoch', 'importing', 'seq', 'chain', 't', 'forgot')
if state[1] ~= ARGV[1] or state[2] then return {'refused', state[1], state[2]} end
if state[6] and tonumber(state[6]) > tonumber(ARGV[2]) then return {'overrun'} end
if redis.call('ZCOUNT', written, '(' .. ARGV[3], '+inf') > tonumber(ARGV[4]) then return {'more'} end

local bodies, tag = {}, string.sub(meta, 1, -5)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', written, '(' .. ARGV[3], '+inf')) do
  local kind, rest = string.sub(name, 1, 1), string.sub(name, 3)
  local body
  if string.find(ARGV[5], kind, 1, true) then
    if kind == 'r' then body = redis.call('HMGET', tag .. rest, 'v', 'd')
    elseif kind == 't' then body = redis.call('ZSCORE', due, rest)
    else body = redis.call('GET', tag .. rest) end
    bodies[#bodies + 1] = {name, body}
  end
end
local went = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', gone, '(' .. ARGV[2], '+inf')) do
  -- Made again since: its body is among those read.
  if not redis.call('ZSCORE', written, name) then went[#went + 1] = name end
end
local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
return {'level', state[3] or '0', state[4] or '', state[5], oldest and oldest[1] or false, went, bodies}
