/* version_resource DLL VERSION: what Windows shows of the library in its properties is there and true. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

static char *resource;

static void fail(const char *what, const char *found) {
    fprintf(stderr, "%s: %s\n", what, found);
    exit(1);
}

/* A text of the resource, in English. */
static const char *text(const char *name) {
    char path[128];
    void *value;
    UINT size;
    snprintf(path, sizeof path, "\\StringFileInfo\\040904B0\\%s", name);
    if (!VerQueryValueA(resource, path, &value, &size))
        fail(name, "is missing");
    return (const char *)value;
}

static void expect(const char *name, const char *wanted) {
    if (strcmp(text(name), wanted) != 0)
        fail(name, text(name));
}

int main(int count, char **arguments) {
    DWORD size, unused;
    VS_FIXEDFILEINFO *numbers;
    UINT length;
    char version[64];
    const char *file_name = count == 3 ? strrchr(arguments[1], '/') : NULL;
    if (file_name == NULL)
        fail("usage", "version_resource FOLDER/DLL VERSION");
    size = GetFileVersionInfoSizeA(arguments[1], &unused);
    resource = (char *)malloc(size + 1);
    if (size == 0 || resource == NULL || !GetFileVersionInfoA(arguments[1], 0, size, resource))
        fail(arguments[1], "has no version resource");
    if (!VerQueryValueA(resource, "\\", (void **)&numbers, &length) || length < sizeof *numbers)
        fail(arguments[1], "has no version in numbers");
    snprintf(version, sizeof version, "%u.%u.%u", HIWORD(numbers->dwFileVersionMS), LOWORD(numbers->dwFileVersionMS),
             HIWORD(numbers->dwFileVersionLS));
    if (strcmp(version, arguments[2]) != 0)
        fail("the version in numbers", version);
    expect("FileVersion", arguments[2]);
    expect("ProductVersion", arguments[2]);
    expect("OriginalFilename", file_name + 1);
    if (strstr(text("FileDescription"), "stepwire") == NULL)
        fail("FileDescription", text("FileDescription"));
    printf("%s: %s, version %s\n", file_name + 1, text("FileDescription"), version);
    return 0;
}
