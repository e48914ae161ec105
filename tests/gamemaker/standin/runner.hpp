// A stand-in for GameMaker's runner: the interface table that extensions get, GML values, ds_maps,
// buffers, and a queue of asynchronous events. It is as unforgiving as a real one: errors do not
// return, events wait for the end of the step, ids may be typed handles, what is allocated must be
// given back, and what was freed must not be used.
//
// It also stands in for GameMaker's new runtime, which offers extensions hardly anything: functions are
// found by their plain names and called by the C types that the extension's .yy gives them, payload goes
// by address, and the game raises its events itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

class CInstance;

enum Kind : std::uint32_t {
    kind_real = 0,
    kind_string = 1,
    kind_array = 2,
    kind_pointer = 3,
    kind_undefined = 5,
    kind_object = 6,
    kind_int32 = 7,
    kind_int64 = 10,
    kind_bool = 13,
    kind_ref = 15,
    kind_unset = 0xffffff,
};

struct RefString {
    const char *thing;
    int references;
    int size;
};

#pragma pack(push, 4)
struct RValue {
    union {
        double real;
        std::int32_t int32;
        std::int64_t int64;
        RefString *string;
        void *pointer;
    };
    std::uint32_t flags;
    std::uint32_t kind;
};
#pragma pack(pop)

enum BufferKind { buffer_fixed, buffer_grow, buffer_wrap, buffer_fast, buffer_vbuffer, buffer_network };

enum Slot {
    slot_console = 0,
    slot_error = 3,
    slot_alloc = 4,
    slot_free = 6,
    slot_get_bool = 8,
    slot_get_real = 10,
    slot_get_int32 = 11,
    slot_get_string = 16,
    slot_create_string = 28,
    slot_post_event = 45,
    slot_post_event_and_buffer = 46,
    slot_create_map = 47,
    slot_map_add_double = 48,
    slot_map_add_string = 49,
    slot_map_add_int64 = 50,
    slot_buffer_content = 51,
    slot_buffer_write = 52,
    slot_create_buffer = 53,
    slot_bundle_file_exists = 61,
    slot_bundle_file_name = 62,
    slot_option_string = 95,
    slot_count = 100,
};

// What a game sees when it is wrong, and what ends it if nothing catches it.
struct RunnerError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// async_load of one Async - Networking event.
struct Event {
    std::map<std::string, double> reals;
    std::map<std::string, std::string> texts;

    bool has(const std::string &key) const { return reals.count(key) + texts.count(key) > 0; }
    // These end the program if there is no such key.
    double real(const std::string &key) const;
    const std::string &text(const std::string &key) const;
    int type() const { return static_cast<int>(real("type")); }
};

enum class Runtime { classic, new_one };

// "classic" or "new".
Runtime runtime_named(const std::string &name);

class Runner {
public:
    enum class Errors { thrown, jumped };

    // Loads the library as that runtime does.
    Runner(const char *library, Runtime runtime);

    // Loads the library and introduces itself with the first `slots` slots but without `missing`.
    explicit Runner(const char *library, int slots = slot_count, std::set<int> missing = {});
    ~Runner();
    Runner(const Runner &) = delete;
    Runner &operator=(const Runner &) = delete;

    // Introduces itself anew.
    void initialise(int slots = slot_count, std::set<int> missing = {});
    // Introduces itself with a table of that many bytes, also of none or a part of a slot.
    void initialise_bytes(std::size_t size);

    // The new runtime introduces itself anew, with a table of that many bytes.
    void initialise_new(std::size_t size = sizeof(void *));

    bool is_new() const { return runtime_ == Runtime::new_one; }

    // How errors leave the library.
    Errors errors = Errors::thrown;
    // Slots of these numbers throw when they are called next, once each.
    std::set<int> throwing;
    // Buffer ids are typed handles, as since 2024; before they were plain numbers.
    bool typed_ids = true;
    // The extension's options as set in the IDE.
    std::map<std::string, std::string> options;
    // Included Files and where they are.
    std::map<std::string, std::string> bundle;
    // What was written to the output window.
    std::string console;

    // The address of a function that GML calls `name`, or null.
    void *find(const std::string &name) const;
    // The address of an exported symbol, or null.
    void *symbol(const std::string &name) const;

    // Calls from GML. An error of the runner's comes out as RunnerError.
    RValue call(const std::string &name, std::vector<RValue> arguments = {});
    double real(const std::string &name, const std::vector<RValue> &arguments = {});
    std::string text(const std::string &name, const std::vector<RValue> &arguments = {});
    // The message of the error that the call must raise.
    std::string error(const std::string &name, const std::vector<RValue> &arguments = {});

    // GML values. Texts live as long as the runner.
    RValue string(const std::string &text);
    RValue id(int buffer) const;
    // Where its bytes are.
    RValue address(int buffer);

    // GML buffers.
    int create_buffer(BufferKind kind, std::size_t size, int alignment = 1);
    int buffer_of(const std::string &content, BufferKind kind = buffer_grow);
    void resize_buffer(int buffer, std::size_t size);
    void delete_buffer(int buffer);
    const std::vector<std::uint8_t> &content(int buffer) const;

    // Runs the queued events; each gets its map, and its buffer if it has one (else -1). Both are
    // freed after it.
    using Handler = std::function<void(const Event &, int buffer)>;
    int run_events(const Handler &handler);
    std::size_t queued() const { return queue_.size(); }

    // Frees maps and buffers that were made for events and never posted.
    void forget_unposted();

    // Fails if the library kept something of the runner's, or posted something twice.
    void check_nothing_left() const;

private:
    struct Buffer {
        BufferKind kind;
        int alignment;
        std::vector<std::uint8_t> bytes;
        // Made by the extension, not by the game.
        bool foreign = false;
    };
    struct Queued {
        int map;
        int buffer;
    };
    struct Slots;
    friend struct Slots;

    // What the .yy says of a function.
    struct Declared {
        std::vector<int> arguments;
        int result;
    };
    static std::map<std::string, Declared> declared_functions();
    RValue call_by_types(const std::string &name, const std::vector<RValue> &arguments);

    void *library_;
    Runtime runtime_ = Runtime::classic;
    std::map<std::string, Declared> declared_;
    std::map<int, Buffer> buffers_;
    std::map<int, Event> maps_;
    std::vector<Queued> queue_;
    std::set<void *> allocations_;
    std::set<RefString *> strings_;
    int next_buffer_ = 0;
    int next_map_ = 100;
};

RValue real_value(double value);
RValue int32_value(std::int32_t value);
RValue int64_value(std::int64_t value);
RValue bool_value(bool value);
RValue ref_value(std::int32_t value);
RValue undefined_value();
RValue value_of_kind(std::uint32_t kind);
