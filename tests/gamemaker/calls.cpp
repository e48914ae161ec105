// Calls of every function with right and wrong arguments, and interface tables of every length.
// Usage: calls LIBRARY

#include "standin/check.hpp"
#include "standin/game.hpp"
#include "standin/runner.hpp"

#include <dlfcn.h>

namespace {

constexpr double bad_handle = -2;
constexpr double bad_argument = -3;
constexpr double not_supported = -14;

bool mentions(const std::string &text, const std::string &word)
{
    if (text.find(word) != std::string::npos) {
        return true;
    }
    std::fprintf(stderr, "\"%s\" does not mention \"%s\"\n", text.c_str(), word.c_str());
    return false;
}

void names_are_those_that_the_compiler_makes();

// Every kind that runners have for numbers serves as one.
void kinds_of_numbers(Runner &runner)
{
    const std::vector<RValue> tcp = {real_value(0), int32_value(0), int64_value(0), bool_value(false), ref_value(0)};
    for (const RValue &type : tcp) {
        const double socket = runner.real("stepwire_create_socket", {type});
        CHECK(socket >= 0);
        const auto whole = static_cast<std::int32_t>(socket);
        const std::vector<RValue> handles = {real_value(socket), int32_value(whole), int64_value(whole), ref_value(whole)};
        for (const RValue &handle : handles) {
            CHECK(runner.real("stepwire_get_port", {handle}) != bad_handle);
        }
        CHECK_EQ(runner.real("stepwire_destroy", {ref_value(whole)}), 0.0);
        CHECK_EQ(runner.real("stepwire_destroy", {int64_value(whole)}), bad_handle);
    }
}

void wrong_kinds(Runner &runner)
{
    const RValue text = runner.string("text");
    const RValue one = real_value(1);
    const std::string number = runner.error("stepwire_create_socket", {text});
    CHECK_EQ(number, "stepwire_create_socket: argument 1 (type) must be a number, not a string");
    CHECK_EQ(runner.error("stepwire_connect", {one, one, one}),
             "stepwire_connect: argument 2 (url) must be a string, not a number");
    CHECK_EQ(runner.error("stepwire_send_packet_buffer", {one, text, one}),
             "stepwire_send_packet_buffer: argument 2 (buffer) must be a buffer, not a string");
    CHECK_EQ(runner.error("stepwire_set_config_string", {one, one, value_of_kind(kind_array)}),
             "stepwire_set_config_string: argument 3 (value) must be a string, not an array");
    CHECK_EQ(runner.error("stepwire_send_packet_bytes", {one, text, one}),
             "stepwire_send_packet_bytes: argument 2 (address) must be an address, not a string");
    // What an argument cannot be, wherever it stands.
    for (std::uint32_t kind : {kind_array, kind_pointer, kind_undefined, kind_object, kind_unset}) {
        const RValue value = value_of_kind(kind);
        CHECK(mentions(runner.error("stepwire_destroy", {value}), "must be a number"));
        CHECK(mentions(runner.error("stepwire_resolve", {value}), "must be a string"));
        CHECK(mentions(runner.error("stepwire_send_packet_buffer", {one, value, one}), "must be a buffer"));
    }
    // The message stays for whoever catches the error.
    CHECK(mentions(runner.text("stepwire_last_error"), "must be a buffer"));
}

void wrong_counts(Runner &runner)
{
    const RValue one = real_value(1);
    CHECK_EQ(runner.error("stepwire_create_socket"), "stepwire_create_socket takes 1 argument, not 0");
    CHECK_EQ(runner.error("stepwire_create_socket", {one, one}), "stepwire_create_socket takes 1 argument, not 2");
    CHECK_EQ(runner.error("stepwire_collect", {one}), "stepwire_collect takes 0 arguments, not 1");
    CHECK_EQ(runner.error("stepwire_send_raw_buffer", {one, one}),
             "stepwire_send_raw_buffer takes 4 arguments, not 2");
    CHECK_EQ(runner.error("stepwire_send_udp_buffer", std::vector<RValue>(6, one)),
             "stepwire_send_udp_buffer takes 5 arguments, not 6");
}

// Payload by address, as on the new runtime: the same bytes.
void addresses(Runner &runner)
{
    CHECK_EQ(runner.real("stepwire_interface"), 1.0);
    const double socket = runner.real("stepwire_create_socket", {real_value(socket_tcp)});
    const int buffer = runner.buffer_of("x");
    const RValue one = real_value(1);
    CHECK_EQ(runner.real("stepwire_send_packet_bytes", {real_value(socket), runner.address(buffer), one}),
             runner.real("stepwire_send_packet_buffer", {real_value(socket), runner.id(buffer), one}));
    CHECK_EQ(runner.real("stepwire_check_size", {one, one}), 0.0);
    CHECK_EQ(runner.real("stepwire_check_size", {real_value(2), one}), bad_argument);
    CHECK(mentions(runner.text("stepwire_last_error"), "holds 1 bytes, not 2"));
    runner.delete_buffer(buffer);
    CHECK_EQ(runner.real("stepwire_destroy", {real_value(socket)}), 0.0);
}

void wrong_values(Runner &runner)
{
    const double nan = std::stod("nan");
    const double infinity = std::stod("inf");
    for (double wild : {nan, infinity, -infinity, -1.0, 0.5, 1e300, 4294967296.0}) {
        CHECK_EQ(runner.real("stepwire_destroy", {real_value(wild)}), bad_handle);
        CHECK_EQ(runner.real("stepwire_get_port", {real_value(wild)}), bad_handle);
        CHECK(!runner.text("stepwire_last_error").empty());
        CHECK(mentions(runner.error("stepwire_send_packet_buffer", {real_value(0), real_value(wild), real_value(0)}),
                       "buffer"));
    }
    CHECK_EQ(runner.real("stepwire_create_socket", {real_value(99)}), bad_argument);
    CHECK_EQ(runner.real("stepwire_get_stat", {real_value(-1), runner.string("nothing")}), bad_argument);
    CHECK_EQ(runner.text("stepwire_get_string", {real_value(-1), runner.string("ip")}), "");
    CHECK_EQ(runner.text("stepwire_error_name", {real_value(-6)}), "network_error_timeout");
    CHECK(!runner.text("stepwire_version").empty());
}

void buffers(Runner &runner)
{
    const double socket = runner.real("stepwire_create_socket", {real_value(socket_tcp)});
    const int buffer = runner.create_buffer(buffer_grow, 10);
    const auto send = [&](double size) {
        return runner.real("stepwire_send_packet_buffer", {real_value(socket), runner.id(buffer), real_value(size)});
    };
    const double in_order = send(10);
    CHECK(in_order < 0 && in_order != bad_argument);
    CHECK_EQ(send(11), bad_argument);
    CHECK(mentions(runner.text("stepwire_last_error"), "holds 10 bytes, not 11"));
    CHECK_EQ(send(-1), bad_argument);
    CHECK_EQ(send(std::stod("nan")), bad_argument);
    // The size that counts is that of the moment.
    runner.resize_buffer(buffer, 1000);
    CHECK_EQ(send(1000), in_order);
    runner.resize_buffer(buffer, 0);
    CHECK_EQ(send(0), in_order);
    CHECK_EQ(send(1), bad_argument);
    runner.delete_buffer(buffer);
    CHECK(mentions(runner.error("stepwire_send_packet_buffer", {real_value(socket), runner.id(buffer), real_value(0)}),
                   "does not exist"));
    CHECK_EQ(runner.real("stepwire_destroy", {real_value(socket)}), 0.0);
}

// Errors leave in two ways; the library is the same after both.
void errors(Runner &runner)
{
    for (const auto errors : {Runner::Errors::thrown, Runner::Errors::jumped}) {
        runner.errors = errors;
        for (int times = 0; times < 1000; ++times) {
            runner.error("stepwire_create_socket", {runner.string("wrong")});
            CHECK(mentions(runner.text("stepwire_last_error"), "not a string"));
        }
    }
    runner.errors = Runner::Errors::thrown;
}

void tables(Runner &runner)
{
    const RValue url = runner.string("localhost");
    const int buffer = runner.buffer_of("x");
    const RValue one = real_value(1);

    // The tables that runners had over the years.
    for (int slots : {98, 99, 100}) {
        runner.initialise(slots);
        CHECK_EQ(runner.real("stepwire_collect"), 0.0);
        CHECK_EQ(runner.real("stepwire_init"), 0.0);
    }

    // Shorter than anybody has seen: what needs the rest says so.
    runner.initialise(slot_buffer_content);
    CHECK_EQ(runner.error("stepwire_collect"),
             "stepwire_collect needs CreateBuffer, which this runner does not offer to extensions");
    CHECK(mentions(runner.error("stepwire_send_packet_buffer", {one, runner.id(buffer), one}), "BufferGetContent"));
    CHECK(runner.real("stepwire_create_socket", {real_value(socket_tcp)}) >= 0);

    // Single slots that are not there.
    runner.initialise(slot_count, {slot_get_string});
    CHECK(mentions(runner.error("stepwire_resolve", {url}), "lacks YYGetString"));
    runner.initialise(slot_count, {slot_get_int32, slot_get_bool});
    CHECK(mentions(runner.error("stepwire_destroy", {ref_value(0)}), "lacks YYGetInt32"));
    CHECK(mentions(runner.error("stepwire_destroy", {bool_value(true)}), "lacks YYGetBool"));
    runner.initialise(slot_count, {slot_create_string});
    CHECK(mentions(runner.error("stepwire_version"), "needs YYCreateString"));
    runner.initialise(slot_count, {slot_free});
    CHECK(mentions(runner.error("stepwire_send_packet_buffer", {one, runner.id(buffer), one}), "YYFree"));
    for (int slot : {slot_create_buffer, slot_buffer_write, slot_create_map, slot_map_add_double,
                     slot_map_add_string, slot_post_event, slot_post_event_and_buffer}) {
        runner.initialise(slot_count, {slot});
        CHECK(mentions(runner.error("stepwire_collect"), "stepwire_collect needs "));
    }

    // Without a way to raise an error there are results, and the output window.
    runner.console.clear();
    runner.initialise(slot_count, {slot_error, slot_create_buffer});
    CHECK_EQ(runner.real("stepwire_collect"), not_supported);
    CHECK(mentions(runner.console, "stepwire_collect needs CreateBuffer"));
    CHECK_EQ(runner.real("stepwire_destroy", {url}), bad_argument);
    CHECK(mentions(runner.console, "argument 1 (socket) must be a number"));

    // With nothing at all too; a torn slot at the end is no slot.
    for (std::size_t size : {std::size_t{0}, sizeof(void *) - 1, 3 * sizeof(void *) + 5}) {
        runner.initialise_bytes(size);
        CHECK_EQ(runner.real("stepwire_collect"), not_supported);
        CHECK_EQ(runner.real("stepwire_destroy", {url}), bad_argument);
        CHECK_EQ(runner.real("stepwire_resolve", {url}), bad_argument);
        CHECK_EQ(runner.real("stepwire_version"), not_supported);
    }
    runner.initialise();
    CHECK(mentions(runner.text("stepwire_last_error"), "YYCreateString"));
    runner.delete_buffer(buffer);
}

void extension_options(Runner &runner)
{
    runner.real("stepwire_final");
    runner.console.clear();
    runner.options = {{"logLevel", "1"}, {"connectTimeout", "a while"}, {"verifyPeer", "Enabled"}, {"bindAddress", ""}};
    CHECK_EQ(runner.real("stepwire_init"), 0.0);
    CHECK_EQ(runner.console, "");

    // An option that cannot be applied is told, and the game starts.
    runner.real("stepwire_final");
    runner.options = {{"bindAddress", "not an address"}, {"connectTimeout", "-5"}};
    CHECK_EQ(runner.real("stepwire_init"), 0.0);
    CHECK(mentions(runner.console, "the extension option bindAddress was not applied"));
    CHECK(mentions(runner.console, "the extension option connectTimeout was not applied"));
    // Once a game.
    runner.console.clear();
    CHECK_EQ(runner.real("stepwire_init"), 0.0);
    CHECK_EQ(runner.console, "");

    // A server's port on the address from the options is another one's elsewhere.
    runner.real("stepwire_final");
    runner.options = {{"bindAddress", "127.0.0.1"}};
    CHECK_EQ(runner.real("stepwire_init"), 0.0);
    const double server =
        runner.real("stepwire_create_server", {real_value(socket_tcp), real_value(0), real_value(1)});
    CHECK(server >= 0);
    const RValue port = real_value(runner.real("stepwire_get_port", {real_value(server)}));
    CHECK_EQ(runner.real("stepwire_set_config_string", {real_value(1007), real_value(-1), runner.string("127.0.0.2")}), 0.0);
    const double other = runner.real("stepwire_create_server", {real_value(socket_tcp), port, real_value(1)});
    CHECK(other >= 0);

    // The log level decides what is written.
    runner.real("stepwire_final");
    runner.console.clear();
    runner.options = {{"logLevel", "0"}};
    runner.real("stepwire_init");
    CHECK(runner.real("stepwire_destroy", {real_value(server)}) < 0);
    CHECK_EQ(runner.console, "");
    runner.real("stepwire_final");
    runner.options = {{"logLevel", "1"}};
    runner.real("stepwire_init");
    CHECK(runner.real("stepwire_destroy", {real_value(server)}) < 0);
    CHECK(mentions(runner.console, "stepwire_destroy: "));
    runner.real("stepwire_final");
    runner.options.clear();
}

} // namespace

