// Made from the same sources as stepwire.h (`cargo xtask header`): do not edit.
using System;
using System.Runtime.InteropServices;

namespace Stepwire
{
    /// <summary>The constants of stepwire.h: <c>Constants.SocketTcp</c> is <c>network_socket_tcp</c>.</summary>
    public static class Constants
    {
        public const int ConfigConnectTimeout = 0;
        public const int ConfigUseNonBlockingSocket = 1;
        public const int ConfigEnableReliableUdp = 2;
        public const int ConfigDisableReliableUdp = 3;
        public const int ConfigAvoidTimeWait = 4;
        public const int ConfigWebsocketProtocol = 5;
        public const int ConfigEnableMulticast = 6;
        public const int ConfigDisableMulticast = 7;
        public const int ConfigMessageSizeLimit = 8;
        public const int ConfigGameId = 1000;
        public const int ConfigTlsVerify = 1001;
        public const int ConfigTlsCaFile = 1002;
        public const int ConfigTlsCertificate = 1003;
        public const int ConfigTlsPrivateKey = 1004;
        public const int ConfigSendQueueLimit = 1005;
        public const int ConfigReceiveQueueLimit = 1006;
        public const int ConfigBindAddress = 1007;
        public const int ConfigWebsocketHeaders = 1008;
        public const int ConfigWebsocketOrigins = 1009;
        public const int ConfigReliableOrdered = 1010;
        public const int ConfigReliableTimeout = 1011;
        public const int ConfigManualIo = 1012;
        public const int ConfigNoDelay = 1013;
        public const int ConfigTlsIdentity = 1014;
        public const int ConfigTlsIdentityPassword = 1015;
        public const int ConfigHandshakeTimeout = 1016;
        public const int ConfigTotalQueueLimit = 1017;
        public const int ConfigWebsocketKeepalive = 1018;
        public const int ConfigIoThreads = 1019;
        public const int ConfigMaxClients = 1020;
        public const int ConfigAccepting = 1021;
        public const int ConfigClientsPerAddress = 1022;
        public const int ConfigConnectsPerAddress = 1023;
        public const int ConfigReceiveRate = 1024;
        public const int ConfigProxyProtocol = 1025;
        public const int ConfigProxyTrusted = 1026;
        public const int ConfigHttpHealth = 1027;
        public const int ConfigHttpMetrics = 1028;
        public const int ConfigReusePort = 1029;
        public const int ConfigReuseAddress = 1030;
        public const int ConfigReliableKeepalive = 1031;
        public const int ConfigLogLevel = 1032;
        public const int ConfigTlsReload = 1033;
        public const int ConfigReliableOnly = 1034;
        public const int ConfigReliableMaxPeers = 1035;
        public const int ConfigMessageTimeout = 1036;
        public const int ConfigTotalSendLimit = 1037;
        public const int ConfigSimulateLatency = 1100;
        public const int ConfigSimulateJitter = 1101;
        public const int ConfigSimulateLoss = 1102;
        public const int ConfigSimulateDuplication = 1103;
        public const int ConfigSimulateReordering = 1104;
        public const int ConfigSimulateSeed = 1105;
        /// <summary>A TCP socket.</summary>
        public const int SocketTcp = 0;
        /// <summary>A UDP socket.</summary>
        public const int SocketUdp = 1;
        /// <summary>A Bluetooth socket: GameMaker's number, never supported.</summary>
        public const int SocketBluetooth = 2;
        /// <summary>A WebSocket over TCP; over TLS where the URL begins with `wss://`.</summary>
        public const int SocketWs = 6;
        /// <summary>A WebSocket over TLS.</summary>
        public const int SocketWss = 7;
        /// <summary>A client has finished connecting to a server.</summary>
        public const int TypeConnect = 1;
        /// <summary>A connection has ended: a server's client's, or a client socket's own.</summary>
        public const int TypeDisconnect = 2;
        /// <summary>Data has arrived.</summary>
        public const int TypeData = 3;
        /// <summary>A connect that did not block has ended, well or not.</summary>
        public const int TypeNonBlockingConnect = 4;
        /// <summary>Reserved, never sent today: the network is up.</summary>
        public const int TypeUp = 5;
        /// <summary>Reserved, never sent today: the network did not come up.</summary>
        public const int TypeUpFailed = 6;
        /// <summary>Reserved, never sent today: the network is down.</summary>
        public const int TypeDown = 7;
        /// <summary>A socket that had refused a message with `network_error_queue_full` has room again: half its limit or
        /// less is queued, and all together are below `network_config_total_send_limit`. One event for all refusals before it is collected, and none after the disconnect. `id` is
        /// the socket. Of a reliable UDP socket `ip` and `port` say which peer has room; 0 and "" stand for its
        /// plain datagrams. GameMaker has no such event.</summary>
        public const int TypeWritable = 1001;
        /// <summary>Not connected: GameMaker's names for ways to connect, which no function here takes.</summary>
        public const int ConnectNone = 0;
        /// <summary>A connect that blocks.</summary>
        public const int ConnectBlocking = 1;
        /// <summary>A connect that does not block.</summary>
        public const int ConnectNonblocking = 2;
        /// <summary>WebSocket data: a binary message.</summary>
        public const int SendBinary = 1;
        /// <summary>WebSocket data: a text message.</summary>
        public const int SendText = 2;
        /// <summary>Reliable UDP: a message that came by the protocol, from who proved its address.</summary>
        public const int MessageReliable = 3;
        /// <summary>The operating system refused; the message says what it said.</summary>
        public const int ErrorFailed = -1;
        /// <summary>No such socket, or destroyed.</summary>
        public const int ErrorBadHandle = -2;
        /// <summary>An argument makes no sense: NULL, not a number, out of range, not UTF-8.</summary>
        public const int ErrorBadArgument = -3;
        /// <summary>The call does not fit this kind of socket.</summary>
        public const int ErrorWrongKind = -4;
        /// <summary>The socket is not connected, or its connect event has not been collected yet.</summary>
        public const int ErrorNotConnected = -5;
        /// <summary>Time is over: a connect, a handshake, a read or write timeout.</summary>
        public const int ErrorTimeout = -6;
        /// <summary>Over the message size limit, or more than a datagram can carry.</summary>
        public const int ErrorTooBig = -7;
        /// <summary>The peer does not keep up; nothing of this message was queued.</summary>
        public const int ErrorQueueFull = -8;
        /// <summary>No more sockets or file descriptors.</summary>
        public const int ErrorLimit = -9;
        /// <summary>The name has no address.</summary>
        public const int ErrorResolve = -10;
        /// <summary>TLS failed: a certificate that cannot be trusted, no common version.</summary>
        public const int ErrorTls = -11;
        /// <summary>The peer does not speak the expected protocol.</summary>
        public const int ErrorHandshake = -12;
        /// <summary>The port is taken.</summary>
        public const int ErrorAddressInUse = -13;
        /// <summary>This build, system or version does not do that.</summary>
        public const int ErrorNotSupported = -14;
        /// <summary>Not now: already connecting or connected, or called from inside a callback.</summary>
        public const int ErrorBusy = -15;
        /// <summary>The peer closed or reset the connection.</summary>
        public const int ErrorClosed = -16;
        /// <summary>A defect of ours, caught; the socket it happened on is closed.</summary>
        public const int ErrorInternal = -99;
    }

