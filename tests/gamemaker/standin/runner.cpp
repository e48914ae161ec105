#include "runner.hpp"

#include "check.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace {

// The library has one runner, as a game has.
Runner *current = nullptr;

// Where an error that is not thrown goes, and what it said: nothing on the way has a destructor.
std::jmp_buf jump_target;
char jump_message[1024];

constexpr int ref_tag = 0x0600'0000;

[[noreturn]] void raise(const char *message)
{
    if (current->errors == Runner::Errors::jumped) {
        std::snprintf(jump_message, sizeof jump_message, "%s", message);
        std::longjmp(jump_target, 1);
    }
    throw RunnerError(message);
}

void maybe_throw(int slot)
{
    if (current->throwing.erase(slot) > 0) {
        throw RunnerError("slot " + std::to_string(slot) + " throws");
    }
}

bool is_number(const RValue &value)
{
    switch (value.kind & 0xffffff) {
    case kind_real:
    case kind_int32:
    case kind_int64:
    case kind_bool:
        return true;
    default:
        return false;
    }
}

double number(const RValue &value)
{
    switch (value.kind & 0xffffff) {
    case kind_int32:
        return value.int32;
    case kind_int64:
        return static_cast<double>(value.int64);
    default:
        return value.real;
    }
}

// A slot that the library has no business with.
template <int Index> void trap() { fail(__FILE__, __LINE__, "slot " + std::to_string(Index) + " was called"); }

template <std::size_t... Index> void fill_with_traps(void **table, std::index_sequence<Index...>)
{
    ((table[Index] = reinterpret_cast<void *>(&trap<Index>)), ...);
}

} // namespace

// The functions in the table.
struct Runner::Slots {
    static void console(const char *format, ...)
    {
        char line[2048];
        va_list arguments;
        va_start(arguments, format);
        std::vsnprintf(line, sizeof line, format, arguments);
        va_end(arguments);
        current->console += line;
    }

    static void error(const char *format, ...)
    {
        char message[1024];
        va_list arguments;
        va_start(arguments, format);
        std::vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        raise(message);
    }

    static void *alloc(int size)
    {
        // At an odd address: nothing promises more.
        char *memory = static_cast<char *>(std::malloc(static_cast<std::size_t>(size) + 1)) + 1;
        current->allocations_.insert(memory);
        return memory;
    }

    static void free(const void *memory)
    {
        void *const known = const_cast<void *>(memory);
        CHECK(current->allocations_.erase(known) == 1);
        std::free(static_cast<char *>(known) - 1);
    }

    static bool get_bool(const RValue *values, int index)
    {
        if (!is_number(values[index])) {
            raise("expecting a boolean");
        }
        return number(values[index]) > 0.5;
    }

    static double get_real(const RValue *values, int index)
    {
        if (!is_number(values[index])) {
            raise("expecting a number");
        }
        return number(values[index]);
    }

    static std::int32_t get_int32(const RValue *values, int index)
    {
        if ((values[index].kind & 0xffffff) == kind_ref) {
            return values[index].int32;
        }
        if (!is_number(values[index])) {
            raise("expecting a number");
        }
        return static_cast<std::int32_t>(number(values[index]));
    }

    static const char *get_string(const RValue *values, int index)
    {
        if ((values[index].kind & 0xffffff) != kind_string) {
            raise("expecting a string");
        }
        CHECK(current->strings_.count(values[index].string) == 1);
        return values[index].string->thing;
    }

    static void create_string(RValue *value, const char *text)
    {
        maybe_throw(slot_create_string);
        *value = current->string(text);
    }

    static void post_event(int map, int event)
    {
        post_event_and_buffer(map, -1, event);
    }

    static void post_event_and_buffer(int map, int buffer, int event)
    {
        maybe_throw(buffer < 0 ? slot_post_event : slot_post_event_and_buffer);
        CHECK_EQ(event, 68);
        CHECK(current->maps_.count(map) == 1);
        CHECK(buffer < 0 || current->buffers_.count(buffer) == 1);
        for (const Queued &other : current->queue_) {
            CHECK(other.map != map);
            CHECK(buffer < 0 || other.buffer != buffer);
        }
        current->queue_.push_back({map, buffer});
    }

