-- stepwire for LuaJIT and LÖVE: GameMaker's networking functions and wire protocol, by way of libstepwire.
--
-- One file. It needs LuaJIT's ffi and the shared library: in the folder that STEPWIRE_LIBRARY names or as that file, beside
-- this file, where both are installed together, or where the system looks for libraries. bindings/lua/README.md is the
-- manual.

local ffi = require("ffi")

-- made from include/stepwire.h by `cargo xtask header`: begin
local MADE_FOR = "0.2"

local DECLARATIONS = [[
typedef struct NetworkEvent {
    double type;
    double id;
    double socket;
    double server;
    double port;
    double succeeded;
    double message_type;
    double error;
    double size;
    const uint8_t *buffer;
    const char *ip;
    const char *reason;
    void *user;
    double code;
    double reserved[6];
} NetworkEvent;
typedef void (*NetworkCallback)(const struct NetworkEvent *event, void *user);
double network_create_socket(double type);
double network_create_socket_ext(double type, double port);
double network_create_server(double type,
                             double port,
                             double max_client);
double network_create_server_raw(double type, double port, double max_client);
double network_destroy(double socket);
double network_close(double socket,
                     double code,
                     const char *reason);
double network_set_user(double socket,
                        void *user);
void *network_get_user(double socket);
double network_shutdown(void);
double network_set_timeout(double socket, double read_ms, double write_ms);
double network_connect(double socket, const char *url, double port);
double network_connect_raw(double socket, const char *url, double port);
double network_connect_async(double socket, const char *url, double port);
double network_connect_raw_async(double socket, const char *url, double port);
const char *network_resolve(const char *url);
double network_send_packet(double socket,
                           const void *buffer,
                           double size);
double network_send_raw(double socket,
                        const void *buffer,
                        double size,
                        double options);
double network_send_udp(double socket,
                        const char *url,
                        double port,
                        const void *buffer,
                        double size);
double network_send_udp_raw(double socket,
                            const char *url,
                            double port,
                            const void *buffer,
                            double size);
double network_send_broadcast(double socket, double port, const void *buffer, double size);
double network_create_group(void);
double network_group_add(double group,
                         double socket);
double network_group_remove(double group, double socket);
double network_group_size(double group);
double network_group_send_packet(double group,
                                 const void *buffer,
                                 double size,
                                 double except);
double network_group_send_raw(double group,
                              const void *buffer,
                              double size,
                              double except);
double network_send_packet_many(const double *sockets,
                                double count,
                                const void *buffer,
                                double size,
                                double *results);
double network_set_udp_target(double socket,
                              const char *url,
                              double port);
double network_send_udp_to_target(double socket, const void *buffer, double size);
double network_send_udp_raw_to_target(double socket, const void *buffer, double size);
double network_poll_event(struct NetworkEvent *event);
double network_poll(NetworkCallback callback,
                    void *user);
double network_wait(double timeout_ms);
double network_event_next(void);
double network_event_real(const char *key);
const char *network_event_string(const char *key);
double network_event_read(void *destination, double offset, double size);
double network_wake(void);
double network_get_descriptor(void);
double network_set_config(double config,
                          double value1,
                          double value2);
double network_set_config_string(double config,
                                 double socket,
                                 const char *value);
const char *network_get_string(double socket,
                               const char *key);
double network_get_port(double socket);
double network_get_stat(double socket,
                        const char *key);
const char *network_last_error(void);
const char *network_next_log(void);
const char *network_error_name(double error);
const char *network_version(void);
const char *network_get_metrics(void);
const char *network_get_address(double index);
]]

