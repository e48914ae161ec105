// Programs that run beside this one. None outlives it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

// A program and what it prints.
struct Process {
    std::intptr_t id;
    std::FILE *output;
};

// The program and its arguments, none of which has quotation marks in it.
Process start(const std::vector<std::string> &command);

// Has it end soon, if it has not yet.
void stop(const Process &process);

// Waits for its end; says how it was, or nothing if it was a good one or one that was asked for.
std::string wait_for_end(const Process &process);