    static int create_map(int count, ...)
    {
        maybe_throw(slot_create_map);
        CHECK_EQ(count, 0);
        const int map = current->next_map_++;
        current->maps_[map];
        return map;
    }

    static bool map_add_double(int map, const char *key, double value)
    {
        maybe_throw(slot_map_add_double);
        CHECK(current->maps_.count(map) == 1);
        CHECK(!current->maps_[map].has(key));
        current->maps_[map].reals[key] = value;
        return true;
    }

    static bool map_add_string(int map, const char *key, const char *value)
    {
        maybe_throw(slot_map_add_string);
        CHECK(current->maps_.count(map) == 1);
        CHECK(!current->maps_[map].has(key));
        current->maps_[map].texts[key] = value;
        return true;
    }

    // Only so does an extension learn a buffer's size; the copy is to be freed.
    static bool buffer_content(int buffer, void **data, int *size)
    {
        maybe_throw(slot_buffer_content);
        const auto found = current->buffers_.find(buffer);
        if (found == current->buffers_.end()) {
            return false;
        }
        const auto &bytes = found->second.bytes;
        *size = static_cast<int>(bytes.size());
        *data = alloc(*size);
        if (!bytes.empty()) {
            std::memcpy(*data, bytes.data(), bytes.size());
        }
        return true;
    }

    static int buffer_write(int buffer, int offset, const void *source, int size, bool grow, bool)
    {
        maybe_throw(slot_buffer_write);
        CHECK(current->buffers_.count(buffer) == 1);
        CHECK(offset >= 0 && size > 0 && source != nullptr);
        auto &bytes = current->buffers_[buffer].bytes;
        const std::size_t end = static_cast<std::size_t>(offset) + static_cast<std::size_t>(size);
        if (end > bytes.size()) {
            CHECK(grow);
            bytes.resize(end);
        }
        std::memcpy(bytes.data() + offset, source, static_cast<std::size_t>(size));
        return size;
    }

    static int create_buffer(int size, BufferKind kind, int alignment)
    {
        maybe_throw(slot_create_buffer);
        CHECK(size > 0);
        const int buffer = current->create_buffer(kind, static_cast<std::size_t>(size), alignment);
        current->buffers_[buffer].foreign = true;
        return buffer;
    }

    static bool bundle_file_exists(const char *name) { return current->bundle.count(name) == 1; }

    static bool bundle_file_name(char *name, int size, const char *file)
    {
        std::snprintf(name, static_cast<std::size_t>(size), "%s", current->bundle[file].c_str());
        return true;
    }

    static const char *option_string(const char *extension, const char *option)
    {
        CHECK_EQ(std::string(extension), "stepwire");
        const auto found = current->options.find(option);
        return found == current->options.end() ? nullptr : found->second.c_str();
    }

    static void fill(void **table)
    {
        fill_with_traps(table, std::make_index_sequence<slot_count>());
        const auto put = [table](Slot slot, auto *function) {
            table[slot] = reinterpret_cast<void *>(function);
        };
        put(slot_console, &console);
        put(slot_error, &error);
        put(slot_alloc, &alloc);
        put(slot_free, &free);
        put(slot_get_bool, &get_bool);
        put(slot_get_real, &get_real);
        put(slot_get_int32, &get_int32);
        put(slot_get_string, &get_string);
        put(slot_create_string, &create_string);
        put(slot_post_event, &post_event);
        put(slot_post_event_and_buffer, &post_event_and_buffer);
        put(slot_create_map, &create_map);
        put(slot_map_add_double, &map_add_double);
        put(slot_map_add_string, &map_add_string);
        put(slot_buffer_content, &buffer_content);
        put(slot_buffer_write, &buffer_write);
        put(slot_create_buffer, &create_buffer);
        put(slot_bundle_file_exists, &bundle_file_exists);
        put(slot_bundle_file_name, &bundle_file_name);
        put(slot_option_string, &option_string);
    }
};

