-- Leaves. KEYS: who is in. ARGV: id.
return redis.call('ZREM', KEYS[1], ARGV[1])
