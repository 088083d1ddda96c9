"""The atomic steps, as Lua scripts. All keys of one call lie in one hash slot."""

from __future__ import annotations

ACCEPT = """
-- KEYS: seen, inbox, rate
-- ARGV: dedup seconds, conversation, sealed update, most in a minute, '1' when the client can wait
-- Returns 0 seen before, 1 accepted, 2 accepted as 'too many', 3 dropped as far too many,
-- or, below 0, the seconds after which the client shall send it again: then nothing is changed
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local most = tonumber(ARGV[4])
if ARGV[5] == '1' and most > 0 and tonumber(redis.call('GET', KEYS[3]) or '0') >= most then
  return -math.max(1, redis.call('TTL', KEYS[3]))
end
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
local count = redis.call('INCR', KEYS[3])
if count == 1 then redis.call('EXPIRE', KEYS[3], 60) end
if most > 0 and count > most + 1 then return 3 end
if most > 0 and count == most + 1 then
  redis.call('XADD', KEYS[2], '*', 'c', ARGV[2], 'u', ARGV[3], 's', '1')
  return 2
end
redis.call('XADD', KEYS[2], '*', 'c', ARGV[2], 'u', ARGV[3])
return 1
"""

COMMIT = """
-- KEYS: lease, inbox, conversation, outbox, mailbox, parked, dead
-- ARGV: token, entry, state or '', state seconds, conversation, mail or '', mail seconds,
--       parked update or '', dead reason or '', forget ('1'), announcement channel, late ('1'),
--       then (address, channel, message) for each message of the outbox
-- The announcement of mail is 'conversation' or, when neither it nor the mail before came late,
-- 'conversation entry turn mail', so that who waits for it need not read it.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lease' end
if redis.call('XDEL', KEYS[2], ARGV[2]) == 0 then return 'gone' end
if ARGV[10] == '1' then
  redis.call('DEL', KEYS[3])
  redis.call('XTRIM', KEYS[5], 'MAXLEN', 0)  -- not DEL: later ids must stay greater
  for _, stream in ipairs({KEYS[4], KEYS[6], KEYS[7]}) do
    for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+')) do
      local fields = entry[2]
      for i = 1, #fields, 2 do
        if fields[i] == 'c' and fields[i + 1] == ARGV[5] then
          redis.call('XDEL', stream, entry[1])
        end
      end
    end
  end
elseif ARGV[3] ~= '' then
  redis.call('SET', KEYS[3], ARGV[3], 'EX', ARGV[4])
end
if ARGV[8] ~= '' then redis.call('XADD', KEYS[6], '*', 'c', ARGV[5], 'u', ARGV[8]) end
if ARGV[9] ~= '' then
  redis.call('XADD', KEYS[7], 'MAXLEN', '~', 10000, '*', 'c', ARGV[5], 'r', ARGV[9])
end
if ARGV[6] ~= '' then
  local before = redis.call('XREVRANGE', KEYS[5], '+', '-', 'COUNT', 1)[1]
  local entry = {'t', ARGV[2], 'm', ARGV[6]}
  local news = ''
  if ARGV[12] == '1' then entry = {'t', ARGV[2], 'm', ARGV[6], 'l', '1'} end
  local id = redis.call('XADD', KEYS[5], 'MAXLEN', '~', 200, '*', unpack(entry))
  if #entry == 4 and not (before and #before[2] == 6) then
    news = ' ' .. id .. ' ' .. ARGV[2] .. ' ' .. ARGV[6]
  end
  redis.call('EXPIRE', KEYS[5], ARGV[7])
  local oldest = (redis.call('TIME')[1] - ARGV[7]) * 1000
  redis.call('XTRIM', KEYS[5], 'MINID', string.format('%.0f', oldest))
  redis.call('PUBLISH', ARGV[11], ARGV[5] .. news)
end
for i = 13, #ARGV, 3 do
  redis.call('XADD', KEYS[4], '*', 'c', ARGV[5], 'a', ARGV[i], 'ch', ARGV[i + 1], 'm', ARGV[i + 2])
end
return 'ok'
"""

UNPARK = """
-- KEYS: lease, parked, inbox.  ARGV: token, count, newest id to move ('+': all)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
local entries = redis.call('XRANGE', KEYS[2], '-', ARGV[3], 'COUNT', ARGV[2])
for _, entry in ipairs(entries) do
  redis.call('XADD', KEYS[3], '*', unpack(entry[2]))
  redis.call('XDEL', KEYS[2], entry[1])
end
return #entries
"""

BEGIN_SEND = """
-- KEYS: lease, marks, outbox.  ARGV: token, entry, attempt
-- Returns 0 fenced or gone, 1 certainly not sent yet, 2 another attempt may have sent it
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if #redis.call('XRANGE', KEYS[3], ARGV[2], ARGV[2]) == 0 then return 0 end
if redis.call('HSETNX', KEYS[2], ARGV[2], ARGV[3]) == 1 then return 1 end
if redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[3] then return 1 end
return 2
"""

UNMARK = """
-- KEYS: marks.  ARGV: entry, attempt that certainly sent nothing
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
"""

END_SEND = """
-- KEYS: outbox, marks, dead.  ARGV: entry, conversation, dead reason or '', sealed message
redis.call('HDEL', KEYS[2], ARGV[1])
local gone = redis.call('XDEL', KEYS[1], ARGV[1])
if gone == 1 and ARGV[3] ~= '' then
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'c', ARGV[2], 'r', ARGV[3], 'm', ARGV[4])
end
return gone
"""

RENEW = """
-- KEYS: lease.  ARGV: token, milliseconds
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

RELEASE = """
-- KEYS: lease.  ARGV: token
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""
