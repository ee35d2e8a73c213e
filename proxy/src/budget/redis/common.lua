-- What the scripts share. Amounts are decimal texts: Redis counts them in whole 64 bits, while
-- Lua's own numbers are exact only up to 2^53.

-- How many reservations lapse in one run, so that no run takes long.
local MANY = 500
-- For so many seconds somebody who comes late can still settle.
local LATE = 604800

local function at_most(a, b)
  return #a < #b or (#a == #b and a <= b)
end

local function give_back(account, need)
  if need == '0' or redis.call('EXISTS', account) == 0 then
    return
  end
  redis.call('HINCRBY', account, 'used', '-' .. need)
  local both = redis.call('HMGET', account, 'used', 'spent')
  local used, spent = both[1], both[2] or '0'
  if used:sub(1, 1) ~= '-' and not at_most(used, spent) then
    return
  end
  if spent == '0' then
    redis.call('DEL', account)
  else
    redis.call('HSET', account, 'used', spent)
  end
end

local function keep_until(account, ends)
  if ends ~= '' then
    redis.call('EXPIREAT', account, ends)
  end
end

-- Gives back what nobody settled in time. Returns whether that was all.
local function lapse(prefix, now)
  local leases = prefix .. 'leases'
  local ids = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, MANY)
  for _, id in ipairs(ids) do
    local held = redis.call('HGETALL', prefix .. 'held:' .. id)
    for i = 1, #held, 2 do
      give_back(held[i], held[i + 1])
    end
    redis.call('DEL', prefix .. 'held:' .. id)
    redis.call('ZREM', leases, id)
    redis.call('SET', prefix .. 'lapsed:' .. id, 1, 'EX', LATE)
  end
  return #ids < MANY
end
