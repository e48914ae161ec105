// Echo server: every packet goes back to whoever sent it.
//
//   mono EchoServer.exe        checks itself: serves one client of its own, then ends
//   mono EchoServer.exe PORT   serves until Ctrl-C; port 0 lets the system choose
using System;
using Stepwire;

static class EchoServer
{
    static byte[] s_buffer = new byte[4096];

    // Sends a server's client back what it has sent.
    static void Echo(Event data)
    {
        if (data.Size > s_buffer.Length)
        {
            s_buffer = new byte[data.Size];
        }
        data.CopyTo(s_buffer, 0);
        ErrorCode error = data.Peer.TrySend(s_buffer, 0, data.Size);
        if (error != ErrorCode.None && error != ErrorCode.Closed)
        {
            // It sends but does not read what it gets back: nobody is served by a queue that only grows.
            Console.Error.WriteLine("client " + data.Peer + " is cut off: " + NetworkException.NameOf(error));
            data.Peer.Destroy();
        }
    }

    static void Serve(Server server)
    {
        Console.WriteLine("listening on port " + server.Port + ", Ctrl-C ends it");
        for (;;)
        {
            Network.Wait(1000);
            Event e;
            while (Network.TryPoll(out e))
            {
                if (e.Kind == EventKind.Data)
                {
                    Echo(e);
                }
                else if (e.Kind == EventKind.Disconnect && e.Error != ErrorCode.None)
                {
                    Console.Error.WriteLine("client " + e.Peer + " left: " + e.Reason);
                }
            }
        }
    }

    static int CheckItself(Server server)
    {
        using (var client = new Client())
        {
            client.Connect("127.0.0.1", server.Port);
            while (Network.Wait(5000))
            {
                Event e;
                while (Network.TryPoll(out e))
                {
                    if (e.Kind == EventKind.Connected)
                    {
                        client.Send("hello");
                    }
                    else if (e.Kind == EventKind.Data && e.Peer == client.Peer)
                    {
                        bool same = e.ToText() == "hello";
                        Console.WriteLine(same ? "a packet was echoed" : "something else came back");
                        return same ? 0 : 1;
                    }
                    else if (e.Kind == EventKind.Data)
                    {
                        Echo(e);
                    }
                }
            }
        }
        Console.Error.WriteLine("no answer within five seconds");
        return 1;
    }

    static int Main(string[] arguments)
    {
        int port = 0;
        if (arguments.Length > 1 || (arguments.Length == 1 && !int.TryParse(arguments[0], out port)))
        {
            Console.Error.WriteLine("usage: EchoServer [PORT]");
            return 2;
        }
        if (arguments.Length == 0)
        {
            Network.Set(Options.BindAddress, "127.0.0.1"); // a check of itself is nobody else's business
        }
        using (var server = new Server(SocketKind.Tcp, port, 100000))
        {
            if (arguments.Length == 0)
            {
                return CheckItself(server);
            }
            Serve(server);
        }
        return 0;
    }
}
