-- Begins a lease anew. ARGV: prefix, id, now, expiry.
-- Returns 0, 1 when there is nothing left to renew, 3 to be asked again.
local prefix, id, now, expires = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not lapse(prefix, now) then
  return 3
end
if redis.call('EXISTS', prefix .. 'held:' .. id) == 0 then
  return 1
end
redis.call('ZADD', prefix .. 'leases', expires, id)
return 0
