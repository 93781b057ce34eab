/**
 * Reserves on all meters of a scope, or says what stands in the way longest. One round trip, one hash slot.
 *
 * KEYS: the rests, the open reservations, then for each meter its window, its day and what is in flight.
 * ARGV: id, lease in ms, tokens, how many subjects, the subjects, then for each meter its four limits.
 * Answers `{by, place of the name, wait in ms or '', reason, now}`; where `by` is empty it is admitted, and the place is the
 * second in which it counts.
 */
import { windowLua } from './window.ts';

export const reserveLua: string = `${windowLua}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local second = math.floor(now / 1000)
local id, lease, tokens, subjects = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local dayEnd = tonumber(ARGV[5])
local FIRST = 5

local longest = nil
local function inTheWay(by, place, wait, reason)
  local length = wait or math.huge
  if longest == nil or length > longest.length then
    longest = { length = length, by = by, place = place, wait = wait, reason = reason }
  end
end

if subjects > 0 then
  local names = {}
  for place = 1, subjects do names[place] = ARGV[FIRST + place] end
  local rests = redis.call('HMGET', KEYS[1], unpack(names))
  for place = 1, subjects do
    if rests[place] then
      local till, reason = string.match(rests[place], '^([^|]*)|[^|]*|(.*)$')
      if till == '' then
        inTheWay('rest', place, nil, reason)
      elseif tonumber(till) > now then
        inTheWay('rest', place, tonumber(till) - now, reason)
      end
    end
  end
end

-- Keeps a sorted set of leases at least as long as the longest of them.
local function keep(key)
  if redis.call('PTTL', key) < lease then redis.call('PEXPIRE', key, lease) end
end

local meters = {}
for place = 1, (#KEYS - 2) / 3 do
  local k, a = 2 + (place - 1) * 3, FIRST + subjects + (place - 1) * 4
  local perMinute, tokensPerMinute = tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
  local perDay, inFlight = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4])
  local meter = { window = nil, day = nil, flight = nil, requests = 0, tokens = 0 }
  meters[place] = meter
  if inFlight > 0 then meter.flight = KEYS[k + 3] end
  if perDay > 0 then meter.day = KEYS[k + 2] end
  if perMinute > 0 or tokensPerMinute > 0 then
    meter.window = window(KEYS[k + 1], second)
    if perMinute > 0 then meter.requests = 1 end
    if tokensPerMinute > 0 then meter.tokens = math.min(tokens, tokensPerMinute) end
  end
  local requestsWait, tokensWait = 0, 0
  if perMinute > 0 then requestsWait = untilAtMost(meter.window, 'r', perMinute - 1, now) end
  if tokensPerMinute > 0 then tokensWait = untilAtMost(meter.window, 't', tokensPerMinute - meter.tokens, now) end
  if perDay > 0 and tonumber(redis.call('GET', meter.day) or 0) >= perDay then
    inTheWay('requestsPerDay', place, math.max(1, dayEnd - now), '')
  elseif requestsWait > 0 or tokensWait > 0 then
    if requestsWait >= tokensWait then
      inTheWay('requestsPerMinute', place, requestsWait, '')
    else
      inTheWay('tokensPerMinute', place, tokensWait, '')
    end
  elseif inFlight > 0 and redis.call('ZCARD', meter.flight) >= inFlight then
    redis.call('ZREMRANGEBYSCORE', meter.flight, '-inf', now)
    if redis.call('ZCARD', meter.flight) >= inFlight then inTheWay('maxInFlight', place, nil, '') end
  end
end

if longest then
  local wait = longest.wait and string.format('%.3f', longest.wait) or ''
  return { longest.by, longest.place, wait, longest.reason, now }
end

if #meters > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  redis.call('ZADD', KEYS[2], now + lease, id)
  keep(KEYS[2])
end
for place = 1, #meters do
  local meter = meters[place]
  if meter.window then
    -- A second that the server's clock has gone back over counts where the window stands.
    count(meter.window, meter.requests, meter.tokens)
    second = meter.window.at
  end
  if meter.day and redis.call('INCR', meter.day) == 1 then redis.call('PEXPIRE', meter.day, 93600000) end
  if meter.flight then
    redis.call('ZADD', meter.flight, now + lease, id)
    keep(meter.flight)
  end
end
return { '', second, '', '', now }
`;

/**
 * Renews the lease of a reservation; where it was counted out, it is in flight again.
 *
 * KEYS: the open reservations, then for each meter what is in flight. ARGV: id, lease in ms.
 */
export const renewLua: string = `
local time = redis.call('TIME')
local id, lease = ARGV[1], tonumber(ARGV[2])
local till = time[1] * 1000 + math.floor(time[2] / 1000) + lease
for place = 1, #KEYS do
  redis.call('ZADD', KEYS[place], till, id)
  if redis.call('PTTL', KEYS[place]) < lease then redis.call('PEXPIRE', KEYS[place], lease) end
end
return 1
`;

/**
 * Gives a reservation back, once.
 *
 * KEYS: the open reservations, then for each meter its window, its day and what is in flight.
 * ARGV: id, requests (0 or 1), tokens, second, then for each meter what was counted: requests in the minute, tokens or
 * -1, requests in the day.
 */
export const settleLua: string = `
local SECONDS = 61
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
local id, requests, tokens, second = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function correct(key, kind, change)
  local field = kind .. second % SECONDS
  local found = redis.call('HMGET', key, 'at', kind, field)
  if not found[1] then return end
  local at = tonumber(found[1])
  if second > at or second <= at - SECONDS then return end
  local before = tonumber(found[3] or 0)
  local after = math.max(0, before + change)
  redis.call('HSET', key, field, after, kind, tonumber(found[2]) + after - before)
end

for place = 1, (#KEYS - 1) / 3 do
  local k, a = 1 + (place - 1) * 3, 4 + (place - 1) * 3
  local counted = tonumber(ARGV[a + 2])
  if requests == 0 and ARGV[a + 1] == '1' then correct(KEYS[k + 1], 'r', -1) end
  if counted >= 0 and tokens ~= counted then correct(KEYS[k + 1], 't', tokens - counted) end
  if requests == 0 and ARGV[a + 3] == '1' and tonumber(redis.call('GET', KEYS[k + 2]) or 0) > 0 then
    redis.call('DECR', KEYS[k + 2])
  end
  redis.call('ZREM', KEYS[k + 3], id)
end
return 1
`;
