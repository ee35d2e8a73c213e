-- Takes what is needed on all accounts or on none.
-- KEYS: the accounts. ARGV: prefix, id, now, expiry, most reservations; then for each account what
-- is needed, what may be used before (empty: whatever), and until when it is kept (empty: always).
-- Returns 0, or 1 with an account's place and what is used of it, 2 when there are too many, 3 to
-- be asked again.
local prefix, id, now, expires = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local leases, record = prefix .. 'leases', prefix .. 'held:' .. id
if not lapse(prefix, now) then
  return {3, 0, '0'}
end
if redis.call('EXISTS', record) == 1 then
  return {0, 0, '0'}
end
if redis.call('ZCARD', leases) >= tonumber(ARGV[5]) then
  return {2, 0, '0'}
end
for i, account in ipairs(KEYS) do
  local room = ARGV[3 + 3 * i + 1]
  if room ~= '' then
    local used = redis.call('HGET', account, 'used') or '0'
    if room == '-' or not at_most(used, room) then
      return {1, i, used}
    end
  end
end
local held = {}
for i, account in ipairs(KEYS) do
  local need = ARGV[3 + 3 * i]
  held[2 * i - 1], held[2 * i] = account, need
  if need ~= '0' then
    redis.call('HINCRBY', account, 'used', need)
    keep_until(account, ARGV[3 + 3 * i + 2])
  end
end
redis.call('HSET', record, unpack(held))
redis.call('ZADD', leases, expires, id)
redis.call('DEL', prefix .. 'lapsed:' .. id)
return {0, 0, '0'}
