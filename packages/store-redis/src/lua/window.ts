/**
 * The sliding minute in a hash, as `MinuteWindow` of the core keeps it in memory: a ring of 61 seconds and its sums.
 *
 * Fields: `at` is the latest second, `r` and `t` the sums of requests and tokens, `r0` to `r60` and `t0` to `t60` the
 * seconds. The key goes 62 s after the last use: where the server's clock was set back, the minute begins anew then.
 */
export const windowLua: string = `
local SECONDS = 61

-- What counts at a second. Nothing is written: a refusal leaves no trace.
local function window(key, second)
  local found = redis.call('HMGET', key, 'at', 'r', 't')
  local w = { key = key, at = second, known = second, r = 0, t = 0, passed = {} }
  if not found[1] then return w end
  local at = tonumber(found[1])
  if second - at >= SECONDS then
    w.isOver = true
    return w
  end
  w.known, w.r, w.t = at, tonumber(found[2]), tonumber(found[3])
  if second <= at then
    w.at = at
    return w
  end
  for passed = at + 1, second do
    w.passed[#w.passed + 1] = 'r' .. passed % SECONDS
    w.passed[#w.passed + 1] = 't' .. passed % SECONDS
  end
  local gone = redis.call('HMGET', key, unpack(w.passed))
  for index = 1, #gone, 2 do
    w.r = w.r - tonumber(gone[index] or 0)
    w.t = w.t - tonumber(gone[index + 1] or 0)
  end
  return w
end

-- How long until at most so many are left, in ms; 0 when they are no more than that now.
local function untilAtMost(w, kind, most, now)
  local left = w[kind]
  if left <= most then return 0 end
  local fields = {}
  for second = w.at - SECONDS + 1, w.known do fields[#fields + 1] = kind .. second % SECONDS end
  local amounts = redis.call('HMGET', w.key, unpack(fields))
  for index = 1, #amounts do
    left = left - tonumber(amounts[index] or 0)
    if left <= most then return math.max(1, (w.at - SECONDS + index + SECONDS) * 1000 - now) end
  end
  return 1000
end

local function count(w, requests, tokens)
  if w.isOver then
    redis.call('DEL', w.key)
  elseif #w.passed > 0 then
    redis.call('HDEL', w.key, unpack(w.passed))
  end
  local place = w.at % SECONDS
  if requests > 0 then redis.call('HINCRBY', w.key, 'r' .. place, requests) end
  if tokens > 0 then redis.call('HINCRBY', w.key, 't' .. place, tokens) end
  redis.call('HSET', w.key, 'at', w.at, 'r', w.r + requests, 't', w.t + tokens)
  redis.call('PEXPIRE', w.key, 62000)
end
`;
