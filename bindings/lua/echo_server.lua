-- Sends back whatever comes:  luajit echo_server.lua [PORT]
package.path = (arg[0]:match("^(.*[/\\])") or "") .. "?.lua;" .. package.path
local stepwire = require("stepwire")

local server = assert(stepwire.server { port = tonumber(arg[1]) or 6510 })
print("listening on port " .. server:port())
io.stdout:flush()
while true do
    stepwire.wait(1000)
    for event in stepwire.events() do
        if event.type == "data" then
            event.socket:send(event.data)
        end
    end
end
