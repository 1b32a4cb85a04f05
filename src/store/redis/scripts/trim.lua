#!lua flags=allow-oom
-- One step of dropping events from the oldest on: allowed to a full Redis, since it makes room.
-- KEYS: meta, events. ARGV: epoch, number of the last event to go, events in one step.
local state = redis.call('HMGET', KEYS[1], 'epoch', 'importing', 'seq')
if state[1] ~= ARGV[1] or state[2] then return {'refused', state[1], state[2]} end
local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
if not oldest then return {'gone', 0} end
local first = tonumber(string.match(oldest[1], '^%d+'))
local last = math.min(tonumber(ARGV[2]), tonumber(state[3]), first + tonumber(ARGV[3]) - 1)
if last < first then return {'gone', 0} end
return {'gone', redis.call('XTRIM', KEYS[2], 'MINID', '=', string.format('%.0f-0', last + 1))}
