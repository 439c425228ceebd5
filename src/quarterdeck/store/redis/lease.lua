-- All buckets and dimensions, or none. A process that was short has the next word, so that a large call is not passed for ever.
local function wait(b, i)
  local capacity, full, rate = size(b, i)
  local need = ask.need[i]
  local wanted = (full < need and need <= capacity) and full or need
  if i <= 4 then return (wanted - level(b, i)) / rate end
  if i == 6 then return math.max(b.day - now, 0) end
  return all(b, 'used', i) > b.procs[ask.process].used[i] and POLL or -1 -- another's call may end any moment
end

local function lacks(b)
  for i = 1, 6 do
    local need = ask.need[i]
    if b.lim[i] and need > 0 then
      local capacity, full = size(b, i)
      if need > capacity * (1 + SLACK) then return i, -1, '1' end
      if i > 4 and now < b.grace then return i, b.grace - now, '' end
      local there = level(b, i)
      if need > there and there + capacity * SLACK < math.min(need, full) then return i, wait(b, i), '' end
    end
  end
end

local account = buckets[1]
local claim = account.claim
if claim and (claim.till <= now or not account.procs[claim.process]) then claim, account.claim = nil, nil end
if claim and claim.process ~= ask.process then
  for i = 1, 4 do
    if account.lim[i] and ask.need[i] > 0 then return finish(nil, { '0', tostring(i - 1), number(claim.till - now), '' }) end
  end
end
for k, b in ipairs(buckets) do
  local i, wait_s, never = lacks(b)
  if i then
    if k == 1 and i <= 4 and never == '' then account.claim = { process = ask.process, till = now + wait_s + 0.2 } end
    return finish(nil, { tostring(k - 1), tostring(i - 1), number(wait_s), never })
  end
end
if claim then account.claim = nil end

local granted = {}
for k, b in ipairs(buckets) do
  local processes, own = 0, b.procs[ask.process]
  for _ in pairs(b.procs) do processes = processes + 1 end
  granted[k] = {}
  for i = 1, 6 do
    local amount = 0
    if b.lim[i] then
      local spare = level(b, i) / (2 * processes)
      if i == 5 then spare = math.floor(spare) end
      amount = math.max(ask.need[i], math.min(ask.want[k][i], spare))
      if i <= 4 then b.level[i] = b.level[i] - amount else own.used[i] = own.used[i] + amount end
      own.held[i], own.purse[i] = own.held[i] + ask.need[i], own.purse[i] + amount - ask.need[i]
      b.taken[i] = b.taken[i] + amount
    end
    granted[k][i] = number(amount)
  end
end
return finish(granted)
