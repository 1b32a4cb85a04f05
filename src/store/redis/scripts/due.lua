#!lua flags=no-writes,allow-oom
-- Timers whose instant has come by the server's time.
-- KEYS: meta, due. ARGV: epoch, shift, floor, limit.
local state = redis.call('HMGET', KEYS[1], 'epoch', 'importing')
if state[1] ~= ARGV[1] or state[2] then return {'refused', state[1], state[2]} end
local time = redis.call('TIME')
local now = math.max(time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2]), tonumber(ARGV[3]))
return {'due', redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now), 'WITHSCORES', 'LIMIT', 0, ARGV[4])}
