/**
 * The scripts of the Redis log. Each runs atomically in Redis, so that epoch, sequence, bounds and the entry itself
 * can never disagree, whichever instances publish at once.
 *
 * Layout, per stream: `<prefix>{<name>}:meta` is a hash with the bounds, `<prefix>{<name>}:log` a Redis stream. The entry
 * of sequence 7 has the id `<generation>-7`; a new epoch has a higher generation, so that a reader that waits for
 * anything after its last id is woken by the first event of a new epoch too. Fields of an entry: `v` the stored event,
 * `u` its time, `s` the bounds after it (`oldest oldestUnixMs bytes`, on the last of a group); or `end` alone. For as long
 * as an instance may send its last group again, `<prefix>{<name>}:mark:<instance>` says where it was stored
 * (`<epoch> <group> <first sequence>`): the events themselves may be trimmed by then.
 *
 * The text of each script names the run of the server it was made for. A server that was restarted or promoted has not
 * got that script: it answers NOSCRIPT and nothing is written before the instance has looked at it anew.
 */

/** Version of the layout. */
export const REDIS_FORMAT = '1';

const PRELUDE = `
local log, meta = KEYS[1], KEYS[2]

local function text(n) return string.format('%.0f', n) end

local function nowMs()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function load()
  local v = redis.call('HMGET', meta, 'format', 'epoch', 'gen', 'head', 'oldest', 'oldestMs', 'bytes', 'ended', 'run',
    'fence', 'vouched')
  if not v[1] then return nil end
  return { format = v[1], epoch = v[2], gen = tonumber(v[3]), head = tonumber(v[4]), oldest = tonumber(v[5]),
    oldestMs = v[6], bytes = tonumber(v[7]), ended = v[8] == '1', run = v[9], fence = tonumber(v[10]),
    vouched = v[11] == '1' }
end

local function save(m)
  redis.call('HSET', meta, 'format', m.format, 'epoch', m.epoch, 'gen', text(m.gen), 'head', text(m.head),
    'oldest', text(m.oldest), 'oldestMs', m.oldestMs, 'bytes', text(m.bytes), 'ended', m.ended and '1' or '0',
    'run', m.run, 'fence', text(m.fence), 'vouched', m.vouched and '1' or '0')
end

-- Starts an incarnation: what was stored under the old one goes, and readers that wait see a higher generation.
local function begin(epoch, old)
  local gen = nowMs()
  if old and old.gen >= gen then gen = old.gen + 1 end
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  if last then
    local top = tonumber(string.match(last[1], '^%d+'))
    if top >= gen then gen = top + 1 end
  end
  redis.call('DEL', log)
  local m = { format = FORMAT, epoch = epoch, gen = gen, head = 0, oldest = 1, oldestMs = '', bytes = 0, ended = false,
    run = RUN, fence = 0, vouched = false }
  save(m)
  return m
end

local function field(entry, name)
  local f = entry[2]
  for i = 1, #f, 2 do if f[i] == name then return f[i + 1] end end
  return nil
end

local function seqOf(entry) return tonumber(string.match(entry[1], '%-(%d+)$')) end

local function id(m, seq) return text(m.gen) .. '-' .. text(seq) end

-- Drops the oldest events below limit until the bounds hold. The newest stays, whatever its size.
local function trim(m, limit, maxEvents, maxBytes, deadlineMs)
  local before, chunk, at = m.oldest, {}, 1
  local function crowded() return m.oldest < m.head and (m.head - m.oldest + 1 > maxEvents or m.bytes > maxBytes) end
  local function aged() return deadlineMs and m.oldestMs ~= '' and tonumber(m.oldestMs) < deadlineMs end
  while m.oldest < limit and (crowded() or aged()) do
    if at > #chunk then
      local count = math.min(64, math.max(0, m.head - m.oldest + 1 - maxEvents) + 2)
      chunk, at = redis.call('XRANGE', log, id(m, m.oldest), id(m, m.head), 'COUNT', count), 1
      if #chunk == 0 then
        -- Redis evicted the events but not the bounds: say that they are gone.
        m.oldest = limit
        break
      end
    end
    -- The first of a chunk is the oldest, unless Redis lost some: then those before it are gone already.
    if seqOf(chunk[at]) == m.oldest then
      m.bytes, m.oldest, at = m.bytes - #field(chunk[at], 'v'), m.oldest + 1, at + 1
    else
      m.oldest = seqOf(chunk[at])
    end
    if at > #chunk and m.oldest < limit then
      chunk, at = redis.call('XRANGE', log, id(m, m.oldest), id(m, m.head), 'COUNT', 8), 1
    end
    m.oldestMs = chunk[at] and field(chunk[at], 'u') or m.oldestMs
  end
  if m.oldest > m.head then m.oldestMs, m.bytes = '', 0 end
  if m.oldest > before then redis.call('XTRIM', log, 'MINID', id(m, m.oldest)) end
end

-- Redis may have evicted the events but not the bounds: then says that they are gone.
local function recount(m)
  if redis.call('XLEN', log) >= m.head - m.oldest + 1 + (m.ended and 1 or 0) then return end
  local first = redis.call('XRANGE', log, id(m, m.oldest), id(m, m.head), 'COUNT', 1)[1]
  m.oldest = first and seqOf(first) or m.head + 1
  if first then m.oldestMs = field(first, 'u') else m.oldestMs, m.bytes = '', 0 end
end

local function answer(status, m, extra)
  return { status, m.epoch, text(m.gen), text(m.head), text(m.oldest), m.oldestMs, text(m.bytes), m.ended and '1' or '0',
    text(extra or 0) }
end
`;

