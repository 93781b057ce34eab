/**
 * Rests: a hash for each scope, subject to `until|since|reason`, and an index of the scopes by the end of their last rest.
 *
 * A hash goes when its last rest is over; one that holds a rest without an end stays.
 */

const tidyLua = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Takes out what is over, and lets the hash go with the last of what is left.
local function tidy(key)
  local all, last = redis.call('HGETALL', key), 0
  for index = 1, #all, 2 do
    local till = string.match(all[index + 1], '^([^|]*)|')
    local ends = till == '' and math.huge or tonumber(till)
    if ends <= now then redis.call('HDEL', key, all[index]) end
    last = math.max(last, ends)
  end
  if last == math.huge then
    redis.call('PERSIST', key)
  elseif last > now then
    redis.call('PEXPIREAT', key, string.format('%.0f', math.ceil(last)))
  end
end
`;

/** KEYS: the rests of a scope. ARGV: subject, end or '', since, reason. The rest that ends later stays. */
export const coolLua: string = `${tidyLua}
local before = redis.call('HGET', KEYS[1], ARGV[1])
local ends = ARGV[2] == '' and math.huge or tonumber(ARGV[2])
if before then
  local till = string.match(before, '^([^|]*)|')
  if (till == '' and math.huge or tonumber(till)) >= ends then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. '|' .. ARGV[3] .. '|' .. ARGV[4])
tidy(KEYS[1])
return 1
`;

/** KEYS: the rests of a scope. ARGV: subject. */
export const wakeLua: string = `${tidyLua}
if redis.call('HDEL', KEYS[1], ARGV[1]) == 1 then tidy(KEYS[1]) end
return 1
`;

/** KEYS: the rests of a scope. Answers subject, `until|since|reason`, subject … of what is not over. */
export const restsLua: string = `${tidyLua}
local all, left = redis.call('HGETALL', KEYS[1]), {}
for index = 1, #all, 2 do
  local till = string.match(all[index + 1], '^([^|]*)|')
  if till == '' or tonumber(till) > now then
    left[#left + 1] = all[index]
    left[#left + 1] = all[index + 1]
  end
end
return left
`;

/** KEYS: the index. ARGV: scope, end or ''. Scopes whose rests have long been over are taken out. */
export const indexLua: string = `${tidyLua}
local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
local ends = ARGV[2] == '' and math.huge or tonumber(ARGV[2])
if not before or tonumber(before) < ends then
  redis.call('ZADD', KEYS[1], ARGV[2] == '' and '+inf' or ARGV[2], ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.format('%.0f', now - 60000))
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
if last == nil then return 0 end
if last == 'inf' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', math.ceil(tonumber(last)) + 60000))
end
return 1
`;
