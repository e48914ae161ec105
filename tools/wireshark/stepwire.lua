-- Wireshark dissectors: GameMaker's networking protocol (TCP, WebSockets, UDP), filter "gamemaker", and stepwire's reliable
-- UDP, filter "stepwire". docs/wireshark.md says how to install and use them; docs/reliable-udp.md describes the latter.
--
-- They find their traffic by its first bytes, whatever the port is.

local UINT32 = 4294967296

-- What earlier frames mean for a frame can be told only while Wireshark goes through a capture for the first time, frame by
-- frame. It is remembered, for when the frame is looked at again.
local facts

local function fact(pinfo, place, look)
    local key = pinfo.number .. "/" .. place
    if not pinfo.visited and facts[key] == nil then
        facts[key] = look() or false
    end
    return facts[key] or nil
end

-- Who sends to whom.
local function direction(from, from_port, to, to_port)
    return string.format("%s %d %s %d", from, from_port, to, to_port)
end

local function direction_of(pinfo)
    return direction(tostring(pinfo.src), pinfo.src_port, tostring(pinfo.dst), pinfo.dst_port)
end

-- GameMaker ------------------------------------------------------------------------------------------------------

local gamemaker = Proto("gamemaker", "GameMaker Networking")

local GREETING, HELLO, ACCEPTED, PACKET = 1, 2, 3, 4
local kind_names = { [GREETING] = "Greeting", [HELLO] = "Hello", [ACCEPTED] = "Accepted", [PACKET] = "Packet" }

local gm = {
    kind = ProtoField.uint8("gamemaker.kind", "Kind", base.DEC, kind_names),
    greeting = ProtoField.string("gamemaker.greeting", "Greeting"),
    magic = ProtoField.uint32("gamemaker.magic", "Magic", base.HEX),
    magic2 = ProtoField.uint32("gamemaker.magic2", "Second magic", base.HEX),
    header_size = ProtoField.uint32("gamemaker.header_size", "Size of this part", base.DEC),
    game_id = ProtoField.uint32("gamemaker.game_id", "Game id", base.DEC),
    size = ProtoField.uint32("gamemaker.size", "Payload size", base.DEC),
    payload = ProtoField.bytes("gamemaker.payload", "Payload"),
    continued = ProtoField.bytes("gamemaker.continued", "Payload, continued"),
    broken = ProtoField.bytes("gamemaker.broken", "Not understood"),
}
gamemaker.fields = gm

local gm_expert = {
    magic = ProtoExpert.new("gamemaker.expert.magic", "Wrong bytes", expert.group.MALFORMED, expert.severity.ERROR),
    header = ProtoExpert.new("gamemaker.expert.header", "Wrong header size", expert.group.MALFORMED, expert.severity.ERROR),
    size = ProtoExpert.new("gamemaker.expert.size", "Announced size", expert.group.MALFORMED, expert.severity.WARN),
    cut = ProtoExpert.new("gamemaker.expert.cut", "Not whole", expert.group.MALFORMED, expert.severity.WARN),
    text = ProtoExpert.new("gamemaker.expert.text", "Text message", expert.group.PROTOCOL, expert.severity.WARN),
}
gamemaker.experts = gm_expert

gamemaker.prefs.most = Pref.uint("Largest packet in bytes", 67108864,
    "A packet that announces more is shown as broken, and nothing is put together for it")
-- For dissectors of one's own game: DissectorTable.get("gamemaker.first_byte"):add(3, my_game)
local by_first_byte = DissectorTable.new("gamemaker.first_byte", "First byte of a GameMaker packet", ftypes.UINT8,
    base.DEC, gamemaker)

local opcode_of_websocket = Field.new("websocket.opcode")

-- What each kind begins with, and how long it is before a payload.
local starts = {
    { kind = GREETING, bytes = "GM:Studio-Connect\0", size = 18 },
    { kind = HELLO, bytes = "\xBE\xBA\xFE\xCA\x0B\xB0\xAD\xDE", size = 16 },
    { kind = ACCEPTED, bytes = "\xAD\xBE\xAF\xDE\xEB\xBE\x0D\xF0", size = 12 },
    { kind = PACKET, bytes = "\xDE\xC0\xAD\xDE", size = 12 },
}
local RECOGNISED_FROM = 4

