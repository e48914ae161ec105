// What every binding of stepwire must do, over real sockets of this machine. Ends with status 1 at the first failure.
//
//   mono Conformance.exe            all of it
//   mono Conformance.exe peer PORT  joins a server and says "here", until it is killed (by the program itself)
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Stepwire;

static class Conformance
{
    const string Host = "127.0.0.1";
    const int Patience = 20;

    sealed class Failure : Exception
    {
        public Failure(string what) : base(what)
        {
        }
    }

    static void Expect(bool holds, string what)
    {
        if (!holds)
        {
            throw new Failure(what);
        }
    }

    static void Same<T>(T got, T wanted, string what) =>
        Expect(EqualityComparer<T>.Default.Equals(got, wanted), what + ": " + got + " instead of " + wanted);

    static void Same(byte[] got, byte[] wanted, string what) =>
        Expect(got.SequenceEqual(wanted), what + ": " + got.Length + " bytes, not the " + wanted.Length + " sent");

    static void Fails(ErrorCode wanted, string what, Action action)
    {
        try
        {
            action();
        }
        catch (NetworkException why)
        {
            Same(why.Code, wanted, what);
            Expect(why.Message.Length > 10, what + ": no sentence");
            return;
        }
        throw new Failure(what + " succeeded");
    }

    static void Throws<T>(string what, Action action) where T : Exception
    {
        try
        {
            action();
        }
        catch (T)
        {
            return;
        }
        throw new Failure(what + " succeeded");
    }

    static string Describe(Event e) => e.Kind + " of " + e.Peer + " " + e.Reason;

    // The next event, which satisfies `wanted`; others are answered by `meanwhile`, or are failures.
    static Event Next(string what, Func<Event, bool> wanted, Func<Event, bool> meanwhile = null)
    {
        var time = Stopwatch.StartNew();
        while (time.Elapsed.TotalSeconds < Patience)
        {
            Event e;
            if (!Network.TryPoll(out e))
            {
                Network.Wait(100);
                continue;
            }
            if (wanted(e))
            {
                return e;
            }
            Expect(meanwhile != null && meanwhile(e), what + ": unexpected: " + Describe(e));
        }
        throw new Failure(what + ": nothing came");
    }

    static Event Next(string what, Peer peer, EventKind kind) => Next(what, e => e.Peer == peer && e.Kind == kind);

    static byte[] DataOf(Peer peer, string what) => Next(what, peer, EventKind.Data).ToArray();

    static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    // A server, a client that is connected to it, and the server's side of the connection.
    sealed class Pair : IDisposable
    {
        public readonly Server Server;
        public readonly Client Client;
        public readonly Peer Accepted;

        public Pair(SocketKind kind, bool raw = false)
        {
            Server = new Server(kind, raw: raw);
            Client = new Client(kind);
            Client.Connect(Host, Server.Port, raw);
            Accepted = BothConnected(Server, Client);
        }

        public void Dispose()
        {
            Client.Dispose();
            Server.Dispose();
        }
    }

    // Both ends of a connect: the server's new client is returned.
    static Peer BothConnected(Server server, Client client)
    {
        Peer accepted = Peer.None;
        bool connected = false;
        while (accepted.IsNone || !connected)
        {
            Event e = Next("connecting", some => some.Kind == EventKind.Connect || some.Kind == EventKind.Connected);
            if (e.Kind == EventKind.Connect)
            {
                Same(e.Server, server.Peer, "the connect's server");
                accepted = e.Peer;
            }
            else
            {
                Same(e.Peer, client.Peer, "the connected socket");
                connected = true;
            }
        }
        return accepted;
    }

    static Pair Exchange(SocketKind kind, bool raw = false)
    {
        var pair = new Pair(kind, raw);
        foreach (var data in new[] { Utf8("hello"), new byte[] { 0, 1, 255 }, Utf8(new string('x', 100000)) })
        {
            Action<Peer, byte[]> send = (peer, bytes) =>
            {
                if (raw)
                {
                    peer.SendRaw(bytes);
                }
                else
                {
                    peer.Send(bytes);
                }
            };
            send(pair.Client, data);
            Event there = Next("at the server", pair.Accepted, EventKind.Data);
            Same(there.ToArray(), data, "at the server");
            Same(there.Server, pair.Server.Peer, "the data's server");
            send(pair.Accepted, there.ToArray());
            Same(DataOf(pair.Client, "back at the client"), data, "back at the client");
        }
        return pair;
    }

