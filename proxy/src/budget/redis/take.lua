-- Counts one request on all rates or on none. Times are whole microseconds, exact as Lua's numbers.
-- KEYS: when each bucket is empty again. ARGV: now; then for each how long one request fills the
-- bucket, and how far ahead of now it may be filled.
-- Returns 0 and after how long each bucket is empty, or a bucket's place and how long to wait.
local now = tonumber(ARGV[1])
local filled = {}
for i, bucket in ipairs(KEYS) do
  local empty_at = tonumber(redis.call('GET', bucket) or ARGV[1])
  local wait = empty_at - tonumber(ARGV[2 * i + 1]) - now
  if wait > 0 then
    return {i, {wait}}
  end
  filled[i] = math.max(empty_at, now) + tonumber(ARGV[2 * i])
end
local empty_in = {}
for i, bucket in ipairs(KEYS) do
  empty_in[i] = filled[i] - now
  -- A minute longer than it counts, for those whose clock is behind.
  local keep = math.ceil((filled[i] - now) / 1000) + 60000
  redis.call('SET', bucket, string.format('%.0f', filled[i]), 'PX', keep)
end
return {0, empty_in}
