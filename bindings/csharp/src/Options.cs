namespace Stepwire
{
    /// <summary>What an option belongs to: the library as a whole, one socket, or a socket and the default for later ones.</summary>
    public enum OptionScope { Library, Socket, SocketOrDefault }

    /// <summary>An option that takes a number; 0 or 1 for what is off or on.</summary>
    public struct NumberOption
    {
        public readonly int Number;
        public readonly OptionScope Scope;

        internal NumberOption(int number, OptionScope scope)
        {
            Number = number;
            Scope = scope;
        }
    }

    /// <summary>An option that takes text.</summary>
    public struct TextOption
    {
        public readonly int Number;
        public readonly OptionScope Scope;

        internal TextOption(int number, OptionScope scope)
        {
            Number = number;
            Scope = scope;
        }
    }

    /// <summary>An option that is an action and takes nothing.</summary>
    public struct ActionOption
    {
        public readonly int Number;
        public readonly OptionScope Scope;

        internal ActionOption(int number, OptionScope scope)
        {
            Number = number;
            Scope = scope;
        }
    }
}
