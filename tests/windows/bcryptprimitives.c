/* For tests alone: Wine 8 lacks this library, from which Rust's standard library takes random bytes. */
#include <windows.h>

#define RtlGenRandom SystemFunction036
BOOLEAN NTAPI RtlGenRandom(PVOID bytes, ULONG size);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T size) {
    while (size > 0) {
        ULONG part = size > 1 << 28 ? 1 << 28 : (ULONG)size;
        if (!RtlGenRandom(bytes, part))
            return FALSE;
        bytes += part;
        size -= part;
    }
    return TRUE;
}