    /// <summary>The numbers of errors.</summary>
    public enum ErrorCode
    {
        /// <summary>No error; of disconnects: an orderly close.</summary>
        None = 0,
        /// <summary>The operating system refused; the message says what it said.</summary>
        Failed = -1,
        /// <summary>No such socket, or destroyed.</summary>
        BadHandle = -2,
        /// <summary>An argument makes no sense: NULL, not a number, out of range, not UTF-8.</summary>
        BadArgument = -3,
        /// <summary>The call does not fit this kind of socket.</summary>
        WrongKind = -4,
        /// <summary>The socket is not connected, or its connect event has not been collected yet.</summary>
        NotConnected = -5,
        /// <summary>Time is over: a connect, a handshake, a read or write timeout.</summary>
        Timeout = -6,
        /// <summary>Over the message size limit, or more than a datagram can carry.</summary>
        TooBig = -7,
        /// <summary>The peer does not keep up; nothing of this message was queued.</summary>
        QueueFull = -8,
        /// <summary>No more sockets or file descriptors.</summary>
        Limit = -9,
        /// <summary>The name has no address.</summary>
        Resolve = -10,
        /// <summary>TLS failed: a certificate that cannot be trusted, no common version.</summary>
        Tls = -11,
        /// <summary>The peer does not speak the expected protocol.</summary>
        Handshake = -12,
        /// <summary>The port is taken.</summary>
        AddressInUse = -13,
        /// <summary>This build, system or version does not do that.</summary>
        NotSupported = -14,
        /// <summary>Not now: already connecting or connected, or called from inside a callback.</summary>
        Busy = -15,
        /// <summary>The peer closed or reset the connection.</summary>
        Closed = -16,
        /// <summary>A defect of ours, caught; the socket it happened on is closed.</summary>
        Internal = -99,
    }