    static void server_and_client()
    {
        using (var pair = Exchange(SocketKind.Tcp))
        {
            Same(pair.Client.Send("12345"), 17, "what send returns over TCP");
            DataOf(pair.Accepted, "five bytes");
            Same(pair.Client.Peer.Send(Utf8("abcdef"), 2, 3), 15, "a part of an array");
            Same(Next("a part", pair.Accepted, EventKind.Data).ToText(), "cde", "a part of an array");
            pair.Client.Send(new byte[0]);
            Same(DataOf(pair.Accepted, "an empty packet").Length, 0, "an empty packet");
            pair.Client.Dispose();
            Same(Next("the disconnect", pair.Accepted, EventKind.Disconnect).Error, ErrorCode.None, "an orderly close's error");
        }
    }

    static void several_clients()
    {
        using (var pair = new Pair(SocketKind.Tcp))
        using (var second = new Client())
        {
            second.Connect(Host, pair.Server.Port);
            Peer other = BothConnected(pair.Server, second);
            pair.Accepted.Send("for the first");
            other.Send("for the second");
            for (int i = 0; i < 2; i++)
            {
                Event e = Next("what each gets", some => some.Kind == EventKind.Data);
                Same(e.ToText(), e.Peer == pair.Client.Peer ? "for the first" : "for the second", "what each gets");
            }
            pair.Server.Dispose();
            for (int i = 0; i < 2; i++)
            {
                Next("the server's end", some => some.Kind == EventKind.Disconnect);
            }
        }
    }

    static void groups()
    {
        using (var pair = new Pair(SocketKind.Tcp))
        using (var second = new Client())
        using (var group = new Group())
        {
            second.Connect(Host, pair.Server.Port);
            Peer other = BothConnected(pair.Server, second);
            Same(group.Add(pair.Accepted), true, "a new member");
            Same(group.Add(pair.Accepted), false, "a member twice");
            group.Add(other);
            Same(group.Count, 2, "its size");
            Same(group.SendToAll(Utf8("but the first"), pair.Accepted), 1, "sent to all but one");
            Same(DataOf(second, "the second"), Utf8("but the first"), "the second");
            Same(pair.Server.SendToAll(Utf8("all")), 2, "sent to a server's clients");
            for (int i = 0; i < 2; i++)
            {
                Same(Next("all", some => some.Kind == EventKind.Data).ToText(), "all", "all");
            }
            Same(group.Remove(other), true, "a member removed");
        }
    }

    static void websockets()
    {
        using (var pair = Exchange(SocketKind.Ws))
        {
            Same(pair.Accepted.Get("path"), "/", "the request's path");
            pair.Client.Dispose();
            Event e = Next("the disconnect", pair.Accepted, EventKind.Disconnect);
            Same(e.Error, ErrorCode.None, "an orderly close's error");
            Same(e.Code, 1000, "its code");
        }
    }

    static void raw_websockets()
    {
        using (var pair = Exchange(SocketKind.Ws, true))
        {
            pair.Client.Peer.SendText("Grüße");
            Event e = Next("a text message", pair.Accepted, EventKind.Data);
            Same(e.ToText(), "Grüße", "a text message");
            Same(e.IsText, true, "IsText");
            pair.Client.Peer.Close(4001, "genug für heute");
            Event left = Next("the disconnect", pair.Accepted, EventKind.Disconnect);
            Same(left.Code, 4001, "the code of the close");
            Expect(left.Reason.Contains("genug für heute"), left.Reason);
        }
    }

    static void udp()
    {
        foreach (bool reliable in new[] { false, true })
        {
            using (var server = new UdpSocket(0, reliable))
            using (var client = new UdpSocket(0, reliable))
            {
                client.SendTo(Host, server.Port, Utf8("ping"));
                Event e = Next("the datagram", server, EventKind.Data);
                Same(e.ToText(), "ping", "the datagram");
                Same(e.Port, client.Port, "its sender's port");
                Same(e.IsReliable, reliable, "IsReliable");
                server.SendTo(e.Ip, e.Port, Utf8("pong"));
                Same(DataOf(client, "the answer"), Utf8("pong"), "the answer");
                client.Peer.SendRawTo(Host, server.Port, Utf8("raw"));
                Same(DataOf(server, "without a header"), Utf8("raw"), "a datagram without a header");
            }
        }
    }

