/**
 * @file stepwire.hpp
 * @brief stepwire for C++17 and later: stepwire.h's library as owners, views, results and events.
 *
 * @verbatim
 * WHAT IT IS
 *   Header only, over the same library as stepwire.h, which describes what the calls do, what they return and what
 *   the options mean. No macro comes with it. A program may include both headers, in any order. docs/cpp.md is the guide.
 *
 * A COMPLETE PROGRAM: a server that sends back what it receives
 *
 *   #include <cstdio>
 *   #include <stepwire.hpp>
 *
 *   int main() {
 *       auto server = stepwire::Server::create(stepwire::tcp, 6510, 100);
 *       if (!server) {
 *           std::fprintf(stderr, "no server: %s\n", server.error().sentence.c_str());
 *           return 1;
 *       }
 *       while (stepwire::wait(std::chrono::seconds(1))) {
 *           stepwire::poll([](const stepwire::event::data &data) {
 *               if (auto sent = data.socket.send(data.bytes); !sent) {
 *                   std::fprintf(stderr, "not sent: %s\n", sent.error().sentence.c_str());
 *               }
 *           });
 *       }
 *   }
 *
 * OWNERS AND NAMES
 *   Socket, Server, Group and Udp own what they name: they can be moved, not copied, and destroy it at their end. Their
 *   bases Peer, Members and Datagrams, and the base of all, Handle, are names: small values that own nothing, such as
 *   events carry. A name of what is gone is harmless: calls fail with error_code::bad_handle, never on a stranger.
 *
 * RESULTS
 *   What can fail returns a result<T>: true if it succeeded, *result or result->... is the value, result.error() has the
 *   number and the sentence. Who likes exceptions better calls result.value(), which throws stepwire::exception.
 *   Nothing else here throws but std::bad_alloc, and everything compiles with -fno-exceptions, where value() of a
 *   failure ends the program.
 *
 * EVENTS
 *   poll(visitors...) calls them for each event that waits, next_event() and events() give them as a std::variant.
 *   What an event views (bytes, ip, reason) is the library's until the next poll by any thread: copy what stays.
 *   An exception may leave a visitor: it passes no frame of the library's, the event counts as delivered, and those
 *   after it wait.
 *
 * THREADS
 *   As in stepwire.h: every function from any thread. One object is not for two threads at once.
 * @endverbatim
 */
#ifndef STEPWIRE_HPP
#define STEPWIRE_HPP

#if !(__cplusplus >= 201703L || (defined(_MSVC_LANG) && _MSVC_LANG >= 201703L))
#error "stepwire.hpp needs C++17 or later; stepwire.h is for C and for C++ from C++98 on"
#endif

#include "stepwire/abi.hpp"
#include "stepwire/bytes.hpp"
#include "stepwire/events.hpp"
#include "stepwire/library.hpp"
#include "stepwire/result.hpp"
#include "stepwire/sockets.hpp"

#endif