    /// <summary>The options: <c>Options.NoDelay</c> is <c>network_config_no_delay</c>.</summary>
    public static class Options
    {
        /// <summary>How long a connect may take, for later connects. It is also the time for handshakes with a server
        /// unless `network_config_handshake_timeout` is set.
        /// (1 to 2147483647 ms; default 10000)</summary>
        public static readonly NumberOption ConnectTimeout = new NumberOption(0, OptionScope.Library);
        /// <summary>`network_connect` and `network_connect_raw` return at once.
        /// (0 or 1; default 0)</summary>
        public static readonly NumberOption UseNonBlockingSocket = new NumberOption(1, OptionScope.Library);
        /// <summary>Reliable delivery on a UDP socket or server. From then on `network_send_udp` sends messages of up
        /// to 64 MiB that arrive exactly once at a peer which has it enabled too; raw sends and broadcasts
        /// stay plain datagrams. A peer that is given up brings a `network_type_disconnect` event. Nobody can
        /// forge or replay such messages, or end a session, who does not read the traffic; who does can, for
        /// nothing is encrypted. Plain datagrams, which anybody can send in anybody's name, arrive as well
        /// unless `network_config_reliable_only` is set: `message_type` tells the two apart.</summary>
        public static readonly ActionOption EnableReliableUdp = new ActionOption(2, OptionScope.SocketOrDefault);
        /// <summary>Plain UDP again. What was sent before is still delivered, for at most 2 seconds; what peers go on
        /// sending by the protocol is dropped.</summary>
        public static readonly ActionOption DisableReliableUdp = new ActionOption(3, OptionScope.SocketOrDefault);
        /// <summary>Closing the TCP connection resets it (SO_LINGER 0), so that no TIME_WAIT stays behind. Cannot be
        /// undone. On a server: its later connections.</summary>
        public static readonly ActionOption AvoidTimeWait = new ActionOption(4, OptionScope.SocketOrDefault);
        /// <summary>WebSocket subprotocols, comma-separated, the preferred first. A client offers them; a server
        /// chooses one that the client offers, and takes clients that offer none. A server without any
        /// answers without one, which browsers that offered some treat as a failure.
        /// (text; default "")</summary>
        public static readonly TextOption WebsocketProtocol = new TextOption(5, OptionScope.SocketOrDefault);
        /// <summary>Broadcasts also go to ff02::1, and what is sent there is received.</summary>
        public static readonly ActionOption EnableMulticast = new ActionOption(6, OptionScope.SocketOrDefault);
        /// <summary>The opposite.</summary>
        public static readonly ActionOption DisableMulticast = new ActionOption(7, OptionScope.SocketOrDefault);
        /// <summary>The largest message accepted from peers. On a server it holds for the connections it accepts from
        /// then on.
        /// (1 to 2147483647 bytes; default 64 MiB for created sockets, 4 MiB for connections a server accepted)</summary>
        public static readonly NumberOption MessageSizeLimit = new NumberOption(8, OptionScope.SocketOrDefault);
        /// <summary>The fourth word of the client's handshake. No server checks it.
        /// (0 to 4294967295; default 0)</summary>
        public static readonly NumberOption GameId = new NumberOption(1000, OptionScope.SocketOrDefault);
        /// <summary>TLS clients check the server's certificate and its name.
        /// (0 or 1; default 1)</summary>
        public static readonly NumberOption TlsVerify = new NumberOption(1001, OptionScope.SocketOrDefault);
        /// <summary>The path of a PEM file of certificates trusted besides the system's authorities: an authority's,
        /// one that an authority stands behind, or the server's own. It is read when a socket connects, not on
        /// the thread that called `network_connect_async`.
        /// (a path; default "")</summary>
        public static readonly TextOption TlsCaFile = new TextOption(1002, OptionScope.SocketOrDefault);
        /// <summary>The path of a PEM file: the certificate of a wss server and the chain behind it, or of a client,
        /// which shows it to servers that ask for one. Set it with -1 before `network_create_server`; on a
        /// server that exists it holds from `network_config_tls_reload` on, on a client from its next connect.
        /// (a path; default "")</summary>
        public static readonly TextOption TlsCertificate = new TextOption(1003, OptionScope.SocketOrDefault);
        /// <summary>The path of the certificate's key: PEM, PKCS#8, PKCS#1 or SEC1, without a password. It may be left
        /// out where the file of the certificate holds the key too.
        /// (a path; default "")</summary>
        public static readonly TextOption TlsPrivateKey = new TextOption(1004, OptionScope.SocketOrDefault);
        /// <summary>Payload bytes in a send queue from which on sends return `network_error_queue_full`.
        /// (1 to 2147483647 bytes; default 16 MiB)</summary>
        public static readonly NumberOption SendQueueLimit = new NumberOption(1005, OptionScope.SocketOrDefault);
        /// <summary>Bytes of uncollected events from which on a socket is not read, so that TCP slows the peer down.
        /// (1 to 2147483647 bytes; default twice the message size limit)</summary>
        public static readonly NumberOption ReceiveQueueLimit = new NumberOption(1006, OptionScope.SocketOrDefault);
        /// <summary>The local address, IPv4 or IPv6, of sockets created later; "" means all. On Linux and other Unix
        /// systems a UDP socket with a local address hears no broadcasts, on Windows it does.
        /// (text; default "")</summary>
        public static readonly TextOption BindAddress = new TextOption(1007, OptionScope.Library);
        /// <summary>Further headers of a client's request, as lines "Name: value".
        /// (text; default "")</summary>
        public static readonly TextOption WebsocketHeaders = new TextOption(1008, OptionScope.SocketOrDefault);
        /// <summary>The origins of web pages that a WebSocket server accepts, comma-separated, such as
        /// `https://game.example`; "" means any. Clients that are no web page send no origin and always pass.
        /// (text; default "")</summary>
        public static readonly TextOption WebsocketOrigins = new TextOption(1009, OptionScope.SocketOrDefault);
        /// <summary>Reliable UDP delivers in order.
        /// (0 or 1; default 0)</summary>
        public static readonly NumberOption ReliableOrdered = new NumberOption(1010, OptionScope.SocketOrDefault);
        /// <summary>Reliable UDP gives a silent peer up.
        /// (1 to 2147483647 ms; default 10000)</summary>
        public static readonly NumberOption ReliableTimeout = new NumberOption(1011, OptionScope.SocketOrDefault);
        /// <summary>No I/O thread; polls and waits do the I/O. Only while no socket exists, and with
        /// `network_config_io_threads` at 1 (`network_error_not_supported`).
        /// (0 or 1; default 0)</summary>
        public static readonly NumberOption ManualIo = new NumberOption(1012, OptionScope.Library);
        /// <summary>TCP_NODELAY.
        /// (0 or 1; default 1)</summary>
        public static readonly NumberOption NoDelay = new NumberOption(1013, OptionScope.SocketOrDefault);
        /// <summary>The path of a PKCS#12 file instead of certificate and key.
        /// (a path; default "")</summary>
        public static readonly TextOption TlsIdentity = new TextOption(1014, OptionScope.SocketOrDefault);
        /// <summary>That file's password.
        /// (text; default "")</summary>
        public static readonly TextOption TlsIdentityPassword = new TextOption(1015, OptionScope.SocketOrDefault);
        /// <summary>How long a client may take for the handshake with a server.
        /// (1 to 2147483647 ms; default the connect timeout)</summary>
        public static readonly NumberOption HandshakeTimeout = new NumberOption(1016, OptionScope.Library);
        /// <summary>Bytes of all that peers have sent and the program has not collected: waiting events and messages that
        /// have arrived in part, of all sockets together. When the events alone reach it nothing is read; when
        /// unfinished messages take three quarters of it, only connections that hold little are read, and those
        /// to the end of a message that are nearest to it. If in five seconds somebody waits for room and hardly
        /// anything comes, connections that hold most, of equals the oldest, end with `network_error_too_big`. A
        /// single message goes beyond the limit if there is no other way.
        /// (1 to 4503599627370496 bytes; default 256 MiB)</summary>
        public static readonly NumberOption TotalQueueLimit = new NumberOption(1017, OptionScope.Library);
        /// <summary>How long a WebSocket may be silent before it is pinged; 0: never. A peer that has answered pings
        /// before and does not answer one within the same time again is given up with
        /// `network_error_timeout`.
        /// (0 to 2147483647 ms; default 30000)</summary>
        public static readonly NumberOption WebsocketKeepalive = new NumberOption(1018, OptionScope.SocketOrDefault);
        /// <summary>How many I/O threads share the connections: a new one goes to the thread that has the fewest, and stays
        /// there. The program does not change: all events come through the one queue, and those of a socket in
        /// their order. Only while no socket exists (`network_error_busy`); more than one only without manual I/O
        /// (`network_error_not_supported`, also for setting that afterwards).
        /// (1 to 64; default 1)</summary>
        public static readonly NumberOption IoThreads = new NumberOption(1019, OptionScope.Library);
        /// <summary>How many clients a server takes at a time, instead of what `network_create_server` was told. Who
        /// is there already stays.
        /// (0 to 2147483647; default max_client of network_create_server)</summary>
        public static readonly NumberOption MaxClients = new NumberOption(1020, OptionScope.Socket);
        /// <summary>0 closes a server's port while its clients play on: nobody new can connect, and another program may
        /// take the port. Who had connected before is still let in. 1 listens there again, or fails with
        /// `network_error_address_in_use` if the port is taken.
        /// (0 or 1; default 1)</summary>
        public static readonly NumberOption Accepting = new NumberOption(1021, OptionScope.Socket);
        /// <summary>How many connections a server takes from one address at a time, unfinished handshakes included; an
        /// IPv6 network of 64 bits counts as one address. 0: any number. More are closed at once and counted as
        /// "refused".
        /// (0 to 2147483647; default 0)</summary>
        public static readonly NumberOption ClientsPerAddress = new NumberOption(1022, OptionScope.SocketOrDefault);
        /// <summary>How many new connections a server takes from one address (as above) in ten seconds. 0: any number.
        /// (0 to 2147483647; default 0)</summary>
        public static readonly NumberOption ConnectsPerAddress = new NumberOption(1023, OptionScope.SocketOrDefault);
        /// <summary>Bytes a second with which a connection is read at the most, so that TCP slows the peer down; what a
        /// peer sends after a pause may come at once, up to a second's worth. 0: as fast as they come.
        /// (0 to 2147483647 bytes per second; default 0)</summary>
        public static readonly NumberOption ReceiveRate = new NumberOption(1024, OptionScope.SocketOrDefault);
        /// <summary>A server's connections must begin with a header of the PROXY protocol, version 1 or 2, from one of
        /// `network_config_proxy_trusted`: a load balancer that passes connections on says with it who they are
        /// from. That address is then the one in events, in `network_get_string` and for the limits per address;
        /// where the proxy speaks for itself, such as in its own checks, it is the proxy's. A connection from
        /// elsewhere, or without the header, is closed and counted as "refused". Holds for later connections.
        /// (0 or 1; default 0)</summary>
        public static readonly NumberOption ProxyProtocol = new NumberOption(1025, OptionScope.SocketOrDefault);
        /// <summary>Addresses and CIDR blocks, comma-separated, such as `10.0.0.0/8,::1`, from which PROXY headers are
        /// believed; "": none. Of WebSocket servers also the headers `Forwarded` and `X-Forwarded-For`: the client
        /// is then the rightmost address in them that is not in this list (the leftmost, if all are), in events,
        /// `network_get_string` and for the limits per address; its port is 0 where the proxy does not tell it. A
        /// name that a proxy made up, or `unknown`, stands for that proxy. Where both headers are there and
        /// disagree, or what a trusted proxy is said to have written is malformed, the request is refused with 400,
        /// and over a limit with 429. Holds for later connections.
        /// (text; default "")</summary>
        public static readonly TextOption ProxyTrusted = new TextOption(1026, OptionScope.SocketOrDefault);
        /// <summary>A path, such as `/health`, where a WebSocket server answers GET and HEAD over HTTP with 200 while it
        /// accepts clients, and with 503 on connections made before it stopped; pages of any origin may ask, and
        /// may ask first whether they may (OPTIONS).
        /// "": nowhere. Such requests are neither clients nor failed handshakes.
        /// (text; default "")</summary>
        public static readonly TextOption HttpHealth = new TextOption(1027, OptionScope.SocketOrDefault);
        /// <summary>The same for the text of `network_get_metrics`. Whoever can connect can read it: keep the path from
        /// the public with a proxy, or the port.
        /// (text; default "")</summary>
        public static readonly TextOption HttpMetrics = new TextOption(1028, OptionScope.SocketOrDefault);
        /// <summary>Servers and UDP sockets created later share their port (SO_REUSEPORT) with those of other processes
        /// of this user that do the same, and the system spreads who connects over them: a new version of a
        /// server takes over while the old one drains. Where the system has no such thing
        /// `network_error_not_supported`.
        /// (0 or 1; default 0)</summary>
        public static readonly NumberOption ReusePort = new NumberOption(1029, OptionScope.Library);
        /// <summary>UDP sockets created later share their port with others on this machine that do the same: broadcasts
        /// reach all of them, such as several copies of a game that look for servers in the local network.
        /// (0 or 1; default 0)</summary>
        public static readonly NumberOption ReuseAddress = new NumberOption(1030, OptionScope.Library);
        /// <summary>Reliable UDP: a peer to which nothing was sent for so long is sent a few bytes, so that no router on
        /// the way forgets the two; 0: never.
        /// (0 to 2147483647 ms; default 15000)</summary>
        public static readonly NumberOption ReliableKeepalive = new NumberOption(1031, OptionScope.SocketOrDefault);
        /// <summary>How much the log tells: 0 nothing, 1 errors, 2 warnings (what is refused, given up, held back,
        /// fallen back from), 3 what happens to connections, 4 details, such as every call that fails.
        /// `network_next_log` has the lines; `STEPWIRE_LOG=3` in the environment writes those up to that level
        /// to standard error, whatever this option says.
        /// (0 to 4; default 2)</summary>
        public static readonly NumberOption LogLevel = new NumberOption(1032, OptionScope.Library);
        /// <summary>A wss server reads its certificate and key, or its identity, again. Handshakes from then on have the
        /// new certificate, and nobody is disconnected. Files that cannot be used are `network_error_tls`, and
        /// the old certificate stays. Reads files on the calling thread.</summary>
        public static readonly ActionOption TlsReload = new ActionOption(1033, OptionScope.Socket);
        /// <summary>While reliable UDP is enabled, plain datagrams that arrive are dropped and counted. Anybody can send
        /// those in anybody's name; the protocol's messages only who reads the traffic.
        /// (0 or 1; default 0)</summary>
        public static readonly NumberOption ReliableOnly = new NumberOption(1034, OptionScope.SocketOrDefault);
        /// <summary>Reliable UDP: the peers of a socket. When there are as many, the one that was of no use for longest
        /// gives way to a newcomer, first of an address that has more than half of the places; it is told, and a
        /// `network_type_disconnect` event with `network_error_limit` comes. A send to a new address never
        /// drives anybody away: it fails with `network_error_limit`.
        /// (1 to 16777216; default 65536)</summary>
        public static readonly NumberOption ReliableMaxPeers = new NumberOption(1035, OptionScope.SocketOrDefault);
        /// <summary>A message of which a part has come must go on arriving: if no more of it comes for so long, the
        /// connection ends with `network_error_timeout`. Not while the host does not collect its events. 0: never.
        /// (0 to 2147483647 ms; default 30000)</summary>
        public static readonly NumberOption MessageTimeout = new NumberOption(1036, OptionScope.SocketOrDefault);
        /// <summary>Payload bytes of all send queues together, what reliable peers have not acknowledged included, from
        /// which on sends return `network_error_queue_full`. A message to a group counts in each member's queue;
        /// up to 4 KiB in the queue of a socket are not counted.
        /// (1 to 4503599627370496 bytes; default 1 GiB)</summary>
        public static readonly NumberOption TotalSendLimit = new NumberOption(1037, OptionScope.Library);
        /// <summary>A bad network for tests: whatever the UDP socket sends and receives takes this much longer. Set
        /// before the first send it holds from the first datagram on, like the five that follow.
        /// (0 to 60000 ms; default 0)</summary>
        public static readonly NumberOption SimulateLatency = new NumberOption(1100, OptionScope.SocketOrDefault);
        /// <summary>And up to this much longer at random.
        /// (0 to 60000 ms; default 0)</summary>
        public static readonly NumberOption SimulateJitter = new NumberOption(1101, OptionScope.SocketOrDefault);
        /// <summary>So many datagrams are lost, each way.
        /// (0 to 100; default 0)</summary>
        public static readonly NumberOption SimulateLoss = new NumberOption(1102, OptionScope.SocketOrDefault);
        /// <summary>So many datagrams arrive twice.
        /// (0 to 100; default 0)</summary>
        public static readonly NumberOption SimulateDuplication = new NumberOption(1103, OptionScope.SocketOrDefault);
        /// <summary>So many datagrams are overtaken by later ones.
        /// (0 to 100; default 0)</summary>
        public static readonly NumberOption SimulateReordering = new NumberOption(1104, OptionScope.SocketOrDefault);
        /// <summary>Where the randomness of those begins. The same seed and the same traffic give the same network.
        /// (0 to 4294967295; default 0)</summary>
        public static readonly NumberOption SimulateSeed = new NumberOption(1105, OptionScope.SocketOrDefault);
    }

