using System;

namespace Stepwire
{
    /// <summary>A call that failed: the number, and a sentence as the message.</summary>
    public sealed class NetworkException : Exception
    {
        public ErrorCode Code { get; }

        /// <summary>The number's name, such as "network_error_timeout".</summary>
        public string Name => NameOf(Code);

        public NetworkException(ErrorCode code, string sentence) : base(sentence)
        {
            Code = code;
        }

        /// <summary>The name of an error's number; "" if it is none.</summary>
        public static string NameOf(ErrorCode code) => Text.From(Native.network_error_name((double)code));

        /// <summary>What a call has returned, unless that is an error.</summary>
        internal static double Check(double number)
        {
            if (number < 0)
            {
                throw new NetworkException((ErrorCode)(int)number, Text.From(Native.network_last_error()));
            }
            return number;
        }
    }
}