local CONSTANTS = {
    network_config_connect_timeout = 0,
    network_config_use_non_blocking_socket = 1,
    network_config_enable_reliable_udp = 2,
    network_config_disable_reliable_udp = 3,
    network_config_avoid_time_wait = 4,
    network_config_websocket_protocol = 5,
    network_config_enable_multicast = 6,
    network_config_disable_multicast = 7,
    network_config_message_size_limit = 8,
    network_config_game_id = 1000,
    network_config_tls_verify = 1001,
    network_config_tls_ca_file = 1002,
    network_config_tls_certificate = 1003,
    network_config_tls_private_key = 1004,
    network_config_send_queue_limit = 1005,
    network_config_receive_queue_limit = 1006,
    network_config_bind_address = 1007,
    network_config_websocket_headers = 1008,
    network_config_websocket_origins = 1009,
    network_config_reliable_ordered = 1010,
    network_config_reliable_timeout = 1011,
    network_config_manual_io = 1012,
    network_config_no_delay = 1013,
    network_config_tls_identity = 1014,
    network_config_tls_identity_password = 1015,
    network_config_handshake_timeout = 1016,
    network_config_total_queue_limit = 1017,
    network_config_websocket_keepalive = 1018,
    network_config_io_threads = 1019,
    network_config_max_clients = 1020,
    network_config_accepting = 1021,
    network_config_clients_per_address = 1022,
    network_config_connects_per_address = 1023,
    network_config_receive_rate = 1024,
    network_config_proxy_protocol = 1025,
    network_config_proxy_trusted = 1026,
    network_config_http_health = 1027,
    network_config_http_metrics = 1028,
    network_config_reuse_port = 1029,
    network_config_reuse_address = 1030,
    network_config_reliable_keepalive = 1031,
    network_config_log_level = 1032,
    network_config_tls_reload = 1033,
    network_config_reliable_only = 1034,
    network_config_reliable_max_peers = 1035,
    network_config_message_timeout = 1036,
    network_config_total_send_limit = 1037,
    network_config_simulate_latency = 1100,
    network_config_simulate_jitter = 1101,
    network_config_simulate_loss = 1102,
    network_config_simulate_duplication = 1103,
    network_config_simulate_reordering = 1104,
    network_config_simulate_seed = 1105,
    network_socket_tcp = 0,
    network_socket_udp = 1,
    network_socket_bluetooth = 2,
    network_socket_ws = 6,
    network_socket_wss = 7,
    network_type_connect = 1,
    network_type_disconnect = 2,
    network_type_data = 3,
    network_type_non_blocking_connect = 4,
    network_type_up = 5,
    network_type_up_failed = 6,
    network_type_down = 7,
    network_type_writable = 1001,
    network_connect_none = 0,
    network_connect_blocking = 1,
    network_connect_nonblocking = 2,
    network_send_binary = 1,
    network_send_text = 2,
    network_message_reliable = 3,
    network_error_failed = -1,
    network_error_bad_handle = -2,
    network_error_bad_argument = -3,
    network_error_wrong_kind = -4,
    network_error_not_connected = -5,
    network_error_timeout = -6,
    network_error_too_big = -7,
    network_error_queue_full = -8,
    network_error_limit = -9,
    network_error_resolve = -10,
    network_error_tls = -11,
    network_error_handshake = -12,
    network_error_address_in_use = -13,
    network_error_not_supported = -14,
    network_error_busy = -15,
    network_error_closed = -16,
    network_error_internal = -99,
}
-- made from include/stepwire.h: end

ffi.cdef(DECLARATIONS)

local stepwire = {}
for name, value in pairs(CONSTANTS) do
    stepwire[name] = value
end

-- The library ------------------------------------------------------------------------------------------------------

local function file_names()
    if ffi.os == "Windows" then
        return { "stepwire.dll" }
    elseif ffi.os == "OSX" then
        return { "libstepwire." .. MADE_FOR .. ".dylib", "libstepwire.dylib" }
    end
    return { "libstepwire.so." .. MADE_FOR, "libstepwire.so" }
end

-- Its folder in archives.
local function platform()
    local systems = { Windows = "windows", OSX = "macos", Linux = "linux" }
    return (systems[ffi.os] or ffi.os:lower()) .. "-" .. ffi.arch
end

-- The folder of this file, with a slash at its end; "" where that is not known.
local function own_folder()
    local source = debug.getinfo(1, "S").source
    return source:match("^@(.*[/\\])") or ""
end

