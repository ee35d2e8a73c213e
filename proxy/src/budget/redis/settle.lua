-- Gives back what was held and books what it cost, once however often it is asked.
-- KEYS: the accounts. ARGV: prefix, id, the most that counts; then for each account what was needed,
-- what it cost, what may be spent before without going over that, and until when it is kept.
local prefix, id, most = ARGV[1], ARGV[2], ARGV[3]
local held = redis.call('DEL', prefix .. 'held:' .. id) == 1
if held then
  redis.call('ZREM', prefix .. 'leases', id)
elseif redis.call('DEL', prefix .. 'lapsed:' .. id) == 0 then
  return 0
end
for i, account in ipairs(KEYS) do
  local need, cost, room, ends = ARGV[4 * i], ARGV[4 * i + 1], ARGV[4 * i + 2], ARGV[4 * i + 3]
  if held then
    give_back(account, need)
  end
  if cost ~= '0' then
    local spent = redis.call('HGET', account, 'spent') or '0'
    if at_most(spent, room) then
      redis.call('HINCRBY', account, 'spent', cost)
      redis.call('HINCRBY', account, 'used', cost)
    else
      redis.call('HSET', account, 'spent', most, 'used', most)
    end
    keep_until(account, ends)
  end
end
return 1
