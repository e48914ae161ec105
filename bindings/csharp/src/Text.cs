using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Stepwire
{
    /// <summary>Texts on their way to the library and from it.</summary>
    internal static class Text
    {
        /// <summary>A copy of the library's text, which stays the library's: nothing is freed.</summary>
        public static string From(IntPtr text)
        {
            if (text == IntPtr.Zero)
            {
                return "";
            }
            int length = 0;
            while (Marshal.ReadByte(text, length) != 0)
            {
                length++;
            }
            if (length == 0)
            {
                return "";
            }
            var bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }

        /// <summary>UTF-8 with a NUL at the end, and none within, where the library would take it for the end.</summary>
        public static byte[] To(string text, string name)
        {
            if (text == null)
            {
                throw new ArgumentNullException(name);
            }
            if (text.IndexOf('\0') >= 0)
            {
                throw new ArgumentException("the text has a NUL within", name);
            }
            var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
            Encoding.UTF8.GetBytes(text, 0, text.Length, bytes, 0);
            return bytes;
        }
    }
}