-- What begins at the offset. Nil when it is nothing of GameMaker's, or cannot be told yet.
local function start_at(tvb, offset)
    local count = math.min(tvb:len() - offset, RECOGNISED_FROM)
    local first = tvb:raw(offset, count)
    for _, start in ipairs(starts) do
        if start.bytes:sub(1, count) == first then
            return start, count == RECOGNISED_FROM
        end
    end
end

-- The whole size of what begins there; nil when it takes more bytes to tell.
local function size_at(tvb, offset, start)
    if start.kind ~= PACKET then
        return start.size
    end
    if tvb:len() - offset < start.size then
        return nil
    end
    return start.size + tvb(offset + 8, 4):le_uint()
end

local function expect(tree, tvb, offset, field, wanted, complaint, text)
    local item = tree:add_le(field, tvb(offset, 4))
    if tvb(offset, 4):le_uint() ~= wanted then
        item:add_proto_expert_info(complaint, text)
    end
end

local function add_handshake(tree, tvb, offset, kind)
    if kind == GREETING then
        local item = tree:add(gm.greeting, tvb(offset, 18))
        if tvb:raw(offset, 18) ~= starts[1].bytes then
            item:add_proto_expert_info(gm_expert.magic, "The greeting must be \"GM:Studio-Connect\" and a NUL")
        end
        return "Greeting"
    end
    tree:add_le(gm.magic, tvb(offset, 4))
    if kind == ACCEPTED then
        expect(tree, tvb, offset + 4, gm.magic2, 0xF00DBEEB, gm_expert.magic, "The second magic must be F00DBEEB")
        expect(tree, tvb, offset + 8, gm.header_size, 12, gm_expert.header, "The size must be 12")
        return "Accepted"
    end
    expect(tree, tvb, offset + 4, gm.magic2, 0xDEADB00B, gm_expert.magic, "The second magic must be DEADB00B")
    expect(tree, tvb, offset + 8, gm.header_size, 16, gm_expert.header, "The size must be 16")
    tree:add_le(gm.game_id, tvb(offset + 12, 4))
    return string.format("Hello (game %d)", tvb(offset + 12, 4):le_uint())
end

local function add_packet(tree, tvb, pinfo, offset, available, root)
    local size = tvb(offset + 8, 4):le_uint()
    tree:add_le(gm.magic, tvb(offset, 4))
    expect(tree, tvb, offset + 4, gm.header_size, 12, gm_expert.header, "The header's size must be 12")
    local item = tree:add_le(gm.size, tvb(offset + 8, 4))
    if size > gamemaker.prefs.most then
        item:add_proto_expert_info(gm_expert.size, "More than the largest packet")
    end
    local carried = math.min(size, available - 12)
    if carried > 0 then
        local payload = tvb(offset + 12, carried)
        tree:add(gm.payload, payload)
        if carried == size then
            by_first_byte:try(payload(0, 1):uint(), payload:tvb(), pinfo, root)
        end
    end
    if carried < size then
        tree:add_proto_expert_info(gm_expert.cut, string.format("%d of %d bytes are here", carried, size))
    end
    return string.format("Packet (%d)", size)
end

-- One part; its words for the info column.
local function add_part(root, tvb, pinfo, offset, start, length)
    local tree = root:add(gamemaker, tvb(offset, length))
    local kind = tree:add(gm.kind, tvb(offset, RECOGNISED_FROM), start.kind)
    kind:set_generated()
    local words
    if start.kind == PACKET and length >= 12 then
        words = add_packet(tree, tvb, pinfo, offset, length, root)
    elseif start.kind ~= PACKET and length >= start.size then
        words = add_handshake(tree, tvb, offset, start.kind)
    else
        tree:add(gm.broken, tvb(offset, length))
        tree:add_proto_expert_info(gm_expert.cut, "It is cut short")
        words = kind_names[start.kind] .. " (cut short)"
    end
    tree:append_text(": " .. words)
    return words
end

local function add_broken(root, tvb, offset, complaint, text)
    local tree = root:add(gamemaker, tvb(offset))
    tree:add(gm.broken, tvb(offset)):add_proto_expert_info(complaint, text)
    tree:append_text(": Broken")
    return "Broken"
