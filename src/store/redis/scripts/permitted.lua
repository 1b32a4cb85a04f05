#!lua flags=no-writes,allow-oom
-- Which commands the store needs this user may not give; a commit that met one halfway would be left half done.
-- KEYS: any key of a territory. ARGV: its channel.
local key, refused = KEYS[1], {}
for _, command in ipairs({
  {'hget', key, 'f'}, {'hmget', key, 'f'}, {'hset', key, 'f', 'v'}, {'hsetnx', key, 'f', 'v'}, {'hdel', key, 'f'},
  {'hincrby', key, 'f', '1'}, {'del', key}, {'get', key}, {'set', key, 'v'}, {'exists', key}, {'pexpire', key, '1'},
  {'zadd', key, '1', 'm'}, {'zrem', key, 'm'}, {'zcard', key}, {'zcount', key, '-inf', '+inf'}, {'zscore', key, 'm'},
  {'zrange', key, '0', '1'}, {'zrangebyscore', key, '0', '1'}, {'zremrangebyrank', key, '0', '1'},
  {'xadd', key, '1-0', 'f', 'v'}, {'xrange', key, '-', '+'}, {'xtrim', key, 'MINID', '1-0'},
  {'publish', ARGV[1], '1'}, {'time'}, {'ping'}, {'script', 'load', ''}
}) do
  if not redis.acl_check_cmd(unpack(command)) then refused[#refused + 1] = string.upper(command[1]) end
end
local time = redis.call('TIME')
return {string.format('%.0f', time[1] * 1000000 + time[2]), refused}
