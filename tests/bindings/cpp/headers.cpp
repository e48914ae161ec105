/* Both headers in one file, in the order that STEPWIRE_H_FIRST says: they agree, and C's macros are what they were. It is
 * linked with conformance.cpp, so that every definition in the headers has to stand being in two files. */
#ifdef STEPWIRE_H_FIRST
#include "stepwire.h"
#include "stepwire.hpp"
#else
#include "stepwire.hpp"
#include "stepwire.h"
#endif

#include <cstddef>

namespace {

using Own = stepwire::c::network_event;

static_assert(sizeof(Own) == sizeof(NetworkEvent));

#define SAME(member)                                                           \
    static_assert(offsetof(Own, member) == offsetof(NetworkEvent, member)); \
    static_assert(sizeof(Own::member) == sizeof(NetworkEvent::member))

SAME(type);
SAME(id);
SAME(socket);
SAME(server);
SAME(port);
SAME(succeeded);
SAME(message_type);
SAME(error);
SAME(size);
SAME(buffer);
SAME(ip);
SAME(reason);
SAME(user);
SAME(code);
SAME(reserved);

static_assert(stepwire::network::type_data == network_type_data);
static_assert(stepwire::network::error_internal == network_error_internal);
static_assert(static_cast<int>(stepwire::error_code::timeout) == network_error_timeout);
static_assert(stepwire::options::no_delay.number == network_config_no_delay);

}  // namespace

/** Calls the same function by both of its names. */
bool the_functions_are_the_same() {
    return network_version() == stepwire::c::network_version() && network_set_config(network_config_log_level, 2) == 0;
}