    static void a_client_connects_again()
    {
        using (var pair = new Pair(SocketKind.Tcp))
        {
            int port = pair.Server.Port;
            pair.Server.Dispose();
            Next("the server's end", pair.Client, EventKind.Disconnect);
            Fails(ErrorCode.BadHandle, "a send to what was destroyed", () => pair.Accepted.Send("gone"));
            using (var server = new Server(SocketKind.Tcp, port))
            {
                pair.Client.Connect(Host, port);
                Peer accepted = BothConnected(server, pair.Client);
                pair.Client.Send("again");
                Same(DataOf(accepted, "after connecting again"), Utf8("again"), "after connecting again");
            }
        }
    }

    static void errors()
    {
        int port;
        using (var pair = new Pair(SocketKind.Tcp))
        {
            port = pair.Server.Port;
            Fails(ErrorCode.AddressInUse, "a port that is taken", () => new Server(SocketKind.Tcp, port));
            Fails(ErrorCode.WrongKind, "sending on a server", () => pair.Server.Peer.Send("x"));
            Fails(ErrorCode.WrongKind, "a raw send on a regular connection", () => pair.Client.Peer.SendRaw(Utf8("x")));
            Fails(ErrorCode.BadArgument, "a port out of range", () => new Server(SocketKind.Tcp, 70000));
            Fails(ErrorCode.BadArgument, "an option that is no number", () => pair.Client.Peer.Set(Options.NoDelay, double.NaN));
            Fails(ErrorCode.BadArgument, "an option out of range", () => Network.Set(Options.ConnectTimeout, -1));
            Throws<ArgumentException>("a socket's option for all", () => Network.Set(Options.NoDelay, 1));
            Throws<ArgumentException>("all's option for a socket", () => pair.Client.Peer.Set(Options.ConnectTimeout, 1));
            Throws<ArgumentException>("a NUL within", () => pair.Client.Peer.Get("i\0p"));
            Throws<ArgumentNullException>("no data", () => pair.Client.Send((byte[])null));
            Throws<ArgumentOutOfRangeException>("more than there is", () => pair.Client.Peer.Send(new byte[4], 2, 3));
            Throws<ArgumentOutOfRangeException>("a count that overflows", () => pair.Client.Peer.Send(new byte[4], 1, int.MaxValue));
            Same(NetworkException.NameOf(ErrorCode.Timeout), "network_error_timeout", "a number's name");
            pair.Client.Dispose();
            pair.Client.Dispose();
            Fails(ErrorCode.BadHandle, "a socket that was destroyed", () => pair.Client.Send("x"));
            Fails(ErrorCode.BadHandle, "destroying twice", () => pair.Client.Peer.Destroy());
            Next("the client's end", pair.Accepted, EventKind.Disconnect);
        }
        using (var lost = new Client())
        {
            lost.Connect(Host, port);
            Event e = Next("a refused connect", lost, EventKind.Failed);
            Expect(e.Error < 0 && e.Reason.Length > 10, "a refused connect has an error and a reason");
            Fails(ErrorCode.Failed, "a refused connect that blocks", () => lost.ConnectAndWait(Host, port));
        }
    }

    static void events_that_are_gone()
    {
        using (var pair = new Pair(SocketKind.Tcp))
        {
            pair.Client.Send("first");
            Event first = Next("the first", pair.Accepted, EventKind.Data);
            Same(first.ToText(), "first", "in time");
            Throws<ArgumentOutOfRangeException>("no room", () => first.CopyTo(new byte[6], 2));
            Event next;
            Network.TryPoll(out next);
            Same(first.Size, 5, "its numbers stay");
            Throws<InvalidOperationException>("the data of an event that is gone", () => first.ToArray());
            Throws<InvalidOperationException>("the text of an event that is gone", () => first.Ip.ToString());
        }
    }

