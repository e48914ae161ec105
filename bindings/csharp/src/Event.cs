using System;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace Stepwire
{
    /// <summary>What happened.</summary>
    public enum EventKind
    {
        /// <summary>What a later version of the library tells and this one of the binding does not know.</summary>
        Other = 0,
        /// <summary>A server has a client.</summary>
        Connect,
        /// <summary>A connection has ended: a server's client's, or a client's own.</summary>
        Disconnect,
        /// <summary>Data has come.</summary>
        Data,
        /// <summary><see cref="Client.Connect"/> has succeeded.</summary>
        Connected,
        /// <summary><see cref="Client.Connect"/> has failed; the client may connect again.</summary>
        Failed,
        /// <summary>A socket that had refused a message (<see cref="ErrorCode.QueueFull"/>) has room again.</summary>
        Writable,
    }

    /// <summary>
    /// One event. Its numbers stay; its data and texts are the library's until the next <see cref="Network.TryPoll"/> by any thread,
    /// and asking for them later is an <see cref="InvalidOperationException"/>: copy what you keep.
    /// </summary>
    public struct Event
    {
        // How many events were taken so far. What an event points to is there as long as it is the last one.
        static int s_taken;

        readonly NativeEvent _native;
        readonly int _number;

        Event(NativeEvent native, int number)
        {
            _native = native;
            _number = number;
        }

        internal static bool TryTake(out Event taken)
        {
            int number = Interlocked.Increment(ref s_taken);
            NativeEvent native;
            double came = NetworkException.Check(Native.network_poll_event(out native));
            taken = came > 0 ? new Event(native, number) : default(Event);
            return came > 0;
        }

        /// <summary>Nothing that was taken before is there any more.</summary>
        internal static void ForgetAll() => Interlocked.Increment(ref s_taken);

        /// <summary>What happened.</summary>
        public EventKind Kind
        {
            get
            {
                switch ((int)_native.type)
                {
                    case Constants.TypeConnect: return EventKind.Connect;
                    case Constants.TypeDisconnect: return EventKind.Disconnect;
                    case Constants.TypeData: return EventKind.Data;
                    case Constants.TypeNonBlockingConnect:
                        return _native.succeeded > 0 ? EventKind.Connected : EventKind.Failed;
                    case Constants.TypeWritable: return EventKind.Writable;
                    default: return EventKind.Other;
                }
            }
        }

        /// <summary>The number of its type: a <c>network_type_*</c>.</summary>
        public int Type => (int)_native.type;

        /// <summary>Whom it is about: of events at a server the client, else the socket itself.</summary>
        public Peer Peer => new Peer((int)(_native.socket < 0 ? _native.id : _native.socket));

        /// <summary>A client's server; none for all others.</summary>
        public Peer Server => new Peer((int)_native.server);

        /// <summary>The other side's port; of datagrams the sender's.</summary>
        public int Port => (int)_native.port;

        /// <summary>Disconnect, Failed: why; <see cref="ErrorCode.None"/> for an orderly close.</summary>
        public ErrorCode Error => (ErrorCode)(int)_native.error;

        /// <summary>Disconnect of a WebSocket: the code of the close frame; 1005 if it had none, 1006 if no close frame came.</summary>
        public int Code => (int)_native.code;

        /// <summary>Data: whether it is a WebSocket's text message.</summary>
        public bool IsText => (int)_native.message_type == Constants.SendText;

        /// <summary>Data: whether it came by reliable UDP, from who proved its address.</summary>
        public bool IsReliable => (int)_native.message_type == Constants.MessageReliable;

        /// <summary>Data: how many bytes.</summary>
        public int Size => (int)_native.size;

        /// <summary>The other side's address; of datagrams the sender's. Writable of reliable UDP: the peer that has room, "" for
        /// plain datagrams.</summary>
        public string Ip => Text.From(Current(_native.ip));

        /// <summary>Disconnect, Failed: one sentence where <see cref="Error"/> is set.</summary>
        public string Reason => Text.From(Current(_native.reason));

        /// <summary>Data: a copy of the bytes.</summary>
        public byte[] ToArray()
        {
            var bytes = new byte[Size];
            CopyTo(bytes, 0);
            return bytes;
        }

        /// <summary>Data: copies the bytes into an array that has room for them from an index on.</summary>
        public void CopyTo(byte[] destination, int index)
        {
            if (destination == null)
            {
                throw new ArgumentNullException(nameof(destination));
            }
            if (index < 0 || index > destination.Length - Size)
            {
                throw new ArgumentOutOfRangeException(nameof(index), "the array has no room for the data");
            }
            if (Size > 0)
            {
                Marshal.Copy(Current(_native.buffer), destination, index, Size);
            }
        }

        /// <summary>Data: the bytes as text in UTF-8.</summary>
        public string ToText() => Encoding.UTF8.GetString(ToArray());

#if STEPWIRE_SPAN
        /// <summary>Data: the bytes where they are, without a copy. They are the library's until the next poll: the span is
        /// not to outlive that.</summary>
        public unsafe ReadOnlySpan<byte> Bytes => new ReadOnlySpan<byte>(Current(_native.buffer).ToPointer(), Size);
#endif

        IntPtr Current(IntPtr pointer)
        {
            if (_number != Volatile.Read(ref s_taken))
            {
                throw new InvalidOperationException(
                    "the event's data and texts are gone: Network.TryPoll was called after it; copy what you keep");
            }
            return pointer;
        }
    }
}
