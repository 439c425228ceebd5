-- The provider's own word on the account: its limit, what remains, or that nothing does.
local b = buckets[1]
for _, word in ipairs(ask.words) do
  local i = word.dimension + 1
  if word.limit then
    b.told[i] = word.limit
    limit(b, false)
  end
  if word.remaining and i <= 4 and b.lim[i] then
    local capacity, _, rate = size(b, i)
    local high = word.remaining
    if word.before and b.level[i] + all(b, 'purse', i) > high then -- somebody else took of it: see Ledger
      high = math.min(high, high - math.max(b.taken[i] - word.before - word.own, 0) + rate * word.age_s)
    end
    local low = -capacity
    if not word.limit or word.limit == b.lim[i] then
      low = math.min(word.remaining - all(b, 'held', i) - all(b, 'purse', i), high)
    end
    b.level[i] = math.min(math.max(b.level[i], low), high)
  end
end
if ask.drained then
  local named, least = {}, nil
  for _, i in ipairs(ask.drained) do
    if i < 4 and b.lim[i + 1] then named[#named + 1] = i + 1 end
  end
  if #named == 0 then
    local filled = {}
    for i = 1, 4 do
      if b.lim[i] then
        filled[i] = b.level[i] / size(b, i)
        least = least and math.min(least, filled[i]) or filled[i]
      end
    end
    for i, share in pairs(filled) do
      if share < 0.5 or share == least then named[#named + 1] = i end
    end
  end
  for _, i in ipairs(named) do b.level[i] = math.min(b.level[i], 0) end
end
return finish()
