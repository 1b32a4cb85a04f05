#!lua flags=no-writes,allow-oom
-- Readings at one moment, of the data set the reader works with. No MULTI: a full Redis takes none, not even to read.
-- KEYS: meta, then those named below. ARGV: epoch, then for each reading how many arguments it has, the command, its key by
-- its place in KEYS, its arguments.
local state = redis.call('HMGET', KEYS[1], 'epoch', 'importing')
if state[1] ~= ARGV[1] or state[2] then return {'refused', state[1], state[2]} end
local answers, at = {}, 2
while at <= #ARGV do
  local last = at + 2 + tonumber(ARGV[at])
  answers[#answers + 1] = redis.call(ARGV[at + 1], KEYS[tonumber(ARGV[at + 2])], unpack(ARGV, at + 3, last))
  at = last + 1
end
return {'read', answers}
