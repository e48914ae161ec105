-- The cases of docs/bindings.md, which every binding must pass, over real sockets of this machine. Ends with status 1 at
-- the first failure. The binding is looked for where LUA_PATH says.
--
--   luajit conformance.lua            all of it
--   luajit conformance.lua peer PORT  joins a server and says "here", until it is killed (by the script itself)

local stepwire = require("stepwire")

local HOST = "127.0.0.1"
local PATIENCE = 20000

local function same(got, wanted, what)
    if got ~= wanted then
        error(("%s: %s instead of %s"):format(what, tostring(got), tostring(wanted)), 2)
    end
end

-- The next event for which `wanted` holds; others are answered by `meanwhile`, or are failures.
local function next_event(wanted, meanwhile)
    local deadline = os.time() + PATIENCE / 1000
    while os.time() <= deadline do
        for event in stepwire.events() do
            if wanted(event) then
                return event
            end
            if not (meanwhile and meanwhile(event)) then
                error("unexpected: " .. event.type .. " " .. tostring(event.socket) .. " " .. tostring(event.reason), 2)
            end
        end
        stepwire.wait(100)
    end
    error("nothing came", 2)
end

local function of(socket, type)
    return function(event)
        return event.socket == socket and event.type == type
    end
end

local function at(server, type)
    return function(event)
        return event.server == server and event.type == type
    end
end

-- A server, a client that is connected to it, and the server's side of the connection.
local function pair(type, options)
    options = options or {}
    local server = assert(stepwire.server { type = type, raw = options.raw })
    local client = assert(stepwire.connect { type = type, host = HOST, port = server:port(), raw = options.raw })
    local accepted, connected
    while not (accepted and connected) do
        local event = next_event(function(event)
            return event.type == "connect" or event.type == "connected"
        end)
        if event.type == "connect" then
            same(event.server, server, "the connect's server")
            accepted = event.socket
        else
            same(event.socket, client, "the connected socket")
            connected = true
        end
    end
    return server, client, accepted
end

local function exchange(type, options)
    local server, client, accepted = pair(type, options)
    local send = options and options.raw and "send_raw" or "send"
    for _, data in ipairs { "hello", "\0\1\255", ("x"):rep(100000) } do
        assert(client[send](client, data))
        local there = next_event(of(accepted, "data"))
        same(there.data, data, "at the server")
        same(there.server, server, "the data's server")
        assert(accepted[send](accepted, there.data))
        same(next_event(of(client, "data")).data, data, "back at the client")
    end
    return server, client, accepted
end

local tests = {}

function tests.server_and_client()
    local server, client, accepted = exchange("tcp")
    same(client:send("12345"), 17, "what send returns over TCP")
    next_event(of(accepted, "data"))
    assert(client:send(""))
    same(next_event(of(accepted, "data")).data, "", "an empty packet")
    assert(client:close())
    same(next_event(of(accepted, "disconnect")).error, nil, "an orderly close's error")
    server:close()
end

function tests.several_clients()
    local server, first, accepted = pair("tcp")
    local second = assert(stepwire.connect { host = HOST, port = server:port() })
    local other
    for _ = 1, 2 do
        local event = next_event(function(event)
            return event.type == "connect" or of(second, "connected")(event)
        end)
        other = event.type == "connect" and event.socket or other
    end
    assert(accepted:send("for the first"))
    assert(other:send("for the second"))
    for _ = 1, 2 do
        local event = next_event(function(event) return event.type == "data" end)
        same(event.data, event.socket == first and "for the first" or "for the second", tostring(event.socket))
    end
    server:close()
    for _ = 1, 2 do
        next_event(function(event) return event.type == "disconnect" end)
    end
    first:close()
    second:close()
end

function tests.websockets()
    local server, client = exchange("ws")
    client:close()
    local event = next_event(at(server, "disconnect"))
    same(event.error, nil, "an orderly close's error")
    same(event.code, 1000, "its code")
    server:close()
end

function tests.raw_websockets()
    local server, client, accepted = exchange("ws", { raw = true })
    assert(client:send_raw("text", true))
    local event = next_event(of(accepted, "data"))
    same(event.data, "text", "a text message")
    same(event.is_text, true, "is_text")
    client:close()
    server:close()
end

function tests.udp()
    for _, reliable in ipairs { false, true } do
        local server = assert(stepwire.server { type = "udp", reliable = reliable })
        local client = assert(stepwire.udp { reliable = reliable })
        assert(client:send_to(HOST, server:port(), "ping"))
        local event = next_event(of(server, "data"))
        same(event.data, "ping", "the datagram")
        same(event.port, client:port(), "its sender's port")
        assert(server:send_to(event.ip, event.port, "pong"))
        same(next_event(of(client, "data")).data, "pong", "the answer")
        assert(client:send_raw_to(HOST, server:port(), "raw"))
        same(next_event(of(server, "data")).data, "raw", "a datagram without a header")
        client:close()
        server:close()
    end
end

function tests.a_client_connects_again()
    local server, client, accepted = pair("tcp")
    local port = server:port()
    server:close()
    next_event(of(client, "disconnect"))
    same(accepted:send("gone"), nil, "a send to what was closed")
    server = assert(stepwire.server { port = port })
    assert(client:connect())
    for _ = 1, 2 do
        next_event(function(event)
            return event.type == "connect" or of(client, "connected")(event)
        end)
    end
    assert(client:send("again"))
    same(next_event(at(server, "data")).data, "again", "after connecting again")
    client:close()
    server:close()
