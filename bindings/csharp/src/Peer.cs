using System;
using System.Text;

namespace Stepwire
{
    /// <summary>
    /// Names a socket, a server, a server's client or a group, and owns nothing: what events carry. The library never uses a number
    /// again for something else: calls through the name of what is gone fail with <see cref="ErrorCode.BadHandle"/>.
    /// </summary>
    public struct Peer : IEquatable<Peer>
    {
        // One more than the number, so that default(Peer) names nothing.
        readonly int _next;

        /// <summary>Names what has the number.</summary>
        public Peer(int number)
        {
            _next = number + 1;
        }

        /// <summary>Nothing.</summary>
        public static Peer None => default(Peer);

        /// <summary>The number as stepwire.h's functions take it; -1 for none.</summary>
        public int Number => _next - 1;

        /// <summary>Whether it names nothing.</summary>
        public bool IsNone => _next == 0;

        /// <summary>Sends a packet: network_send_packet. Returns its bytes on the wire, frames of WebSockets not counted.</summary>
        public int Send(byte[] data) => Send(data, 0, LengthOf(data));

        /// <summary>Sends a part of an array as a packet.</summary>
        public int Send(byte[] data, int offset, int count) =>
            (int)NetworkException.Check(Native.network_send_packet(Number, ref Bytes.First(data, offset, count), count));

        /// <summary>Sends text, as UTF-8, as a packet.</summary>
        public int Send(string text) => Send(Encoding.UTF8.GetBytes(text));

        /// <summary>As <see cref="Send(byte[], int, int)"/>, for loops in which an exception costs too much: returns the error's
        /// number, <see cref="ErrorCode.None"/> if there is none.</summary>
        public ErrorCode TrySend(byte[] data, int offset, int count)
        {
            double sent = Native.network_send_packet(Number, ref Bytes.First(data, offset, count), count);
            return sent < 0 ? (ErrorCode)(int)sent : ErrorCode.None;
        }

        /// <summary>Sends bytes as they are over a raw connection: network_send_raw.</summary>
        public int SendRaw(byte[] data) => SendRaw(data, 0, LengthOf(data));

        /// <summary>Sends a part of an array as it is over a raw connection.</summary>
        public int SendRaw(byte[] data, int offset, int count) =>
            (int)NetworkException.Check(Native.network_send_raw(Number, ref Bytes.First(data, offset, count), count, 0));

        /// <summary>Sends a text message over a raw WebSocket.</summary>
        public int SendText(string text)
        {
            var data = Encoding.UTF8.GetBytes(text);
            return (int)NetworkException.Check(
                Native.network_send_raw(Number, ref Bytes.First(data, 0, data.Length), data.Length, Constants.SendText));
        }

        /// <summary>Sends a datagram with GameMaker's header, or a reliable message, from a UDP socket: network_send_udp.</summary>
        public int SendTo(string url, int port, byte[] data) => SendTo(url, port, data, 0, LengthOf(data));

        /// <summary>The same with a part of an array.</summary>
        public int SendTo(string url, int port, byte[] data, int offset, int count) =>
            (int)NetworkException.Check(Native.network_send_udp(
                Number, Text.To(url, nameof(url)), port, ref Bytes.First(data, offset, count), count));

        /// <summary>Sends a datagram without the header: network_send_udp_raw.</summary>
        public int SendRawTo(string url, int port, byte[] data) =>
            (int)NetworkException.Check(Native.network_send_udp_raw(
                Number, Text.To(url, nameof(url)), port, ref Bytes.First(data, 0, LengthOf(data)), data.Length));

        /// <summary>Sends a datagram without a header to everybody in the local network: network_send_broadcast.</summary>
        public int Broadcast(int port, byte[] data) =>
            (int)NetworkException.Check(
                Native.network_send_broadcast(Number, port, ref Bytes.First(data, 0, LengthOf(data)), data.Length));

        /// <summary>Sends a packet to all clients of a server, or members of a group, but one: network_group_send_packet.
        /// Returns how many took it.</summary>
        public int SendToAll(byte[] data, Peer except = default(Peer)) =>
            (int)NetworkException.Check(Native.network_group_send_packet(
                Number, ref Bytes.First(data, 0, LengthOf(data)), data.Length, except.Number));

        /// <summary>The same with bytes as they are, to those with raw connections.</summary>
        public int SendRawToAll(byte[] data, Peer except = default(Peer)) =>
            (int)NetworkException.Check(Native.network_group_send_raw(
                Number, ref Bytes.First(data, 0, LengthOf(data)), data.Length, except.Number));

