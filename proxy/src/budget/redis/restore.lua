-- Raises what is spent. KEYS: the accounts. ARGV: for each the amount and until when it is kept.
for i, account in ipairs(KEYS) do
  local amount, ends = ARGV[2 * i - 1], ARGV[2 * i]
  local spent = redis.call('HGET', account, 'spent') or '0'
  if not at_most(amount, spent) then
    if spent ~= '0' then
      redis.call('HINCRBY', account, 'used', '-' .. spent)
    end
    redis.call('HINCRBY', account, 'used', amount)
    redis.call('HSET', account, 'spent', amount)
    keep_until(account, ends)
  end
end
return 0
