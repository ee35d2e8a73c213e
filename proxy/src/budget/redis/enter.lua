-- Enters, or begins anew the lease of who is in. KEYS: who is in, by when the lease is over.
-- ARGV: id, now, expiry, how many may be in, how many milliseconds to keep it all.
local inside, id, now, expires = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
redis.call('ZREMRANGEBYSCORE', inside, '-inf', now)
if not redis.call('ZSCORE', inside, id) and redis.call('ZCARD', inside) >= tonumber(ARGV[4]) then
  return 0
end
redis.call('ZADD', inside, expires, id)
redis.call('PEXPIRE', inside, ARGV[5])
return 1
