using System;

namespace Stepwire
{
    /// <summary>Where the bytes to send begin, for the library, which copies them before its call returns.</summary>
    internal static class Bytes
    {
        // What is handed over instead of the first of no bytes.
        static readonly byte[] Nothing = new byte[1];

        /// <summary>The first of <paramref name="count"/> bytes; the marshaller keeps the array in place for the call.</summary>
        public static ref byte First(byte[] data, int offset, int count)
        {
            if (data == null)
            {
                throw new ArgumentNullException(nameof(data));
            }
            if (offset < 0 || count < 0 || offset > data.Length - count)
            {
                throw new ArgumentOutOfRangeException(nameof(count), "the array has no such bytes");
            }
            return ref count == 0 ? ref Nothing[0] : ref data[offset];
        }

#if STEPWIRE_SPAN
        public static ref byte First(ReadOnlySpan<byte> data)
        {
            return ref data.Length == 0 ? ref Nothing[0] : ref System.Runtime.InteropServices.MemoryMarshal.GetReference(data);
        }
#endif
    }
}
