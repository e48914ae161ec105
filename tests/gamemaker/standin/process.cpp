// On Windows ../../windows/standin_process.cpp takes this file's place.
#include "process.hpp"

#include "check.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <set>

namespace {

// Those that have not ended yet.
std::set<pid_t> running;

void end_what_runs()
{
    for (const pid_t id : running) {
        kill(id, SIGKILL);
    }
}

} // namespace

Process start(const std::vector<std::string> &command)
{
    static const int at_the_end = std::atexit(end_what_runs);
    CHECK_EQ(at_the_end, 0);
    int ends[2];
    CHECK(pipe(ends) == 0);
    const pid_t id = fork();
    CHECK(id >= 0);
    if (id == 0) {
        std::vector<char *> arguments;
        for (const std::string &argument : command) {
            arguments.push_back(const_cast<char *>(argument.c_str()));
        }
        arguments.push_back(nullptr);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    close(ends[1]);
    running.insert(id);
    return {id, fdopen(ends[0], "r")};
}

void stop(const Process &process) { kill(static_cast<pid_t>(process.id), SIGTERM); }

std::string wait_for_end(const Process &process)
{
    const pid_t id = static_cast<pid_t>(process.id);
    int status = 0;
    CHECK(waitpid(id, &status, 0) == id);
    running.erase(id);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "" : "status " + std::to_string(status);
}