    static void owners_that_are_forgotten()
    {
        using (var server = new Server())
        {
            int port = server.Port;
            Forget(port);
            Peer client = Next("the client", e => e.Kind == EventKind.Connect).Peer;
            Next("its end", e =>
            {
                return e.Kind == EventKind.Disconnect && e.Peer == client;
            }, e => false, () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            });
        }
    }

    // As Next, with something to do while nothing comes.
    static Event Next(string what, Func<Event, bool> wanted, Func<Event, bool> meanwhile, Action idle)
    {
        var time = Stopwatch.StartNew();
        while (time.Elapsed.TotalSeconds < Patience)
        {
            idle();
            Event e;
            if (Network.TryPoll(out e))
            {
                if (wanted(e))
                {
                    return e;
                }
                Expect(meanwhile(e), what + ": unexpected: " + Describe(e));
            }
            else
            {
                Network.Wait(20);
            }
        }
        throw new Failure(what + ": nothing came");
    }

    // On a thread of its own, whose stack is gone afterwards: what was there could keep the client alive.
    static void Forget(int port)
    {
        var thread = new Thread(() => new Client().ConnectAndWait(Host, port));
        thread.Start();
        thread.Join();
    }

    static void ten_thousand_messages_in_order()
    {
        foreach (var kind in new[] { SocketKind.Tcp, SocketKind.Ws })
        {
            using (var pair = new Pair(kind))
            {
                const int Count = 10000;
                int sent = 0;
                for (int came = 1; came <= Count; came++)
                {
                    while (sent < Count && sent - came < 999)
                    {
                        sent++;
                        pair.Client.Send(sent.ToString());
                    }
                    Event answer = Next("message " + came, e => e.Peer == pair.Client.Peer && e.Kind == EventKind.Data, e =>
                    {
                        // Echoed by the server until the client's answers come.
                        Same(e.Peer, pair.Accepted, "who sent it");
                        return e.Peer.Send(e.ToArray()) > 0;
                    });
                    Same(answer.ToText(), came.ToString(), "message " + came);
                }
            }
        }
    }

    static void payloads_come_back_as_they_were()
    {
        using (var pair = new Pair(SocketKind.Tcp))
        {
            for (int turn = 1; turn <= 200; turn++)
            {
                var data = Enumerable.Repeat((byte)turn, turn * 37 % 5000).ToArray();
                pair.Client.Send(data);
                var there = Next("packet " + turn, pair.Accepted, EventKind.Data);
                GC.Collect();
                Same(there.ToArray(), data, "packet " + turn);
                pair.Accepted.Send(there.ToArray());
                Same(DataOf(pair.Client, "packet " + turn), data, "packet " + turn);
            }
        }
    }

    static void a_peer_that_dies()
    {
        using (var server = new Server())
        {
            var start = new ProcessStartInfo
            {
                FileName = Process.GetCurrentProcess().MainModule.FileName,
                Arguments = "\"" + typeof(Conformance).Assembly.Location + "\" peer " + server.Port,
                UseShellExecute = false,
            };
            using (var process = Process.Start(start))
            {
                Peer client = Next("the peer", e => e.Kind == EventKind.Connect).Peer;
                Same(DataOf(client, "what the peer says"), Utf8("here"), "what the peer says");
                process.Kill();
                Next("the peer's end", client, EventKind.Disconnect);
                process.WaitForExit();
            }
        }
    }

    static void a_peer_that_does_not_keep_up()
    {
        // It is not read while as much as this waits to be collected.
        Network.SetDefault(Options.ReceiveQueueLimit, 1);
        using (var pair = new Pair(SocketKind.Tcp))
        {
            pair.Client.Peer.Set(Options.SendQueueLimit, 100000);
            var much = new byte[64 * 1024];
            int sent = 0;
            ErrorCode last;
            while ((last = pair.Client.Peer.TrySend(much, 0, much.Length)) == ErrorCode.None)
            {
                sent++;
                Expect(sent < 10000, "the queue is never full");
            }
            Same(last, ErrorCode.QueueFull, "a message too many");
            // The system may take some of it meanwhile.
            Fails(ErrorCode.QueueFull, "more and more", () =>
            {
                for (; sent < 10000; sent++)
                {
                    pair.Client.Send(much);
                }
            });
            int came = 0;
            Event room = Next("room again", e => e.Kind == EventKind.Writable, e =>
            {
                came++;
                return e.Kind == EventKind.Data && e.Peer == pair.Accepted;
            });
            Same(room.Peer, pair.Client.Peer, "who has room again");
            for (; came < sent; came++)
            {
                Same(DataOf(pair.Accepted, "the rest").Length, much.Length, "the rest");
            }
            pair.Client.Send("room");
            Same(DataOf(pair.Accepted, "after there was room"), Utf8("room"), "after there was room");
        }
    }

    static void what_can_be_asked()
    {
        using (var pair = new Pair(SocketKind.Tcp))
        {
            Same(pair.Accepted.Ip, Host, "the peer's address");
            pair.Client.Send("12345");
            DataOf(pair.Accepted, "five bytes");
            Same(pair.Accepted.Stat("packets_received"), 1.0, "packets received");
            Expect(Network.Stat("packets_sent") >= 1, "packets sent by all");
            Same(Network.Resolve(Host), Host, "an address of itself");
            Expect(Network.Version.Split('.').Length == 3, "the version");
            Expect(Network.Metrics.Contains("stepwire_"), "the metrics");
            Expect(Network.Addresses().All(address => address.Length > 2), "addresses");
            Same(Network.Wait(0), false, "nothing waits");
            pair.Client.Peer.Set(Options.NoDelay, false);
            pair.Client.Peer.SetTimeout(0, 5000);
            Same(default(Peer).IsNone, true, "nothing's name");
        }
    }

    static void waiting_without_a_thread()
    {
        Same(Network.WaitAsync(0).Result, false, "nothing waits");
        using (var pair = new Pair(SocketKind.Tcp))
        {
            Task<bool> waiting = Network.WaitAsync(Patience * 1000);
            pair.Client.Send("x");
            Same(waiting.Result, true, "something waits");
            DataOf(pair.Accepted, "x");
            using (var source = new CancellationTokenSource())
            {
                Task<bool> cancelled = Network.WaitAsync(Patience * 1000, source.Token);
                source.Cancel();
                Throws<AggregateException>("a wait that was cancelled", () => cancelled.Wait());
            }
        }
    }

