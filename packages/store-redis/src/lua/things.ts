/** Owned things, choices, the record and the count of processes: one key each. */

/** KEYS: the thing. ARGV: caller or '', the thing as JSON, its end or ''. What has a maker is never given to another. */
export const ownLua: string = `
local before = redis.call('GET', KEYS[1])
if before then
  local caller = cjson.decode(before).caller
  if caller ~= cjson.null and caller ~= ARGV[1] then return 0 end
end
if ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', 34560000000)
else
  redis.call('SET', KEYS[1], ARGV[2])
  redis.call('PEXPIREAT', KEYS[1], ARGV[3])
end
return 1
`;

/** KEYS: the claim. ARGV: choice, how long it stands in ms, then, where given, the choice that it may replace. */
export const claimLua: string = `
local before = redis.call('GET', KEYS[1])
if before and before ~= ARGV[3] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return before
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
`;

/** KEYS: the record. ARGV: the line as JSON, how many lines stay. */
export const appendLua: string = `
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
redis.call('PEXPIRE', KEYS[1], 34560000000)
return 1
`;

/** KEYS: the processes. ARGV: who is here, how long a word counts in ms. Answers how many there are, and the time. */
export const beatLua: string = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], 60000)
return { redis.call('ZCARD', KEYS[1]), now }
`;
