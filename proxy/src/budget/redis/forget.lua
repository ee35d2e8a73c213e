-- Forgets what is spent, but not what is held. KEYS: the accounts.
for _, account in ipairs(KEYS) do
  local spent = redis.call('HGET', account, 'spent')
  if spent then
    redis.call('HDEL', account, 'spent')
    give_back(account, spent)
  end
end
return 0
