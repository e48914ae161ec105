-- Everybody sees everybody's cursor.
--
--   love bindings/lua/love host [PORT]         serves, and plays along; port 0 is any free one
--   love bindings/lua/love [HOST [PORT]]       plays
--
-- It finds the library and stepwire.lua beside its folder, or the library where STEPWIRE_LIBRARY says. The packets are such
-- as a GameMaker game would write with buffer_write:
--   from a client  buffer_u8 1, buffer_f32 x, buffer_f32 y
--   from the server  buffer_u8 1, buffer_u16 player, buffer_f32 x, buffer_f32 y;  buffer_u8 2, buffer_u16 player: has left

package.path = love.filesystem.getSource() .. "/../?.lua;" .. package.path
local stepwire = require("stepwire")

local KIND_MOVE, KIND_LEFT = 1, 2
local DEFAULT_PORT = 6510

local server, client
local status = "connecting"
local cursors = {}     -- player -> { x, y }
local players = {}     -- the server's: client socket -> player
local last_player = 0
local last_x, last_y

local function tell_all(packet)
    for socket in pairs(players) do
        socket:send(packet) -- one that has just left has its event waiting
    end
end

local function on_server_event(event)
    if event.type == "connect" then
        last_player = last_player + 1
        players[event.socket] = last_player
    elseif event.type == "disconnect" then
        local player = players[event.socket]
        players[event.socket] = nil
        tell_all(love.data.pack("string", "<BI2", KIND_LEFT, player))
    elseif event.type == "data" and #event.data == 9 and event.data:byte() == KIND_MOVE then
        local _, x, y = love.data.unpack("<Bff", event.data)
        tell_all(love.data.pack("string", "<BI2ff", KIND_MOVE, players[event.socket], x, y))
    end
end

local function on_client_event(event)
    if event.type == "connected" then
        status = "connected"
    elseif event.type == "failed" or event.type == "disconnect" then
        status = event.reason ~= "" and event.reason or "the server has left"
        cursors = {}
    elseif event.type == "data" and #event.data == 11 and event.data:byte() == KIND_MOVE then
        local _, player, x, y = love.data.unpack("<BI2ff", event.data)
        cursors[player] = { x, y }
    elseif event.type == "data" and #event.data == 3 and event.data:byte() == KIND_LEFT then
        local _, player = love.data.unpack("<BI2", event.data)
        cursors[player] = nil
    end
end

function love.load(arguments)
    local hosts = arguments[1] == "host"
    local host, port = hosts and "127.0.0.1" or arguments[1] or "127.0.0.1", tonumber(arguments[2]) or DEFAULT_PORT
    if hosts then
        server = assert(stepwire.server { port = port, max_clients = 32 })
        port = server:port()
        print("listening on port " .. port)
        io.stdout:flush()
    end
    client = assert(stepwire.connect { host = host, port = port })
end

function love.update()
    for event in stepwire.events() do
        if server and event.server == server then
            on_server_event(event)
        else
            on_client_event(event)
        end
    end
    local x, y = love.mouse.getPosition()
    if status == "connected" and (x ~= last_x or y ~= last_y) then
        last_x, last_y = x, y
        client:send(love.data.pack("string", "<Bff", KIND_MOVE, x, y))
    end
end

function love.draw()
    love.graphics.print(status, 10, 10)
    for player, place in pairs(cursors) do
        love.graphics.circle("fill", place[1], place[2], 6)
        love.graphics.print("player " .. player, place[1] + 10, place[2] - 6)
    end
end

function love.quit()
    stepwire.shutdown()
end