end

local function fails(number, what, result, why, got)
    same(result, nil, what)
    same(got, number, what .. ": the number")
    assert(#why > 10, what .. ": no sentence")
end

function tests.errors()
    local server, client = pair("tcp")
    fails(stepwire.network_error_address_in_use, "a port that is taken", stepwire.server { port = server:port() })
    fails(stepwire.network_error_wrong_kind, "sending on a server", server:send("x"))
    fails(stepwire.network_error_wrong_kind, "a raw send on a regular connection", client:send_raw("x"))
    fails(stepwire.network_error_bad_argument, "a port out of range", stepwire.server { port = 70000 })
    fails(stepwire.network_error_bad_argument, "a setting out of range",
        stepwire.udp { settings = { reliable_timeout = 0 / 0 } })
    fails(stepwire.network_error_bad_argument, "an option out of range", stepwire.configure_library("connect_timeout", -1))
    same(stepwire.error_name(stepwire.network_error_timeout), "network_error_timeout", "a number's name")
    client:close()
    fails(stepwire.network_error_bad_handle, "a socket that was closed", client:send("x"))
    fails(stepwire.network_error_bad_handle, "closing twice", client:close())
    assert(not pcall(stepwire.server, { type = "pigeon" }), "a type that does not exist")
    assert(not pcall(stepwire.configure_library, "colour", 1), "an option that does not exist")
    next_event(at(server, "disconnect"))
    local port = server:port()
    server:close()
    local lost = assert(stepwire.connect { host = HOST, port = port })
    local event = next_event(of(lost, "failed"))
    assert(event.error < 0 and #event.reason > 10, "a refused connect has an error and a reason")
    lost:close()
end

function tests.ten_thousand_messages_in_order()
    for _, type in ipairs { "tcp", "ws" } do
        local server, client, accepted = pair(type)
        local count, sent, came = 10000, 0, 0
        while came < count do
            while sent < count and sent - came < 1000 do
                sent = sent + 1
                assert(client:send(tostring(sent)))
            end
            came = came + 1
            local answer = next_event(of(client, "data"), function(event)
                -- Echoed by the server until the client's answers come.
                same(event.socket, accepted, "who sent it")
                return accepted:send(event.data)
            end)
            same(answer.data, tostring(came), "message " .. came)
        end
        client:close()
        server:close()
    end
end

function tests.payloads_come_back_as_they_were()
    local server, client, accepted = pair("tcp")
    for turn = 1, 200 do
        local data = ("%d:"):format(turn) .. string.char(turn % 256):rep(turn * 37 % 5000)
        assert(client:send(data))
        same(next_event(of(accepted, "data")).data, data, "packet " .. turn)
        collectgarbage()
    end
    client:close()
    server:close()
end

function tests.a_peer_that_dies()
    local server = assert(stepwire.server {})
    local this = ("%q %q"):format(arg[-1] or "luajit", arg[0])
    local peer = assert(io.popen(("%s peer %d & echo $!"):format(this, server:port())))
    local process = peer:read("*n")
    local client = next_event(at(server, "connect")).socket
    same(next_event(of(client, "data")).data, "here", "what the peer says")
    os.execute("kill -9 " .. process)
    next_event(of(client, "disconnect"))
    peer:close()
    server:close()
end

function tests.what_can_be_asked()
    local server, client, accepted = pair("tcp")
    same(accepted:string("ip"), HOST, "the peer's address")
    assert(client:send("12345"))
    next_event(of(accepted, "data"))
    same(accepted:stat("packets_received"), 1, "packets received")
    assert(stepwire.stat("packets_sent") >= 1, "packets sent by all")
    assert(stepwire.resolve(HOST) == HOST, "an address of itself")
    assert(stepwire.version():match("^%d+%.%d+%.%d+$"), "the version")
    assert(stepwire.wait(0) == false, "nothing waits")
    client:close()
    server:close()
end

function tests.shutdown_and_a_new_start()
    local _, client = pair("tcp")
    assert(stepwire.shutdown())
    fails(stepwire.network_error_bad_handle, "a socket from before", client:send("x"))
    local server, again = pair("tcp")
    again:close()
    server:close()
end

local function be_a_peer(port)
    local socket = assert(stepwire.connect { host = HOST, port = port })
    while stepwire.wait(PATIENCE) do
        for event in stepwire.events() do
            if event.type == "connected" then
                assert(socket:send("here"))
            end
        end
    end
end

if arg[1] == "peer" then
    be_a_peer(tonumber(arg[2]))
    return
end

io.stdout:setvbuf("line")
stepwire.configure_library("bind_address", HOST)
local names = {}
for name in pairs(tests) do
    names[#names + 1] = name
end
table.sort(names)
for _, name in ipairs(names) do
    local passed, why = xpcall(tests[name], debug.traceback)
    print((passed and "ok   " or "FAIL ") .. name)
    if not passed then
        print(why)
        os.exit(1)
    end
    -- Each begins without what the one before has left; options are reset too.
    stepwire.shutdown()
    stepwire.configure_library("bind_address", HOST)
end