// As extensions declare their functions; the compiler makes the symbol from it.
__attribute__((visibility("default"))) void stepwire_probe(RValue &, CInstance *, CInstance *, int, RValue *);
void stepwire_probe(RValue &, CInstance *, CInstance *, int, RValue *) {}
struct YYRunnerInterface;
__attribute__((visibility("default"))) void YYExtensionInitialise(const YYRunnerInterface *, size_t);
void YYExtensionInitialise(const YYRunnerInterface *, size_t) {}

namespace {

void names_are_those_that_the_compiler_makes()
{
    void *self = dlopen(nullptr, RTLD_NOW);
    CHECK(dlsym(self, "_Z14stepwire_probeR6RValueP9CInstanceS2_iPS_") == reinterpret_cast<void *>(&stepwire_probe));
    // Its last letter is size_t, which is not the same type everywhere.
#if defined(_WIN64)
    const char *initialise = "_Z21YYExtensionInitialisePK17YYRunnerInterfacey";
#else
    const char *initialise = "_Z21YYExtensionInitialisePK17YYRunnerInterfacem";
#endif
    CHECK(dlsym(self, initialise) == reinterpret_cast<void *>(&YYExtensionInitialise));
    dlclose(self);
}

} // namespace

int main(int count, char **arguments)
{
    CHECK_EQ(count, 2);
    names_are_those_that_the_compiler_makes();
    Runner runner(arguments[1]);
    kinds_of_numbers(runner);
    wrong_kinds(runner);
    wrong_counts(runner);
    addresses(runner);
    wrong_values(runner);
    for (bool typed : {true, false}) {
        runner.typed_ids = typed;
        buffers(runner);
    }
    errors(runner);
    tables(runner);
    extension_options(runner);
    runner.check_nothing_left();
    std::puts("calls: passed");
    return 0;
}