local function load_library()
    local named = os.getenv("STEPWIRE_LIBRARY")
    local places = named and { named } or {}
    -- share/lua/5.1 and lib have one prefix; archives have a folder for each platform.
    local own = own_folder()
    local folders = named and { named .. "/", "" } or { own, own .. platform() .. "/", own .. "../../../lib/", "" }
    for _, folder in ipairs(folders) do
        for _, name in ipairs(file_names()) do
            places[#places + 1] = folder .. name
        end
    end
    local failures = {}
    for _, place in ipairs(places) do
        local loaded, library = pcall(ffi.load, place)
        if loaded then
            return library
        end
        failures[#failures + 1] = tostring(library)
    end
    error("stepwire: the library cannot be loaded:\n  " .. table.concat(failures, "\n  "), 0)
end

local C = load_library()
-- All of the library's functions as the header has them: what is not wrapped here can be called there.
stepwire.C = C

local function text(pointer)
    return pointer ~= nil and ffi.string(pointer) or ""
end

function stepwire.version()
    return text(C.network_version())
end

if stepwire.version():sub(1, #MADE_FOR + 1) ~= MADE_FOR .. "." then
    error(("stepwire: this file is for version %s of the library, which is %s"):format(MADE_FOR, stepwire.version()), 0)
end

-- Results ----------------------------------------------------------------------------------------------------------

-- What a function of the library returned; of a failure nil, the sentence, the number.
local function checked(result)
    if result < 0 then
        return nil, text(C.network_last_error()), result
    end
    return result
end

-- "network_error_timeout" of its number.
function stepwire.error_name(number)
    return text(C.network_error_name(number))
end

local types = {
    tcp = stepwire.network_socket_tcp, udp = stepwire.network_socket_udp,
    ws = stepwire.network_socket_ws, wss = stepwire.network_socket_wss,
}

local function type_of(name)
    return types[name] or error("stepwire: there is no socket type " .. tostring(name) .. ": tcp, udp, ws or wss", 3)
end

-- Options ----------------------------------------------------------------------------------------------------------

-- Options have the names of their constants without network_config_. Strings are for those that are text; true and false
-- are 1 and 0.
local function config_number(name)
    return stepwire["network_config_" .. name] or error("stepwire: there is no option " .. tostring(name), 4)
end

local function as_number(value)
    if type(value) == "boolean" then
        return value and 1 or 0
    end
    return value or 0
end

local function configure(name, handle, value)
    local number = config_number(name)
    if type(value) == "string" then
        return checked(C.network_set_config_string(number, handle, value))
    end
    return checked(C.network_set_config(number, handle, as_number(value)))
end

-- The default of an option of sockets, for those made later: configure_default("tls_ca_file", "ca.pem").
function stepwire.configure_default(name, value)
    return configure(name, -1, value)
end

-- An option of the whole library: configure_library("connect_timeout", 4000).
function stepwire.configure_library(name, value)
    if type(value) == "string" then
        return configure(name, -1, value)
    end
    return checked(C.network_set_config(config_number(name), as_number(value), 0))
end

-- Sockets ----------------------------------------------------------------------------------------------------------

local Socket = {}
Socket.__index = Socket
-- Those that live, by handle.
local sockets = {}

local function adopt(handle, kind, server)
    local socket = setmetatable({ handle = handle, kind = kind, server = server }, Socket)
    sockets[handle] = socket
    return socket
end

function Socket:__tostring()
    return ("stepwire socket %d (%s)"):format(self.handle, self.kind)
end

-- Sends one packet: over a regular connection with GameMaker's header. Returns the bytes sent, or nil, why, the number.
function Socket:send(data)
    return checked(C.network_send_packet(self.handle, data, #data))
end

-- Sends bytes as they are over a raw connection; with as_text a WebSocket's text message.
function Socket:send_raw(data, as_text)
    local options = as_text and stepwire.network_send_text or stepwire.network_send_binary
    return checked(C.network_send_raw(self.handle, data, #data, options))
end

-- Sends a datagram with GameMaker's header, or a message of reliable UDP.
function Socket:send_to(host, port, data)
    return checked(C.network_send_udp(self.handle, host, port, data, #data))
end

-- Sends a datagram without a header.
function Socket:send_raw_to(host, port, data)
    return checked(C.network_send_udp_raw(self.handle, host, port, data, #data))
end

function Socket:broadcast(port, data)
    return checked(C.network_send_broadcast(self.handle, port, data, #data))
end

-- Connects a client socket again after its connection has ended or failed; with the same host unless another is named.
-- How it went comes as an event.
function Socket:connect(host, port)
    self.host, self.host_port = host or self.host, port or self.host_port
    local call = self.raw and C.network_connect_raw_async or C.network_connect_async
    return checked(call(self.handle, self.host, self.host_port or 0))
end

-- Sets an option of this socket: socket:configure("no_delay", false).
function Socket:configure(name, value)
    return configure(name, self.handle, value)
end

function Socket:set_timeout(read_ms, write_ms)
    return checked(C.network_set_timeout(self.handle, read_ms, write_ms))
end

function Socket:port()
    return checked(C.network_get_port(self.handle))
end

function Socket:stat(key)
    return checked(C.network_get_stat(self.handle, key))
end

function Socket:string(key)
    return text(C.network_get_string(self.handle, key))
end

-- Closes it, a server with all its clients. What was sent still leaves. No event about it comes any more.
function Socket:close()
    for handle, socket in pairs(sockets) do
        if socket == self or socket.server == self then
            sockets[handle] = nil
        end
    end
    return checked(C.network_destroy(self.handle))
end

-- The socket of a handle, with the options it was to have; or nil, why, the number.
local function made(handle, kind, options)
    if handle < 0 then
        return checked(handle)
    end
    local socket = adopt(handle, kind, nil)
    local settings = options.reliable and { { "enable_reliable_udp" } } or {}
    for name, value in pairs(options.settings or {}) do
        settings[#settings + 1] = { name, value }
    end
    for _, setting in ipairs(settings) do
        local done, why, number = socket:configure(setting[1], setting[2])
        if not done then
            socket:close()
            return nil, why, number
        end
    end
    return socket
end

-- stepwire.server { type = "tcp", port = 6510, max_clients = 32, raw = false, reliable = false, settings = {} }
-- Returns the server, or nil, why, the number.
function stepwire.server(options)
    local kind = options.type or "tcp"
    local create = options.raw and C.network_create_server_raw or C.network_create_server
    local handle = create(type_of(kind), options.port or 0, options.max_clients or 2147483647)
    return made(handle, kind .. " server", options)
end

-- stepwire.connect { type = "tcp", host = "example.org", port = 6510, raw = false, settings = {} }
-- Returns the socket at once; that it is connected, or why not, comes as an event. Nil, why, the number if it cannot be.
function stepwire.connect(options)
    local kind = options.type or "tcp"
    local socket, why, number = made(C.network_create_socket(type_of(kind)), kind, options)
    if not socket then
        return nil, why, number
    end
    socket.raw = options.raw
    local begun
    begun, why, number = socket:connect(options.host, options.port)
    if not begun then
        socket:close()
        return nil, why, number
    end
    return socket
end

-- stepwire.udp { port = 0, reliable = false, settings = {} }: a UDP socket that receives.
function stepwire.udp(options)
    options = options or {}
    local handle = C.network_create_socket_ext(stepwire.network_socket_udp, options.port or 0)
    return made(handle, "udp", options)
end

-- Events -----------------------------------------------------------------------------------------------------------

-- "connect", "disconnect", "data" and so on: the constants' names without network_type_.
local event_names = {}
for name, value in pairs(CONSTANTS) do
    local short = name:match("^network_type_(.+)$")
    if short then
        event_names[value] = short
    end
end

local buffer = ffi.new("NetworkEvent")
-- Clients that have left: their handles end when the next event is asked for.
local left

local function forget_left()
    if left then
        sockets[left.handle] = nil
        left = nil
    end
end

local function name_of(event)
    if event.type == stepwire.network_type_non_blocking_connect then
        return event.succeeded == 1 and "connected" or "failed"
    end
    return event_names[event.type] or ("type %d"):format(event.type)
end

-- The socket that an event is about.
local function subject(event)
    if event.type == stepwire.network_type_connect then
        local server = sockets[event.server]
        return adopt(event.socket, server and server.kind:gsub(" server$", "") or "client", server)
    end
    return sockets[event.socket >= 0 and event.socket or event.id]
end

local function as_table(event)
    local found = {
        type = name_of(event),
        socket = subject(event),
        server = sockets[event.server],
        ip = text(event.ip),
        port = event.port,
    }
    if event.type == stepwire.network_type_data then
        found.data = ffi.string(event.buffer, event.size)
        found.is_text = event.message_type == stepwire.network_send_text
    else
        found.error, found.reason = event.error ~= 0 and event.error or nil, text(event.reason)
        found.code = event.code ~= 0 and event.code or nil
    end
    if found.type == "disconnect" and found.server and found.socket ~= found.server then
        left = found.socket
    end
    return found
end

-- The next event as a table, or nil when none waits. Do not ask inside of a callback of the library.
function stepwire.poll()
    forget_left()
    local got = C.network_poll_event(buffer)
    if got < 0 then
        return checked(got)
    end
    return got == 1 and as_table(buffer) or nil
end

-- for event in stepwire.events() do ... end: those that wait, once a frame.
function stepwire.events()
    return stepwire.poll
end

-- Sleeps until an event waits, true, or so many milliseconds are over, false. For programs without frames.
function stepwire.wait(ms)
    local result, why, number = checked(C.network_wait(ms))
    if not result then
        return nil, why, number
    end
    return result == 1
end

-- The rest ---------------------------------------------------------------------------------------------------------

-- One of a name's addresses; nil if it has none. Waits for the system's answer.
function stepwire.resolve(name)
    local address = text(C.network_resolve(name))
    return address ~= "" and address or nil
end

-- A counter of the whole library.
function stepwire.stat(key)
    return checked(C.network_get_stat(-1, key))
end

-- Closes everything, and takes up to two seconds to send what was to be sent.
function stepwire.shutdown()
    sockets, left = {}, nil
    return checked(C.network_shutdown())
end

return stepwire