/**
 * ARGV: new epoch, policy, fence ms, known epoch, known head, sha1 of the event at the known head, maxEvents, maxBytes,
 * deadline unix ms or ''. Answers the bounds and for how long the fence still stands.
 *
 * After a restart or a failover Redis may have lost events that it acknowledged. For a moment (the fence) nobody appends
 * and every instance says what it last saw; the log goes on under its epoch only if somebody vouches for it and nobody
 * knows more than it holds.
 */
const JOIN = `
local fresh, policy, fenceMs, knownEpoch, knownHead, tip = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4],
  tonumber(ARGV[5]), ARGV[6]
local m = load()
if not m then return answer('ok', begin(fresh, nil)) end
if m.format ~= FORMAT then return { 'format', m.format } end
local now = nowMs()
if m.run ~= RUN then
  if policy == 'new-epoch' then return answer('ok', begin(fresh, m)) end
  m.run = RUN
  if policy == 'verify' then m.fence, m.vouched = now + fenceMs, false end
  save(m)
end
if knownEpoch == m.epoch then
  local entry = knownHead > 0 and redis.call('XRANGE', log, id(m, knownHead), id(m, knownHead))[1]
  local differs = entry and tip ~= '' and redis.sha1hex(field(entry, 'v') or '') ~= tip
  if knownHead > m.head or differs then return answer('ok', begin(fresh, m)) end
  if m.fence > 0 and not m.vouched then
    m.vouched = true
    save(m)
  end
end
if m.fence > 0 and now >= m.fence then
  if not m.vouched then return answer('ok', begin(fresh, m)) end
  m.fence = 0
  save(m)
end
local oldest = m.oldest
recount(m)
trim(m, m.head + 1, tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]))
if m.oldest ~= oldest then save(m) end
return answer('ok', m, m.fence > 0 and (m.fence - now) or 0)
`;

/**
 * KEYS: also the mark of the instance. ARGV: new epoch, maxEvents, maxBytes, deadline unix ms or '', number of the group,
 * '1' when it may have been sent before, for how many ms it may be sent again, '1' to end the stream, then unix ms and
 * stored event of each event of the group. Answers the bounds and the sequence of the first event. To end what has ended is
 * no error.
 */
const APPEND = `
local fresh, maxEvents, maxBytes, deadline, group, again, markMs, ending = ARGV[1], tonumber(ARGV[2]),
  tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[6] == '1', ARGV[7], ARGV[8] == '1'
local m = load()
if not m then m = begin(fresh, nil) end
if m.format ~= FORMAT then return { 'format', m.format } end
if m.run ~= RUN or m.fence > 0 then return { 'join' } end
if again then
  local epoch, last, stored = string.match(redis.call('GET', KEYS[3]) or '', '^(%S+) (%d+) (%d+)$')
  if epoch == m.epoch and last == group then return answer('ok', m, tonumber(stored)) end
end
if m.ended then return answer(#ARGV > 8 and 'ended' or 'ok', m, m.head + 1) end
local first = m.head + 1
for i = 9, #ARGV, 2 do
  local unixMs, value = ARGV[i], ARGV[i + 1]
  m.head, m.bytes = m.head + 1, m.bytes + #value
  if m.oldest == m.head then m.oldestMs = unixMs end
  local entry = { 'v', value, 'u', unixMs }
  if i == #ARGV - 1 then
    trim(m, m.head, maxEvents, maxBytes, deadline)
    if m.oldest == m.head then m.oldestMs, m.bytes = unixMs, #value end
    entry[#entry + 1], entry[#entry + 2] = 's', text(m.oldest) .. ' ' .. m.oldestMs .. ' ' .. text(m.bytes)
  end
  redis.call('XADD', log, id(m, m.head), unpack(entry))
end
if ending then
  m.ended = true
  redis.call('XADD', log, id(m, m.head + 1), 'end', '1')
end
redis.call('SET', KEYS[3], m.epoch .. ' ' .. group .. ' ' .. text(first), 'PX', markMs)
save(m)
return answer('ok', m, first)
`;

/** KEYS: a key of no meaning. A write that the replicas of this run are waited for with. */
const PLACE = `
redis.call('SET', KEYS[1], RUN, 'PX', 60000)
`;

/** Names of the scripts. */
export type RedisScript = 'join' | 'append' | 'place';

/** The scripts for one run of a Redis server. */
export function redisScripts(runId: string): Readonly<Record<RedisScript, string>> {
  const run = `local RUN, FORMAT = '${runId.replace(/[^A-Za-z0-9]/g, '')}', '${REDIS_FORMAT}'\n`;
  return { join: run + PRELUDE + JOIN, append: run + PRELUDE + APPEND, place: run + PLACE };
}
