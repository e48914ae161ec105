// tests/gamemaker/standin/process.cpp on Windows' calls.
#include "../gamemaker/standin/process.hpp"

#include "../gamemaker/standin/check.hpp"

#include <fcntl.h>
#include <io.h>
#include <windows.h>

namespace {

// Windows has no signal that asks a program to end: it is ended, with this.
constexpr UINT stopped = 143;

// The processes of this one, which end with it.
HANDLE family()
{
    static const HANDLE job = [] {
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {};
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        const HANDLE made = CreateJobObjectW(nullptr, nullptr);
        CHECK(made != nullptr);
        CHECK(SetInformationJobObject(made, JobObjectExtendedLimitInformation, &limits, sizeof limits));
        return made;
    }();
    return job;
}

HANDLE handle_of(const Process &process) { return reinterpret_cast<HANDLE>(process.id); }

} // namespace

Process start(const std::vector<std::string> &command)
{
    std::string line;
    for (const std::string &word : command) {
        line += '"' + word + "\" ";
    }
    HANDLE ours = nullptr;
    HANDLE theirs = nullptr;
    CHECK(CreatePipe(&ours, &theirs, nullptr, 0));
    CHECK(SetHandleInformation(theirs, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
    STARTUPINFOA how = {};
    how.cb = sizeof how;
    how.dwFlags = STARTF_USESTDHANDLES;
    how.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    how.hStdOutput = theirs;
    how.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    PROCESS_INFORMATION started = {};
    CHECK(CreateProcessA(nullptr, line.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr, &how, &started));
    CHECK(AssignProcessToJobObject(family(), started.hProcess));
    CloseHandle(started.hThread);
    CloseHandle(theirs);
    const int descriptor = _open_osfhandle(reinterpret_cast<std::intptr_t>(ours), _O_RDONLY | _O_TEXT);
    return {reinterpret_cast<std::intptr_t>(started.hProcess), _fdopen(descriptor, "r")};
}

void stop(const Process &process) { TerminateProcess(handle_of(process), stopped); }

std::string wait_for_end(const Process &process)
{
    DWORD status = 0;
    CHECK(WaitForSingleObject(handle_of(process), INFINITE) == WAIT_OBJECT_0);
    CHECK(GetExitCodeProcess(handle_of(process), &status));
    CloseHandle(handle_of(process));
    return status == 0 || status == stopped ? "" : "status " + std::to_string(status);
}
