using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Stepwire
{
    /// <summary>The events, and what concerns the library as a whole. All of it may be called from any thread.</summary>
    public static class Network
    {
        static Network()
        {
            string found = Text.From(Native.network_version());
            if (!found.StartsWith(Native.MadeFor + ".", StringComparison.Ordinal))
            {
                throw new DllNotFoundException(
                    "this Stepwire.dll is for version " + Native.MadeFor + " of the library, and found " + found);
            }
        }

        /// <summary>The library's version.</summary>
        public static string Version => Text.From(Native.network_version());

        /// <summary>Takes the next event, if one waits. What an event before had of data and texts is gone then.</summary>
        public static bool TryPoll(out Event taken) => Event.TryTake(out taken);

        /// <summary>Sleeps until an event waits or the time is over; returns whether one waits.</summary>
        public static bool Wait(int milliseconds) => NetworkException.Check(Native.network_wait(milliseconds)) > 0;

        /// <summary>
        /// As <see cref="Wait"/>, without holding the calling thread up: <c>while (await Network.WaitAsync(1000, token))
        /// while (Network.TryPoll(out var e)) ...</c>. One wait at a time.
        /// </summary>
        public static async Task<bool> WaitAsync(int milliseconds, CancellationToken cancellation = default(CancellationToken))
        {
            cancellation.ThrowIfCancellationRequested();
            using (cancellation.Register(Wake))
            {
                bool waits = await Task.Run(() => Wait(milliseconds));
                cancellation.ThrowIfCancellationRequested();
                return waits;
            }
        }

        /// <summary>Ends a <see cref="Wait"/>.</summary>
        public static void Wake() => Native.network_wake();

        /// <summary>Destroys everything, and sets all options back: network_shutdown.</summary>
        public static void Shutdown()
        {
            Event.ForgetAll();
            NetworkException.Check(Native.network_shutdown());
        }

        /// <summary>Sets an option of the whole library.</summary>
        public static void Set(NumberOption option, double value)
        {
            Require(option.Scope == OptionScope.Library, "this option is a socket's: Peer.Set or Network.SetDefault");
            NetworkException.Check(Native.network_set_config(option.Number, value, 0));
        }

        /// <summary>Sets an option of the whole library that takes text.</summary>
        public static void Set(TextOption option, string value)
        {
            Require(option.Scope == OptionScope.Library, "this option is a socket's: Peer.Set or Network.SetDefault");
            NetworkException.Check(Native.network_set_config_string(option.Number, -1, Text.To(value, nameof(value))));
        }

        /// <summary>Sets an option of sockets that are made from now on.</summary>
        public static void SetDefault(NumberOption option, double value)
        {
            RequireDefault(option.Scope);
            NetworkException.Check(Native.network_set_config(option.Number, -1, value));
        }

        /// <summary>Sets an option of sockets that are made from now on.</summary>
        public static void SetDefault(TextOption option, string value)
        {
            RequireDefault(option.Scope);
            NetworkException.Check(Native.network_set_config_string(option.Number, -1, Text.To(value, nameof(value))));
        }

        /// <summary>Does what an option without a value does to all sockets that are made from now on.</summary>
        public static void SetDefault(ActionOption option)
        {
            RequireDefault(option.Scope);
            NetworkException.Check(Native.network_set_config(option.Number, -1, 0));
        }

        /// <summary>A counter of all sockets together: network_get_stat.</summary>
        public static double Stat(string key) =>
            NetworkException.Check(Native.network_get_stat(-1, Text.To(key, nameof(key))));

        /// <summary>All counters as text for Prometheus.</summary>
        public static string Metrics => Text.From(Native.network_get_metrics());

        /// <summary>The oldest line of the log that was not fetched yet; "" if none is left.</summary>
        public static string NextLog() => Text.From(Native.network_next_log());

        /// <summary>One of a name's addresses; waits for the system's resolver.</summary>
        public static string Resolve(string name)
        {
            string address = Text.From(Native.network_resolve(Text.To(name, nameof(name))));
            if (address.Length == 0)
            {
                throw new NetworkException(ErrorCode.Resolve, Text.From(Native.network_last_error()));
            }
            return address;
        }

        /// <summary>This machine's addresses, IPv4 first: what a player tells a friend to connect to.</summary>
        public static IEnumerable<string> Addresses()
        {
            for (int index = 0; ; index++)
            {
                string address = Text.From(Native.network_get_address(index));
                if (address.Length == 0)
                {
                    yield break;
                }
                yield return address;
            }
        }

        // Sockets are made through this class, so that its check of the version comes before everything else.
        internal static double Create(SocketKind kind, int localPort) => localPort < 0
            ? Native.network_create_socket((int)kind)
            : Native.network_create_socket_ext((int)kind, localPort);

        internal static double CreateServer(SocketKind kind, int port, int maxClients, bool raw) => raw
            ? Native.network_create_server_raw((int)kind, port, maxClients)
            : Native.network_create_server((int)kind, port, maxClients);

        internal static double CreateGroup() => Native.network_create_group();

        static void RequireDefault(OptionScope scope) =>
            Require(scope == OptionScope.SocketOrDefault, scope == OptionScope.Library
                ? "this option is the whole library's: Network.Set" : "this option is one socket's: Peer.Set");

        static void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                throw new ArgumentException(otherwise, "option");
            }
        }
    }
}