double Event::real(const std::string &key) const
{
    const auto found = reals.find(key);
    if (found == reals.end()) {
        fail(__FILE__, __LINE__, "the event has no number \"" + key + '"');
    }
    return found->second;
}

const std::string &Event::text(const std::string &key) const
{
    const auto found = texts.find(key);
    if (found == texts.end()) {
        fail(__FILE__, __LINE__, "the event has no text \"" + key + '"');
    }
    return found->second;
}

Runner::Runner(const char *library, int slots, std::set<int> missing)
    : library_(dlopen(library, RTLD_NOW | RTLD_LOCAL))
{
    if (library_ == nullptr) {
        fail(__FILE__, __LINE__, dlerror());
    }
    CHECK(current == nullptr);
    current = this;
    initialise(slots, std::move(missing));
}

Runner::Runner(const char *library, Runtime runtime)
    : library_(dlopen(library, RTLD_NOW | RTLD_LOCAL)), runtime_(runtime)
{
    if (library_ == nullptr) {
        fail(__FILE__, __LINE__, dlerror());
    }
    CHECK(current == nullptr);
    current = this;
    if (is_new()) {
        declared_ = declared_functions();
        initialise_new();
    } else {
        initialise();
    }
}

Runner::~Runner()
{
    current = nullptr;
    for (RefString *string : strings_) {
        delete[] string->thing;
        delete string;
    }
    dlclose(library_);
}

void Runner::initialise(int slots, std::set<int> missing)
{
    void *table[slot_count];
    Slots::fill(table);
    for (int slot : missing) {
        table[slot] = nullptr;
    }
    // On the heap and of the exact size, so that a read behind it shows.
    const auto size = static_cast<std::size_t>(slots) * sizeof(void *);
    void *copy = std::malloc(size);
    std::memcpy(copy, table, size);
    using Initialise = void (*)(const void *, std::size_t);
    const auto initialise = reinterpret_cast<Initialise>(symbol("_Z21YYExtensionInitialisePK17YYRunnerInterfacem"));
    CHECK(initialise != nullptr);
    initialise(copy, size);
    // A runner may give a table that goes away: nothing says that it stays.
    std::free(copy);
}

void Runner::initialise_bytes(std::size_t size)
{
    void *table[slot_count];
    Slots::fill(table);
    using Initialise = void (*)(const void *, std::size_t);
    const auto initialise = reinterpret_cast<Initialise>(symbol("_Z21YYExtensionInitialisePK17YYRunnerInterfacem"));
    initialise(size == 0 ? nullptr : table, size);
}

void Runner::initialise_new(std::size_t size)
{
    // Newer tables are longer than anybody knows.
    std::vector<void *> table(std::max(size / sizeof(void *), std::size_t{1}), reinterpret_cast<void *>(&trap<-1>));
    table[0] = reinterpret_cast<void *>(&Slots::option_string);
    // On the heap and of the exact size, so that a read behind it shows.
    void *copy = std::malloc(size);
    std::memcpy(copy, table.data(), size);
    using Initialise = void (*)(const void *, std::size_t);
    const auto initialise = reinterpret_cast<Initialise>(symbol("GMExtensionInitialise"));
    CHECK(initialise != nullptr);
    initialise(copy, size);
    std::free(copy);
}

Runtime runtime_named(const std::string &name)
{
    CHECK(name == "classic" || name == "new");
    return name == "new" ? Runtime::new_one : Runtime::classic;
}

