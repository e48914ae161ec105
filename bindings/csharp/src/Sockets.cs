using System;
using System.Runtime.InteropServices;

namespace Stepwire
{
    /// <summary>Kinds of sockets and servers.</summary>
    public enum SocketKind
    {
        Tcp = Constants.SocketTcp,
        Udp = Constants.SocketUdp,
        Ws = Constants.SocketWs,
        Wss = Constants.SocketWss,
    }

    /// <summary>
    /// Owns a socket, a server or a group, and destroys it with <see cref="Dispose"/>, or when nothing refers to the owner any
    /// more: keep it as long as the socket is to live.
    /// </summary>
    public abstract class Owner : IDisposable
    {
        /// <summary>The garbage collector ends it even where finalizers of others do not run.</summary>
        sealed class Handle : SafeHandle
        {
            public Handle(int number) : base(new IntPtr(-1), true)
            {
                SetHandle(new IntPtr(number));
            }

            public override bool IsInvalid => handle.ToInt64() < 0;

            protected override bool ReleaseHandle()
            {
                // It may have gone before: with its server, or with the whole library.
                Native.network_destroy(handle.ToInt64());
                return true;
            }
        }

        readonly Handle _handle;

        internal Owner(double number)
        {
            int made = (int)NetworkException.Check(number);
            Peer = new Peer(made);
            _handle = new Handle(made);
        }

        /// <summary>Its name: what events carry, and all that can be done with it.</summary>
        public Peer Peer { get; }

        /// <summary>The local port.</summary>
        public int Port => Peer.Port;

        /// <summary>Destroys it; what was sent still leaves. Again is no error.</summary>
        public void Dispose() => _handle.Dispose();

        public static implicit operator Peer(Owner owner) => owner == null ? Peer.None : owner.Peer;
    }

    /// <summary>A client's socket for TCP or WebSockets.</summary>
    public sealed class Client : Owner
    {
        /// <summary>Makes one; its connections go out from the local port unless that is -1.</summary>
        public Client(SocketKind kind = SocketKind.Tcp, int localPort = -1) : base(Network.Create(kind, localPort))
        {
        }

        /// <summary>Begins to connect and returns at once; an event, <see cref="EventKind.Connected"/> or
        /// <see cref="EventKind.Failed"/>, follows. Raw is without GameMaker's handshake and headers.</summary>
        public void Connect(string url, int port, bool raw = false)
        {
            var text = Text.To(url, nameof(url));
            NetworkException.Check(raw
                ? Native.network_connect_raw_async(Peer.Number, text, port)
                : Native.network_connect_async(Peer.Number, text, port));
        }

        /// <summary>Connects and waits until that is done or has failed. No event follows.</summary>
        public void ConnectAndWait(string url, int port, bool raw = false)
        {
            var text = Text.To(url, nameof(url));
            NetworkException.Check(raw
                ? Native.network_connect_raw(Peer.Number, text, port)
                : Native.network_connect(Peer.Number, text, port));
        }

        /// <summary>Sends a packet.</summary>
        public int Send(byte[] data) => Peer.Send(data);

        /// <summary>Sends text, as UTF-8, as a packet.</summary>
        public int Send(string text) => Peer.Send(text);
    }

    /// <summary>A server. Its clients live no longer than it.</summary>
    public sealed class Server : Owner
    {
        /// <summary>Listens on a port (0: any free one, which <see cref="Owner.Port"/> tells).</summary>
        public Server(SocketKind kind = SocketKind.Tcp, int port = 0, int maxClients = 100, bool raw = false)
            : base(Network.CreateServer(kind, port, maxClients, raw))
        {
        }

        /// <summary>Sends a packet to all clients but one; returns how many took it.</summary>
        public int SendToAll(byte[] data, Peer except = default(Peer)) => Peer.SendToAll(data, except);

        /// <summary>How many clients there are.</summary>
        public int Count => Peer.Count;
    }

    /// <summary>Any connections, to send one message to all of them.</summary>
    public sealed class Group : Owner
    {
        public Group() : base(Network.CreateGroup())
        {
        }

        /// <summary>Makes it a member; returns whether it was none.</summary>
        public bool Add(Peer peer) => NetworkException.Check(Native.network_group_add(Peer.Number, peer.Number)) > 0;

        /// <summary>Takes it out; returns whether it was a member.</summary>
        public bool Remove(Peer peer) => NetworkException.Check(Native.network_group_remove(Peer.Number, peer.Number)) > 0;

        /// <summary>Sends a packet to all members but one; returns how many took it.</summary>
        public int SendToAll(byte[] data, Peer except = default(Peer)) => Peer.SendToAll(data, except);

        /// <summary>How many members there are.</summary>
        public int Count => Peer.Count;
    }

    /// <summary>A UDP socket.</summary>
    public sealed class UdpSocket : Owner
    {
        /// <summary>Makes one on a local port (0: any free one), with reliable UDP or without.</summary>
        public UdpSocket(int port = 0, bool reliable = false) : base(Network.Create(SocketKind.Udp, port))
        {
            if (reliable)
            {
                Peer.Set(Options.EnableReliableUdp);
            }
        }

        /// <summary>Sends a datagram with GameMaker's header, or a reliable message.</summary>
        public int SendTo(string url, int port, byte[] data) => Peer.SendTo(url, port, data);
    }
}
