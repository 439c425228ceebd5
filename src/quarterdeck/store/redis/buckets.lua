-- What every operation begins with: the time of this server, the buckets asked for, brought to now, with the caller's report in.
-- KEYS: one bucket each, the account's first. ARGV[1]: the request as JSON. Dimensions count from 1: requests, input, output,
-- total (a minute's worth refills with time), concurrency (5) and money (6), of which every process says what it has.
local MINUTE, DAY, GUARD, SLACK = 60, 86400, 0.25, 1e-9
local YOUNG, POLL, GRACE = 60, 0.1, 3 -- seconds: GRACE is what living processes need to say what they have
local ask = cjson.decode(ARGV[1])
local now, uptime, run = ask.now, ask.uptime, ask.run
if not now then
  local time, info = redis.call('TIME'), redis.call('INFO', 'server')
  now = tonumber(time[1]) + tonumber(time[2]) / 1e6
  uptime = tonumber(info:match('uptime_in_seconds:(%d+)'))
  run = info:match('run_id:(%x+)')
end

local function size(b, i)
  if i > 4 then return b.lim[i], b.lim[i], 0 end
  local rate = b.lim[i] / MINUTE
  local capacity = math.max(rate * b.burst[i], 1)
  return capacity, math.max(capacity - rate * GUARD, capacity / 2), rate
end

local function all(b, what, i)
  local sum = 0
  for _, process in pairs(b.procs) do sum = sum + process[what][i] end
  return sum
end

local function level(b, i)
  if i <= 4 then return b.level[i] end
  return b.lim[i] - all(b, 'used', i) - b.gone[i]
end

-- What processes keep unspent is not in the bucket; where answers are charged as they stream, nor is what they hold.
local function kept(b, i)
  return all(b, 'purse', i) + (b.streamed[i] and all(b, 'held', i) or 0)
end

local function begin(b, i, known)
  local _, full, rate = size(b, i)
  local doubt = known or uptime < YOUNG -- it may have been there before, and have lost its memory
  b.level[i] = doubt and (uptime < YOUNG and math.min(full, rate * uptime) or 0) or full
end

local function refill(b)
  for id, process in pairs(b.procs) do
    if process.till < now then
      b.gone[6] = b.gone[6] + process.used[6] -- money that a lost process has spent stays spent today
      b.procs[id] = nil
    end
  end
  if now >= b.day then b.day, b.gone[6] = (math.floor(now / DAY) + 1) * DAY, 0 end
  local passed = math.max(now - b.at, 0)
  b.at = math.max(now, b.at)
  for i = 1, 4 do
    if b.lim[i] then
      local _, full, rate = size(b, i)
      local top = full - kept(b, i)
      if b.level[i] < top then b.level[i] = math.min(b.level[i] + rate * passed, top) end
    end
  end
end

local function lowest(b, i)
  local found, measured = b.told[i] or nil, 0
  for _, process in pairs(b.procs) do
    local own = process.conf[i]
    if own then found = found and math.min(found, own) or own end
    if process.measured[i] then measured = measured + process.measured[i] end
  end
  return measured > 0 and (found and math.min(found, measured) or measured) or found
end

local function limit(b, known)
  for i = 1, 6 do
    local wanted = lowest(b, i) or false
    if wanted ~= b.lim[i] then
      local before = b.lim[i]
      b.lim[i] = wanted
      if wanted and i <= 4 then
        local capacity = size(b, i)
        if before then b.level[i] = math.min(b.level[i], capacity) else begin(b, i, known) end
      end
    end
  end
end

local function open(key, own)
  local raw = redis.call('GET', key)
  local b = raw and cmsgpack.unpack(raw)
  if not b then
    b = { at = now, run = run, day = 0, grace = 0, procs = {}, burst = own.burst, streamed = { false, false, false, false, false, false },
          lim = {}, told = {}, level = {}, taken = {}, gone = {} }
    for i = 1, 6 do b.lim[i], b.told[i], b.level[i], b.taken[i], b.gone[i] = false, false, 0, 0, 0 end
    for _, i in ipairs(own.streamed) do b.streamed[i + 1] = true end
    if own.known or uptime < YOUNG then b.grace = now + GRACE end
  elseif b.run ~= run then -- another server, or the same again: its last seconds may be missing
    b.run, b.grace = run, now + GRACE
    for i = 1, 4 do b.level[i] = math.min(b.level[i], 0) end
  end
  refill(b)
  b.procs[ask.process] = { till = now + ask.lease_s, conf = own.limits, measured = own.measured, purse = own.purse, held = own.held, used = own.used }
  limit(b, own.known)
  for i = 1, 4 do
    if b.lim[i] then
      local top = size(b, i) - kept(b, i)
      b.level[i] = math.min(b.level[i] + own.give[i], b.streamed[i] and top or math.max(top, b.level[i]))
    end
  end
  return b
end

local function close(key, b)
  redis.call('SET', key, cmsgpack.pack(b), 'EX', 2 * DAY)
end

local function number(value) return string.format('%.17g', value) end

local function standing(b)
  local processes, found = 0, {}
  for _ in pairs(b.procs) do processes = processes + 1 end
  for i = 1, 6 do
    found[#found + 1] = b.lim[i] and number(b.lim[i]) or ''
    found[#found + 1] = b.lim[i] and number(level(b, i)) or '0'
    found[#found + 1] = number(all(b, 'held', i))
    found[#found + 1] = number(b.taken[i])
  end
  found[#found + 1] = tostring(processes)
  return found
end

local buckets = {}
for k, key in ipairs(KEYS) do buckets[k] = open(key, ask.reports[k]) end
local function finish(granted, lack)
  local standings = {}
  for k, key in ipairs(KEYS) do
    close(key, buckets[k])
    standings[k] = standing(buckets[k])
  end
  return { standings, granted or {}, lack or {} }
end
