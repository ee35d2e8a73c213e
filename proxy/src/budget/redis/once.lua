-- Notes that something was seen. KEYS: its name. ARGV: milliseconds to remember it.
-- Returns 1, or 0 if it was seen before.
if redis.call('SET', KEYS[1], 1, 'NX', 'PX', ARGV[1]) then
  return 1
end
return 0