    /// <summary>NetworkEvent, member for member.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeEvent
    {
        public double type;
        public double id;
        public double socket;
        public double server;
        public double port;
        public double succeeded;
        public double message_type;
        public double error;
        public double size;
        public IntPtr buffer;
        public IntPtr ip;
        public IntPtr reason;
        public IntPtr user;
        public double code;
        public double reserved0;
        public double reserved1;
        public double reserved2;
        public double reserved3;
        public double reserved4;
        public double reserved5;
    }

    /// <summary>The functions of stepwire.h. Texts go in as UTF-8 with a NUL at the end; those that come out are the
    /// library's and are never freed. None of them calls back.</summary>
    internal static class Native
    {
        /// <summary>The part of the library's version that must be the same as here.</summary>
        public const string MadeFor = "0.2";

#if STEPWIRE_STATIC
        const string Library = "__Internal";
#else
        const string Library = "stepwire";
#endif

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_create_socket(double type);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_create_socket_ext(double type, double port);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_create_server(double type, double port, double max_client);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_create_server_raw(double type, double port, double max_client);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_destroy(double socket);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_close(double socket, double code, byte[] reason);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_set_user(double socket, IntPtr user);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern IntPtr network_get_user(double socket);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_shutdown();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_set_timeout(double socket, double read_ms, double write_ms);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_connect(double socket, byte[] url, double port);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_connect_raw(double socket, byte[] url, double port);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_connect_async(double socket, byte[] url, double port);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_connect_raw_async(double socket, byte[] url, double port);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern IntPtr network_resolve(byte[] url);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_send_packet(double socket, ref byte buffer, double size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_send_raw(double socket, ref byte buffer, double size, double options);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_send_udp(double socket, byte[] url, double port, ref byte buffer, double size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_send_udp_raw(double socket, byte[] url, double port, ref byte buffer, double size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_send_broadcast(double socket, double port, ref byte buffer, double size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_create_group();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_group_add(double group, double socket);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_group_remove(double group, double socket);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_group_size(double group);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_group_send_packet(double group, ref byte buffer, double size, double except);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_group_send_raw(double group, ref byte buffer, double size, double except);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_send_packet_many(double[] sockets, double count, ref byte buffer, double size, [Out] double[] results);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_set_udp_target(double socket, byte[] url, double port);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_send_udp_to_target(double socket, ref byte buffer, double size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_send_udp_raw_to_target(double socket, ref byte buffer, double size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_poll_event(out NativeEvent @event);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_wait(double timeout_ms);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_wake();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_get_descriptor();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_set_config(double config, double value1, double value2);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_set_config_string(double config, double socket, byte[] value);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern IntPtr network_get_string(double socket, byte[] key);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_get_port(double socket);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern double network_get_stat(double socket, byte[] key);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern IntPtr network_last_error();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern IntPtr network_next_log();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern IntPtr network_error_name(double error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern IntPtr network_version();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern IntPtr network_get_metrics();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        public static extern IntPtr network_get_address(double index);
    }
}