// The functions of the native file, which is the first one.
std::map<std::string, Runner::Declared> Runner::declared_functions()
{
    std::ifstream file(STEPWIRE_EXTENSION_YY);
    CHECK(file.good());
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    text.resize(std::min(text.size(), text.find("\"ProxyFiles\"")));
    // One function after the other: their members stand in the order of their names.
    const auto after = [&text](const std::string &key, std::size_t from) {
        const std::size_t at = text.find('"' + key + "\":", from);
        return at == std::string::npos ? at : at + key.size() + 3;
    };
    std::map<std::string, Declared> found;
    for (std::size_t at = after("argCount", 0); at != std::string::npos; at = after("argCount", at)) {
        const std::size_t arguments = after("args", at) + 1;
        const std::size_t name = after("externalName", at) + 1;
        Declared declared{{}, text.at(after("returnType", at)) - '0'};
        for (const char character : text.substr(arguments, text.find(']', arguments) - arguments)) {
            if (character != ',') {
                declared.arguments.push_back(character - '0');
            }
        }
        CHECK_EQ(static_cast<std::size_t>(text.at(at) - '0'), declared.arguments.size());
        found[text.substr(name, text.find('"', name) - name)] = declared;
    }
    CHECK(found.size() > 30);
    return found;
}

namespace {

constexpr int declared_string = 1;

// Calls with the types of the arguments so far and of those that are left.
template <class Result, class... Given>
Result invoke(void *function, const std::vector<RValue> &arguments, std::size_t next, Given... given)
{
    if (next == arguments.size()) {
        return reinterpret_cast<Result (*)(Given...)>(function)(given...);
    }
    if constexpr (sizeof...(Given) < 5) {
        const RValue &value = arguments[next];
        switch (value.kind & 0xffffff) {
        case kind_string:
            return invoke<Result>(function, arguments, next + 1, given..., value.string->thing);
        case kind_pointer:
            return invoke<Result>(function, arguments, next + 1, given..., static_cast<const char *>(value.pointer));
        default:
            return invoke<Result>(function, arguments, next + 1, given..., number(value));
        }
    }
    fail(__FILE__, __LINE__, "too many arguments");
}

} // namespace

RValue Runner::call_by_types(const std::string &name, const std::vector<RValue> &arguments)
{
    const auto declared = declared_.find(name);
    void *const function = symbol(name);
    if (declared == declared_.end() || function == nullptr) {
        fail(__FILE__, __LINE__, "no function " + name);
    }
    // The compiler of a game sees to it.
    CHECK_EQ(arguments.size(), declared->second.arguments.size());
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const bool is_text = (arguments[index].kind & 0xffffff) == kind_string ||
            (arguments[index].kind & 0xffffff) == kind_pointer;
        CHECK_EQ(is_text, declared->second.arguments[index] == declared_string);
    }
    if (declared->second.result == declared_string) {
        const char *const text = invoke<const char *>(function, arguments, 0);
        CHECK(text != nullptr);
        return string(text);
    }
    return real_value(invoke<double>(function, arguments, 0));
}

RValue Runner::address(int buffer)
{
    CHECK(buffers_.count(buffer) == 1);
    RValue value = value_of_kind(kind_pointer);
    value.pointer = buffers_.at(buffer).bytes.data();
    return value;
}

void *Runner::symbol(const std::string &name) const { return dlsym(library_, name.c_str()); }

void *Runner::find(const std::string &name) const
{
    return symbol("_Z" + std::to_string(name.size()) + name + "R6RValueP9CInstanceS2_iPS_");
}

RValue Runner::call(const std::string &name, std::vector<RValue> arguments)
{
    if (is_new()) {
        return call_by_types(name, arguments);
    }
    using Function = void (*)(RValue &, CInstance *, CInstance *, int, RValue *);
    const auto function = reinterpret_cast<Function>(find(name));
    if (function == nullptr) {
        fail(__FILE__, __LINE__, "no function " + name);
    }
    RValue result = undefined_value();
    const int count = static_cast<int>(arguments.size());
    if (errors == Errors::jumped && setjmp(jump_target) != 0) {
        throw RunnerError(jump_message);
    }
    function(result, nullptr, nullptr, count, arguments.data());
    return result;
}

double Runner::real(const std::string &name, const std::vector<RValue> &arguments)
{
    const RValue result = call(name, arguments);
    CHECK_EQ(result.kind, kind_real);
    return result.real;
}

std::string Runner::text(const std::string &name, const std::vector<RValue> &arguments)
{
    const RValue result = call(name, arguments);
    CHECK_EQ(result.kind, kind_string);
    return result.string->thing;
}