end

-- The words of one call; those of further calls for the same frame are put behind.
local function show(pinfo, parts)
    if #parts == 0 then
        return
    end
    pinfo.cols.protocol:set("GameMaker")
    local words = table.concat(parts, ", ", 1, math.min(#parts, 8))
    if #parts > 8 then
        words = string.format("%s and %d more", words, #parts - 8)
    end
    pinfo.cols.info:clear()
    pinfo.cols.info:append(words .. " ")
    pinfo.cols.info:fence()
end

-- A packet that cannot be: to be told before more bytes are waited for.
local function is_impossible(tvb, offset, start)
    local left = tvb:len() - offset
    if start.kind ~= PACKET or left < 8 then
        return false
    end
    return tvb(offset + 4, 4):le_uint() ~= 12 or
        (left >= 12 and tvb(offset + 8, 4):le_uint() > gamemaker.prefs.most)
end

-- Whatever the bytes hold, one after the other; their words go to `parts`. `may_wait`: more of the stream can be asked for.
-- Returns how many bytes the last one lacks.
local function add_all(root, tvb, pinfo, may_wait, parts)
    local offset, lacks = 0, 0
    while offset < tvb:len() do
        local left = tvb:len() - offset
        local start, sure = start_at(tvb, offset)
        if not start then
            parts[#parts + 1] = add_broken(root, tvb, offset, gm_expert.magic, "Neither a packet nor a part of the handshake")
            break
        end
        local size = sure and size_at(tvb, offset, start) or nil
        local impossible = is_impossible(tvb, offset, start)
        if may_wait and not impossible and (not size or size > left) then
            pinfo.desegment_offset = offset
            pinfo.desegment_len = size and size - left or DESEGMENT_ONE_MORE_SEGMENT
            break
        end
        local length = (impossible or not size) and left or math.min(size, left)
        if sure then
            parts[#parts + 1] = add_part(root, tvb, pinfo, offset, start, length)
        else
            parts[#parts + 1] = add_broken(root, tvb, offset, gm_expert.cut, "It is cut short")
        end
        offset = offset + length
        lacks = size and not impossible and size - length or 0
    end
    return lacks
end

local function dissect_stream(tvb, pinfo, root)
    local parts = {}
    add_all(root, tvb, pinfo, pinfo.can_desegment > 0, parts)
    show(pinfo, parts)
    return tvb:len()
end

gamemaker.dissector = dissect_stream

-- Whether this can be the beginning of something of GameMaker's.
local function begins_well(tvb)
    if tvb:len() < RECOGNISED_FROM then
        return false
    end
    local start = start_at(tvb, 0)
    if not start then
        return false
    end
    return start.kind ~= PACKET or tvb:len() < 8 or tvb(4, 4):le_uint() == 12
end

gamemaker:register_heuristic("tcp", function(tvb, pinfo, root)
    if not begins_well(tvb) then
        return false
    end
    pinfo.conversation = gamemaker
    dissect_stream(tvb, pinfo, root)
    return true
end)

-- Captures of a machine's own traffic have several datagrams of one size as one, where the system lets the network card cut
-- them: so that one header follows the other.
local PACKET_START = "\xDE\xC0\xAD\xDE\x0C\0\0\0"

local function begins_datagram(tvb, offset)
    return tvb:len() - offset >= 12 and tvb:raw(offset, 8) == PACKET_START
end

gamemaker:register_heuristic("udp", function(tvb, pinfo, root)
    if not begins_datagram(tvb, 0) then
        return false
    end
    local offset, parts = 0, {}
    while offset < tvb:len() do
        local length = 12 + tvb(offset + 8, 4):le_uint()
        local alone = not begins_datagram(tvb, offset + length)
        local taken = alone and tvb:len() - offset or length
        parts[#parts + 1] = add_part(root, tvb, pinfo, offset, starts[PACKET], taken)
        if length < taken then
            root:add_proto_expert_info(gm_expert.size, string.format(
                "%d bytes are announced, %d follow: it is delivered with its header", length - 12, taken - 12))
        end
        offset = offset + taken
    end
    show(pinfo, parts)
    return true
end)

local regular -- directions of WebSockets in which something of GameMaker's was seen: what is no packet there is discarded
local missing -- direction -> how many bytes of a packet are to come in later messages
local counts  -- frame -> how many messages it has
local message -- which one of which frame is looked at

function gamemaker.init()
    facts, regular, missing, counts, message = {}, {}, {}, {}, { frame = 0, index = 0 }
end

-- Which message of its frame this is: they come in order, the first again when the frame is looked at again.
local function message_index(pinfo)
    if message.frame ~= pinfo.number then
        message = { frame = pinfo.number, index = 0 }
    end
    message.index = message.index + 1
    if not pinfo.visited then
        counts[pinfo.number] = message.index
    end
    return (message.index - 1) % (counts[pinfo.number] or message.index)
end

-- A packet that an earlier message began, as far as it goes on in this one; how far that is.
local function add_continuation(root, tvb, continued)
    local length = math.min(continued, tvb:len())
    local tree = root:add(gamemaker, tvb(0, length))
    tree:add(gm.continued, tvb(0, length))
    tree:append_text(": Packet, continued")
    return length
end

local function add_message(root, tvb, pinfo, way, index)
    local continued = fact(pinfo, "continued " .. index, function() return missing[way] end) or 0
    local rest, parts = tvb, {}
    if continued > 0 then
        local length = add_continuation(root, tvb, continued)
        parts[1] = string.format("Packet, continued (%d)", length)
        rest = length < tvb:len() and tvb(length):tvb() or nil
    end
    local missing_now = rest and add_all(root, rest, pinfo, false, parts) or continued - tvb:len()
    show(pinfo, parts)
    missing[way] = missing_now > 0 and missing_now or nil
end

gamemaker:register_heuristic("ws", function(tvb, pinfo, root)
    local index, way = message_index(pinfo), direction_of(pinfo)
    local known = fact(pinfo, "regular " .. index, function() return regular[way] end)
    if tvb:len() == 0 or not (known or begins_well(tvb)) then
        return false
    end
    regular[way] = true
    add_message(root, tvb, pinfo, way, index)
    local opcodes = { opcode_of_websocket() }
    if #opcodes > 0 and opcodes[#opcodes].value == 1 then
        root:add_proto_expert_info(gm_expert.text, "A text message is no packet: it is discarded")
    end
    return true
end)

DissectorTable.get("tcp.port"):add_for_decode_as(gamemaker)

-- Reliable UDP ---------------------------------------------------------------------------------------------------

local reliable = Proto("stepwire", "stepwire Reliable UDP")

local K_HELLO, K_WELCOME, K_CONFIRM, K_DATA, K_RESET, K_CLOSE = 1, 2, 3, 4, 5, 6
local reliable_kinds = {
    [K_HELLO] = "Hello", [K_WELCOME] = "Welcome", [K_CONFIRM] = "Confirm",
    [K_DATA] = "Data", [K_RESET] = "Reset", [K_CLOSE] = "Close",
}
local PART_WHOLE, PART_FIRST, PART_MIDDLE, PART_LAST = 0, 1, 2, 3
local part_names = { [0] = "whole message", "first", "middle", "last" }
local close_names = { [0] = "closed", "the protocol was broken", "a message was too big", "no memory for an unfinished message", "closed before all was acknowledged" }

local rf = {
    version = ProtoField.uint8("stepwire.version", "Version", base.DEC, nil, 0xF0),
    kind = ProtoField.uint8("stepwire.kind", "Kind", base.DEC, reliable_kinds, 0x0F),
    token = ProtoField.uint64("stepwire.token", "Token", base.HEX),
    other_token = ProtoField.uint64("stepwire.other_token", "The other token", base.HEX),
    stamp = ProtoField.uint32("stepwire.stamp", "Stamp", base.DEC),
    incarnation = ProtoField.uint32("stepwire.incarnation", "Incarnation", base.HEX),
    flags = ProtoField.uint8("stepwire.flags", "Flags", base.HEX),
    gave_up = ProtoField.bool("stepwire.flags.gave_up", "Gave up", 8, nil, 0x01),
    code = ProtoField.uint8("stepwire.code", "Code", base.DEC, close_names),
    padding = ProtoField.bytes("stepwire.padding", "Padding"),
    number = ProtoField.uint32("stepwire.number", "Number", base.DEC),
    largest = ProtoField.uint32("stepwire.largest", "Largest number that has arrived", base.DEC),
    delay = ProtoField.uint16("stepwire.delay", "Delay", base.DEC),
    delay_ms = ProtoField.double("stepwire.delay_ms", "Delay in milliseconds"),
    bitmap_length = ProtoField.uint8("stepwire.bitmap_length", "Bitmap length", base.DEC),
    bitmap = ProtoField.bytes("stepwire.bitmap", "Bitmap"),
    acknowledged = ProtoField.uint32("stepwire.acknowledged", "Has arrived", base.DEC),
    acknowledged_frame = ProtoField.framenum("stepwire.acknowledged_frame", "Largest was sent in frame", base.NONE, frametype.ACK),
    chunk = ProtoField.bytes("stepwire.chunk", "Chunk"),
    chunk_length = ProtoField.uint16("stepwire.chunk.length", "Length", base.DEC, nil, 0x0FFF),
    chunk_numbered = ProtoField.bool("stepwire.chunk.numbered", "Sequence number follows", 16, nil, 0x1000),
    chunk_part = ProtoField.uint16("stepwire.chunk.part", "Part", base.DEC, part_names, 0x6000),
    chunk_reserved = ProtoField.bool("stepwire.chunk.reserved", "Reserved", 16, nil, 0x8000),
    chunk_sequence = ProtoField.uint32("stepwire.chunk.sequence", "Sequence number", base.DEC),
    chunk_repeated = ProtoField.framenum("stepwire.chunk.repeated", "Was sent before in frame", base.NONE, frametype.RETRANS_PREV),
    chunk_payload = ProtoField.bytes("stepwire.chunk.payload", "Payload"),
    message = ProtoField.bytes("stepwire.message", "Message"),
    message_size = ProtoField.uint32("stepwire.message.size", "Message size", base.DEC),
    broken = ProtoField.bytes("stepwire.broken", "Not understood"),
}
reliable.fields = rf

local rf_expert = {
    version = ProtoExpert.new("stepwire.expert.version", "Unknown version", expert.group.PROTOCOL, expert.severity.WARN),
    body = ProtoExpert.new("stepwire.expert.body", "Broken body", expert.group.MALFORMED, expert.severity.ERROR),
    flags = ProtoExpert.new("stepwire.expert.flags", "Unknown flags", expert.group.PROTOCOL, expert.severity.NOTE),
    repeated = ProtoExpert.new("stepwire.expert.repeated", "Repeated chunk", expert.group.SEQUENCE, expert.severity.NOTE),
    reset = ProtoExpert.new("stepwire.expert.reset", "Session unknown", expert.group.SEQUENCE, expert.severity.WARN),
    close = ProtoExpert.new("stepwire.expert.close", "Session closed", expert.group.SEQUENCE, expert.severity.CHAT),
    size = ProtoExpert.new("stepwire.expert.size", "Large datagram", expert.group.PROTOCOL, expert.severity.NOTE),
}
reliable.experts = rf_expert

local sessions        -- token of the receiver -> the chunks sent to it, by sequence number
local frame_by_number -- direction -> number -> frame

function reliable.init()
    facts, sessions, frame_by_number = {}, {}, {}
end

local function add_acknowledgement(tree, tvb, pinfo, offset)
    local largest = tvb(offset + 4, 4):le_uint()
    local item = tree:add_le(rf.largest, tvb(offset + 4, 4))
    if largest == 0 then
        item:append_text(" (none)")
    else
        tree:add_le(rf.acknowledged, tvb(offset + 4, 4)):set_generated()
        local frame = fact(pinfo, "acknowledged " .. tvb:offset(), function()
            local sent = frame_by_number[direction(tostring(pinfo.dst), pinfo.dst_port, tostring(pinfo.src), pinfo.src_port)]
            return sent and sent[largest]
        end)
        if frame then
            tree:add(rf.acknowledged_frame, tvb(offset + 4, 4), frame):set_generated()
        end
    end
    local delay = tvb(offset + 8, 2):le_uint()
    tree:add_le(rf.delay, tvb(offset + 8, 2)):append_text(delay == 65535 and " (or longer)" or "")
    tree:add(rf.delay_ms, tvb(offset + 8, 2), delay * 0.016):set_generated()
    return largest
end

local function add_bitmap(tree, tvb, offset, length, largest)
    local range = tvb(offset, length)
    local bitmap = tree:add(rf.bitmap, range)
    for i = 0, length * 8 - 1 do
        local byte = tvb(offset + math.floor(i / 8), 1)
        local number = largest - 1 - i
        if math.floor(byte:uint() / 2 ^ (i % 8)) % 2 == 1 and number > 0 then
            bitmap:add(rf.acknowledged, byte, number):set_generated()
        end
    end
end

local function goes_on(part)
    return part == PART_FIRST or part == PART_MIDDLE
end

local function follows(part)
    return part == PART_MIDDLE or part == PART_LAST
end

-- Joins the chunk to those of its message that stand before and behind it: the first and the last of them all.
local function join(session, sequence)
    local chunks, first, last = session.chunks, sequence, sequence
    local previous, next = (sequence - 1) % UINT32, (sequence + 1) % UINT32
    if follows(chunks[sequence].part) and chunks[previous] and goes_on(chunks[previous].part) then
        first = session.first_of[previous]
    end
    if goes_on(chunks[sequence].part) and chunks[next] and follows(chunks[next].part) then
        last = session.last_of[next]
    end
    session.first_of[last], session.last_of[first] = first, last
    return first, last
end

-- The message that the chunk completes, as bytes.
local function completed(session, sequence)
    local chunks = session.chunks
    local first, last = join(session, sequence)
    if chunks[first].part ~= PART_FIRST or chunks[last].part ~= PART_LAST then
        return nil
    end
    local message, at = ByteArray.new(), first
    repeat
        if chunks[at].bytes then
            message:append(chunks[at].bytes)
        end
        chunks[at].bytes = nil
        local was_last = at == last
        at = (at + 1) % UINT32
    until was_last
    return message
end

-- What the chunk means beside those before: the frame that had it already, or the message that it completes.
local function place_chunk(pinfo, token, sequence, part, payload)
    local session = sessions[token] or { chunks = {}, first_of = {}, last_of = {} }
    sessions[token] = session
    local length = payload and payload:len() or 0
    local before = session.chunks[sequence]
    -- Whatever else has this number is of 4294967296 chunks ago.
    if before and before.part == part and before.length == length then
        return { repeated = before.frame }
    end
    local chunk = { frame = pinfo.number, part = part, length = length }
    session.chunks[sequence] = chunk
    if part == PART_WHOLE then
        return {}
    end
    chunk.bytes = payload and payload:bytes()
    return { message = completed(session, sequence) }
end

local function add_whole_message(tree, bytes, range)
    local size = bytes:len()
    tree:add(rf.message_size, range, size):set_generated()
    if size > 0 then
        local message = bytes:tvb("Message")
        tree:add(rf.message, message(0, size)):set_generated()
    end
end

-- One chunk: where the next begins and its sequence number; or nil and what is wrong.
local function add_chunk(tree, tvb, pinfo, offset, previous, token)
    if tvb:len() - offset < 2 then
        return nil, "a chunk is cut short"
    end
    local head = tvb(offset, 2):le_uint()
    local length, numbered, part = head % 4096, math.floor(head / 4096) % 2 == 1, math.floor(head / 8192) % 4
    local size = 2 + (numbered and 4 or 0) + length
    if math.floor(head / 32768) == 1 then
        return nil, "the reserved bit of a chunk is set"
    end
    if not numbered and not previous then
        return nil, "the first chunk must have its sequence number"
    end
    if tvb:len() - offset < size then
        return nil, "a chunk is cut short"
    end
    local item = tree:add(rf.chunk, tvb(offset, size))
    for _, field in ipairs({ rf.chunk_length, rf.chunk_numbered, rf.chunk_part, rf.chunk_reserved }) do
        item:add_le(field, tvb(offset, 2))
    end
    local sequence
    if numbered then
        sequence = tvb(offset + 2, 4):le_uint()
        item:add_le(rf.chunk_sequence, tvb(offset + 2, 4))
    else
        sequence = (previous + 1) % UINT32
        item:add(rf.chunk_sequence, tvb(offset, 2), sequence):set_generated()
    end
    local payload = length > 0 and tvb(offset + size - length, length) or nil
    if payload then
        item:add(rf.chunk_payload, payload)
    end
    item:set_text(string.format("Chunk %.0f (%s, %d bytes)", sequence, part_names[part], length))
    local found = fact(pinfo, "chunk " .. tvb:offset() + offset, function()
        return place_chunk(pinfo, token, sequence, part, payload)
    end) or {}
    if found.repeated then
        item:add(rf.chunk_repeated, tvb(offset, size), found.repeated):set_generated()
        item:add_proto_expert_info(rf_expert.repeated, "This chunk was sent before")
    elseif part == PART_WHOLE then
        item:add(rf.message_size, tvb(offset, size), length):set_generated()
        if payload then
            item:add(rf.message, payload):set_generated()
        end
    elseif found.message then
        add_whole_message(item, found.message, tvb(offset, size))
    end
    return offset + size, sequence
end

local function break_off(tree, tvb, offset, text)
    local range = offset < tvb:len() and tvb(offset) or tvb(0)
    tree:add(rf.broken, range):add_proto_expert_info(rf_expert.body, text .. ": the datagram is dropped")
    return "broken"
end

-- Acknowledgements and chunks; their words for the info column.
local function add_body(tree, tvb, pinfo, offset, token)
    local number = tvb(offset, 4):le_uint()
    local number_item = tree:add_le(rf.number, tvb(offset, 4))
    local largest = add_acknowledgement(tree, tvb, pinfo, offset)
    local bitmap = tvb(offset + 10, 1):uint()
    tree:add(rf.bitmap_length, tvb(offset + 10, 1))
    local words = largest > 0 and string.format(", ack %.0f", largest) or ""
    offset = offset + 11
    if bitmap > 32 then
        return break_off(tree, tvb, offset - 1, "A bitmap has 32 bytes at most")
    end
    if tvb:len() - offset < bitmap then
        return break_off(tree, tvb, offset, "The bitmap is cut short")
    end
    if bitmap > 0 then
        add_bitmap(tree, tvb, offset, bitmap, largest)
    end
    offset = offset + bitmap
    if offset == tvb:len() then
        number_item:append_text(" (without meaning: no chunk)")
        return "acknowledgement" .. words
    end
    fact(pinfo, "number " .. tvb:offset(), function()
        local way = direction_of(pinfo)
        frame_by_number[way] = frame_by_number[way] or {}
        frame_by_number[way][number] = pinfo.number
    end)
    local first, sequence, count
    count = 0
    while offset < tvb:len() do
        local next, found = add_chunk(tree, tvb, pinfo, offset, sequence, token)
        if not next then
            return break_off(tree, tvb, offset, found:gsub("^%l", string.upper))
        end
        offset, sequence, count = next, found, count + 1
        first = first or sequence
    end
    local which = count == 1 and string.format("chunk %.0f", first) or string.format("%d chunks from %.0f", count, first)
    return string.format("number %.0f, %s%s", number, which, words)
end

local function add_flags(tree, tvb, offset)
    local flags = tvb(offset, 1):uint()
    local item = tree:add(rf.flags, tvb(offset, 1))
    item:add(rf.gave_up, tvb(offset, 1))
    if flags > 1 then
        item:add_proto_expert_info(rf_expert.flags, "Only bit 0 has a meaning")
    end
    return flags % 2 == 1 and ", gave up" or ""
end

local add_kind = {
    [K_HELLO] = function(tree, tvb)
        tree:add(rf.padding, tvb(12, 16))
    end,
    [K_WELCOME] = function(tree, tvb)
        tree:add_le(rf.other_token, tvb(12, 8))
        tree:add_le(rf.stamp, tvb(20, 4))
        tree:add_le(rf.incarnation, tvb(24, 4))
    end,
    [K_CONFIRM] = function(tree, tvb, pinfo, token)
        tree:add_le(rf.other_token, tvb(12, 8))
        tree:add_le(rf.stamp, tvb(20, 4))
        tree:add_le(rf.incarnation, tvb(24, 4))
        local gave_up = add_flags(tree, tvb, 28)
        return add_body(tree, tvb, pinfo, 29, token) .. gave_up
    end,
    [K_DATA] = function(tree, tvb, pinfo, token)
        return add_body(tree, tvb, pinfo, 12, token)
    end,
    [K_RESET] = function(tree, tvb)
        tree:add_le(rf.incarnation, tvb(12, 4))
        tree:add_proto_expert_info(rf_expert.reset, "The receiver of a datagram did not know its session")
        return "session unknown" .. add_flags(tree, tvb, 16)
    end,
    [K_CLOSE] = function(tree, tvb)
        local reason = close_names[tvb(12, 1):uint()] or close_names[0]
        tree:add(rf.code, tvb(12, 1))
        tree:add_proto_expert_info(rf_expert.close, "The session was closed: " .. reason)
        return reason
    end,
}

-- The lengths that each kind may have.
local lengths = {
    [K_HELLO] = { 32, 32 }, [K_WELCOME] = { 28, 28 }, [K_CONFIRM] = { 40, 65535 },
    [K_DATA] = { 23, 65535 }, [K_RESET] = { 17, 17 }, [K_CLOSE] = { 13, 13 },
}

local function belongs(tvb)
    if tvb:len() < 12 or tvb:raw(0, 3) ~= "\xD7\x53\x57" then
        return false
    end
    local version, kind = math.floor(tvb(3, 1):uint() / 16), tvb(3, 1):uint() % 16
    if version == 2 or version == 3 then
        return true
    end
    local length = lengths[kind]
    return version == 1 and length ~= nil and tvb:len() >= length[1] and tvb:len() <= length[2]
end

-- One datagram; its words for the info column.
local function add_datagram(root, tvb, pinfo)
    local tree = root:add(reliable, tvb())
    tree:add(rf.version, tvb(3, 1))
    if tvb(3, 1):uint() >= 32 then
        tree:add(rf.broken, tvb(4)):add_proto_expert_info(rf_expert.version, "Version 1 drops what is of version 2 or 3")
        return string.format("Version %d", math.floor(tvb(3, 1):uint() / 16))
    end
    local kind = tvb(3, 1):uint() % 16
    tree:add(rf.kind, tvb(3, 1))
    tree:add_le(rf.token, tvb(4, 8))
    if tvb:len() > 1200 then
        tree:add_proto_expert_info(rf_expert.size, "No datagram should be over 1200 bytes")
    end
    local words = add_kind[kind](tree, tvb, pinfo, tvb(4, 8):bytes():tohex())
    words = reliable_kinds[kind] .. (words and ": " .. words or "")
    tree:append_text(", " .. words)
    return words
end

-- The size of each of the datagrams that were captured as one (see PACKET_START), the last of which may be shorter: the same
-- beginning, token included, comes again at every multiple of it. The length of all where there is but one.
local function size_of_each(tvb)
    local bytes = tvb:raw()
    local size = (bytes:find(bytes:sub(1, 12), 13, true) or #bytes + 1) - 1
    for offset = size, #bytes - 1, size do
        if bytes:sub(offset + 1, offset + 12) ~= bytes:sub(1, 12) then
            return #bytes
        end
    end
    return size
end

local function dissect_datagrams(tvb, pinfo, root)
    if not belongs(tvb) then
        return 0
    end
    local parts, each = {}, size_of_each(tvb)
    for offset = 0, tvb:len() - 1, each do
        local datagram = tvb(offset, math.min(each, tvb:len() - offset)):tvb()
        if belongs(datagram) then
            parts[#parts + 1] = add_datagram(root, datagram, pinfo)
        end
    end
    pinfo.cols.protocol:set("stepwire")
    pinfo.cols.info:set(table.concat(parts, "; "))
    return tvb:len()
end

reliable.dissector = dissect_datagrams
reliable:register_heuristic("udp", function(tvb, pinfo, root)
    return dissect_datagrams(tvb, pinfo, root) > 0
end)

DissectorTable.get("udp.port"):add_for_decode_as(reliable)