#if STEPWIRE_SPAN
    static void spans()
    {
        using (var pair = new Pair(SocketKind.Tcp))
        {
            ReadOnlySpan<byte> sent = new byte[] { 1, 2, 3, 4 };
            pair.Client.Peer.Send(sent.Slice(1, 2));
            Event e = Next("a span", pair.Accepted, EventKind.Data);
            Same(e.Bytes.ToArray(), new byte[] { 2, 3 }, "a span");
            Same(pair.Accepted.TrySend(e.Bytes), ErrorCode.None, "forwarding");
            Same(DataOf(pair.Client, "forwarded"), new byte[] { 2, 3 }, "forwarded");
            pair.Client.Peer.Send(ReadOnlySpan<byte>.Empty);
            Same(Next("an empty span", pair.Accepted, EventKind.Data).Bytes.Length, 0, "an empty span");
        }
    }
#endif

    static void shutdown_and_a_new_start()
    {
        var before = new Pair(SocketKind.Tcp);
        Network.Shutdown();
        Fails(ErrorCode.BadHandle, "a socket from before", () => before.Client.Send("x"));
        before.Dispose();
        new Pair(SocketKind.Tcp).Dispose();
    }

    static int BeAPeer(int port)
    {
        using (var client = new Client())
        {
            client.ConnectAndWait(Host, port);
            client.Send("here");
            for (;;)
            {
                Network.Wait(1000);
                Event e;
                while (Network.TryPoll(out e))
                {
                    if (e.Kind == EventKind.Disconnect)
                    {
                        return 1;
                    }
                }
            }
        }
    }

    static int Main(string[] arguments)
    {
        if (arguments.Length == 2 && arguments[0] == "peer")
        {
            return BeAPeer(int.Parse(arguments[1]));
        }
        foreach (Action run in new Action[]
        {
            server_and_client, several_clients, groups, websockets, raw_websockets, udp, a_client_connects_again, errors,
            events_that_are_gone, owners_that_are_forgotten, ten_thousand_messages_in_order, payloads_come_back_as_they_were,
            a_peer_that_dies, a_peer_that_does_not_keep_up, what_can_be_asked, waiting_without_a_thread,
#if STEPWIRE_SPAN
            spans,
#endif
            shutdown_and_a_new_start,
        })
        {
            try
            {
                Network.Set(Options.BindAddress, Host);
                run();
            }
            catch (Exception why)
            {
                Console.WriteLine("FAIL " + run.Method.Name + "\n" + why);
                return 1;
            }
            Console.WriteLine("ok   " + run.Method.Name);
            // Each begins without what the one before has left; options are reset too.
            Network.Shutdown();
        }
        return 0;
    }
}