        /// <summary>How many clients a server has, or members a group: network_group_size.</summary>
        public int Count => (int)NetworkException.Check(Native.network_group_size(Number));

#if STEPWIRE_SPAN
        /// <summary>Sends a packet: network_send_packet.</summary>
        public int Send(ReadOnlySpan<byte> data) =>
            (int)NetworkException.Check(Native.network_send_packet(Number, ref Bytes.First(data), data.Length));

        /// <summary>As <see cref="TrySend(byte[], int, int)"/>.</summary>
        public ErrorCode TrySend(ReadOnlySpan<byte> data)
        {
            double sent = Native.network_send_packet(Number, ref Bytes.First(data), data.Length);
            return sent < 0 ? (ErrorCode)(int)sent : ErrorCode.None;
        }

        /// <summary>Sends bytes as they are over a raw connection.</summary>
        public int SendRaw(ReadOnlySpan<byte> data) =>
            (int)NetworkException.Check(Native.network_send_raw(Number, ref Bytes.First(data), data.Length, 0));

        /// <summary>Sends a datagram with GameMaker's header, or a reliable message, from a UDP socket.</summary>
        public int SendTo(string url, int port, ReadOnlySpan<byte> data) =>
            (int)NetworkException.Check(
                Native.network_send_udp(Number, Text.To(url, nameof(url)), port, ref Bytes.First(data), data.Length));

        /// <summary>Sends a packet to all clients of a server, or members of a group, but one.</summary>
        public int SendToAll(ReadOnlySpan<byte> data, Peer except = default(Peer)) =>
            (int)NetworkException.Check(
                Native.network_group_send_packet(Number, ref Bytes.First(data), data.Length, except.Number));
#endif

        /// <summary>Destroys it: network_destroy. What was sent still leaves; no event about it comes any more.</summary>
        public void Destroy() => NetworkException.Check(Native.network_destroy(Number));

        /// <summary>Destroys it, and a WebSocket says why: network_close.</summary>
        public void Close(int code, string reason = "") =>
            NetworkException.Check(Native.network_close(Number, code, Text.To(reason, nameof(reason))));

        /// <summary>The local port: network_get_port.</summary>
        public int Port => (int)NetworkException.Check(Native.network_get_port(Number));

        /// <summary>The other side's address.</summary>
        public string Ip => Get("ip");

        /// <summary>A string about it: "ip", of WebSockets "path", "query", "origin", "protocol", "tls"; "" if there is none.</summary>
        public string Get(string key) => Text.From(Native.network_get_string(Number, Text.To(key, nameof(key))));

        /// <summary>A counter: network_get_stat.</summary>
        public double Stat(string key) => NetworkException.Check(Native.network_get_stat(Number, Text.To(key, nameof(key))));

        /// <summary>How long the connection may be silent, or make no progress; 0 is for ever: network_set_timeout.</summary>
        public void SetTimeout(int readMilliseconds, int writeMilliseconds) =>
            NetworkException.Check(Native.network_set_timeout(Number, readMilliseconds, writeMilliseconds));

        /// <summary>Sets an option that takes a number.</summary>
        public void Set(NumberOption option, double value)
        {
            Require(option.Scope);
            NetworkException.Check(Native.network_set_config(option.Number, Number, value));
        }

        /// <summary>Switches an option on or off.</summary>
        public void Set(NumberOption option, bool on) => Set(option, on ? 1 : 0);

        /// <summary>Sets an option that takes text.</summary>
        public void Set(TextOption option, string value)
        {
            Require(option.Scope);
            NetworkException.Check(Native.network_set_config_string(option.Number, Number, Text.To(value, nameof(value))));
        }

        /// <summary>Does what an option without a value does.</summary>
        public void Set(ActionOption option)
        {
            Require(option.Scope);
            NetworkException.Check(Native.network_set_config(option.Number, Number, 0));
        }

        public bool Equals(Peer other) => _next == other._next;
        public override bool Equals(object other) => other is Peer && Equals((Peer)other);
        public override int GetHashCode() => _next;
        public override string ToString() => Number.ToString();
        public static bool operator ==(Peer a, Peer b) => a.Equals(b);
        public static bool operator !=(Peer a, Peer b) => !a.Equals(b);

        static int LengthOf(byte[] data)
        {
            if (data == null)
            {
                throw new ArgumentNullException(nameof(data));
            }
            return data.Length;
        }

        static void Require(OptionScope scope)
        {
            if (scope == OptionScope.Library)
            {
                throw new ArgumentException("this option is the whole library's: Network.Set");
            }
        }
    }
}