std::string Runner::error(const std::string &name, const std::vector<RValue> &arguments)
{
    try {
        call(name, arguments);
    } catch (const RunnerError &error) {
        return error.what();
    }
    fail(__FILE__, __LINE__, name + " raised no error");
}

RValue Runner::string(const std::string &text)
{
    char *copy = new char[text.size() + 1];
    std::memcpy(copy, text.c_str(), text.size() + 1);
    auto *string = new RefString{copy, 1, static_cast<int>(text.size())};
    strings_.insert(string);
    RValue value = value_of_kind(kind_string);
    value.string = string;
    return value;
}

RValue Runner::id(int buffer) const
{
    return typed_ids ? ref_value(buffer) : real_value(buffer);
}

int Runner::create_buffer(BufferKind kind, std::size_t size, int alignment)
{
    const int buffer = next_buffer_++;
    buffers_[buffer] = {kind, alignment, std::vector<std::uint8_t>(size), false};
    return buffer;
}

int Runner::buffer_of(const std::string &content, BufferKind kind)
{
    const int buffer = create_buffer(kind, content.size());
    buffers_[buffer].bytes.assign(content.begin(), content.end());
    return buffer;
}

void Runner::resize_buffer(int buffer, std::size_t size)
{
    CHECK(buffers_.count(buffer) == 1);
    buffers_[buffer].bytes.resize(size);
}

void Runner::delete_buffer(int buffer) { CHECK(buffers_.erase(buffer) == 1); }

const std::vector<std::uint8_t> &Runner::content(int buffer) const
{
    CHECK(buffers_.count(buffer) == 1);
    return buffers_.at(buffer).bytes;
}

int Runner::run_events(const Handler &handler)
{
    const std::vector<Queued> events = std::exchange(queue_, {});
    for (const Queued &queued : events) {
        const Event event = maps_.at(queued.map);
        CHECK_EQ(event.has("buffer"), queued.buffer >= 0);
        if (queued.buffer >= 0) {
            CHECK_EQ(event.real("buffer"), queued.buffer);
        }
        handler(event, queued.buffer);
        maps_.erase(queued.map);
        if (queued.buffer >= 0) {
            buffers_.erase(queued.buffer);
        }
    }
    return static_cast<int>(events.size());
}

void Runner::forget_unposted()
{
    CHECK(queue_.empty());
    maps_.clear();
    for (auto buffer = buffers_.begin(); buffer != buffers_.end();) {
        buffer = buffer->second.foreign ? buffers_.erase(buffer) : std::next(buffer);
    }
}

void Runner::check_nothing_left() const
{
    CHECK_EQ(allocations_.size(), 0U);
    CHECK_EQ(queue_.size(), 0U);
    CHECK_EQ(maps_.size(), 0U);
    CHECK_EQ(buffers_.size(), 0U);
}

RValue value_of_kind(std::uint32_t kind)
{
    RValue value = {};
    value.kind = kind;
    return value;
}

RValue real_value(double number)
{
    RValue value = value_of_kind(kind_real);
    value.real = number;
    return value;
}

RValue int32_value(std::int32_t number)
{
    RValue value = value_of_kind(kind_int32);
    // Runners do not clear what a smaller member leaves over.
    value.int64 = -1;
    value.int32 = number;
    return value;
}

RValue int64_value(std::int64_t number)
{
    RValue value = value_of_kind(kind_int64);
    value.int64 = number;
    return value;
}

RValue bool_value(bool truth)
{
    RValue value = value_of_kind(kind_bool);
    value.real = truth ? 1.0 : 0.0;
    return value;
}

RValue ref_value(std::int32_t id)
{
    RValue value = value_of_kind(kind_ref);
    // The upper half says of what kind the handle is.
    value.int64 = static_cast<std::int64_t>(ref_tag) << 32 | static_cast<std::uint32_t>(id);
    return value;
}

RValue undefined_value() { return value_of_kind(kind_undefined); }
