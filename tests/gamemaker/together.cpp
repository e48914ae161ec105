// Games in processes of their own play with each other: over TCP, UDP and WebSockets, hosted by a
// game and by the dedicated server in C, all through Async - Networking events.
// The games run in both runtimes, and play across them.
// Usage: together LIBRARY BOXES_SERVER                 runs all of it
//        together LIBRARY host TYPE RUNTIME            hosts; prints the port
//        together LIBRARY play TYPE RUNTIME PORT NAME  plays

#include "standin/boxes.hpp"
#include "standin/check.hpp"
#include "standin/game.hpp"
#include "standin/process.hpp"
#include "standin/runner.hpp"

#include <chrono>
#include <set>

namespace {

constexpr int players = 2;
constexpr int moves = 20;

void host(const char *library, int type, Runtime runtime)
{
    Runner runner(library, runtime);
    Game game(runner);
    BoxesHost host(game, type);
    std::printf("%s on port %.0f\n", type == socket_tcp ? "tcp" : type == socket_udp ? "udp" : "ws", host.port());
    std::fflush(stdout);
    game.until("everybody to come and go", [&] { return host.left == players; });
    CHECK_EQ(host.entered, players);
    runner.real("stepwire_final");
    runner.check_nothing_left();
}

// One player: it moves and talks until it has met everybody and everybody has met it.
class Player {
public:
    Player(Game &game_to_use, int socket_type, double server_port, std::string own_name)
        : game(game_to_use), type(socket_type), port(server_port), name(std::move(own_name))
    {
        game.on_event = [this](const Event &event, int) { handle(event); };
    }

    void play()
    {
        socket = game.good("stepwire_create_socket", {real_value(type)});
        if (type == socket_udp) {
            connected = true;
        } else {
            game.good("stepwire_connect_async", {real_value(socket), game.runner.string("127.0.0.1"), real_value(port)});
            game.until("the connection", [this] { return connected; });
        }
        tell(message_to_say("hello from " + name));
        game.until("everybody else", [this] {
            if (type != socket_udp || is_time()) {
                talk();
            }
            return met.size() == players && known_to.size() == players && positions[id].x == moves;
        });
        // Once more, for who has not heard it yet.
        tell(message_to_say("have met"));
        if (type == socket_udp) {
            tell(std::string(1, static_cast<char>(to_leave)));
        }
        game.good("stepwire_destroy", {real_value(socket)});
    }

private:
    Game &game;
    int type;
    double port;
    std::string name;
    double socket = -1;
    bool connected = false;
    int id = -1;
    int moved = 0;
    std::chrono::steady_clock::time_point next_talk;
    std::set<int> met;
    std::set<int> known_to;
    std::map<int, Position> positions;

    void handle(const Event &event)
    {
        const std::string data = game.seen.back().data;
        game.seen.clear();
        CHECK_EQ(event.real("id"), socket);
        if (event.type() == type_non_blocking_connect) {
            CHECK_EQ(event.real("succeeded"), 1.0);
            connected = true;
            return;
        }
        CHECK_EQ(event.type(), type_data);
        CHECK_EQ(event.has("message_type"), type == socket_ws);
        const FromMessage message = parse_from(data);
        switch (message.kind) {
        case from_you_are:
            CHECK(id < 0);
            id = message.id;
            break;
        case from_moved:
            positions[message.id] = message.position;
            break;
        case from_said:
            // Who came late may have missed the other's greeting.
            met.insert(message.id);
            if (message.text == "have met") {
                known_to.insert(message.id);
            } else {
                CHECK_EQ(message.text.substr(0, 11), "hello from ");
            }
            break;
        case from_left:
            break;
        }
    }

    // Sixty times a second: what a slow host's socket has no room for is lost, the last words too.
    bool is_time()
    {
        const auto now = std::chrono::steady_clock::now();
        const bool is = now >= next_talk;
        if (is) {
            next_talk = now + std::chrono::milliseconds(16);
        }
        return is;
    }

    void talk()
    {
        // The last one again and again: a datagram may be lost.
        moved += moved < moves;
        tell(message_to_move({static_cast<float>(moved), 0.5F}));
        tell(message_to_say(met.size() == players ? "have met" : "hello from " + name));
    }

    void tell(const std::string &message)
    {
        if (type == socket_udp) {
            game.send_udp(socket, "127.0.0.1", port, message);
        } else {
            const double sent = game.send(socket, message);
            CHECK_EQ(sent, static_cast<double>(message.size()) + (type == socket_tcp ? 12.0 : 0.0));
        }
    }
};

void play(const char *library, int type, Runtime runtime, double port, const std::string &name)
{
    Runner runner(library, runtime);
    Game game(runner);
    Player(game, type, port, name).play();
    runner.real("stepwire_final");
    runner.check_nothing_left();
}

// The port that the process prints for a kind of socket.
std::string announced_port(const Process &process, const std::string &kind)
{
    char line[200];
    const std::string prefix = kind + " on port ";
    while (std::fgets(line, sizeof line, process.output) != nullptr) {
        if (std::strncmp(line, prefix.c_str(), prefix.size()) == 0) {
            const std::string rest = line + prefix.size();
            return rest.substr(0, rest.find('\n'));
        }
    }
    fail(__FILE__, __LINE__, "no port for " + kind);
}

// Waits for its end, which must be a good one.
void finish(const Process &process, const std::string &what)
{
    char line[200];
    while (std::fgets(line, sizeof line, process.output) != nullptr) {
        std::fputs(line, stdout);
    }
    std::fclose(process.output);
    const std::string how = wait_for_end(process);
    if (!how.empty()) {
        fail(__FILE__, __LINE__, what + " ended with " + how);
    }
}

// The runtimes there are: runners of the classic one have 64 bits.
std::vector<std::string> runtimes()
{
    return sizeof(void *) == 8 ? std::vector<std::string>{"classic", "new"} : std::vector<std::string>{"new"};
}

void everybody_plays(const char *self, const char *library, const char *boxes_server, const std::string &kind, int type)
{
    const std::string number = std::to_string(type);
    // Who hosts: a game in one runtime or the other, or the dedicated server.
    std::vector<std::string> hosts = runtimes();
    hosts.emplace_back();
    for (const std::string &hosted : hosts) {
        const bool dedicated = hosted.empty();
        const Process server =
            dedicated ? start({boxes_server, "0"}) : start({self, library, "host", number, hosted});
        const std::string port = announced_port(server, kind);
        std::vector<Process> games;
        for (int player = 0; player < players; ++player) {
            const std::string runtime = runtimes()[static_cast<std::size_t>(player) % runtimes().size()];
            const std::string name = "player " + std::to_string(player) + " in the " + runtime + " runtime";
            games.push_back(start({self, library, "play", number, runtime, port, name}));
        }
        for (const Process &game : games) {
            finish(game, "a game over " + kind);
        }
        if (dedicated) {
            stop(server);
        }
        finish(server, (dedicated ? "the dedicated server over " : "the host over ") + kind);
        std::printf("%s, %s: passed\n", kind.c_str(), dedicated ? "dedicated server" : ("hosted in the " + hosted + " runtime").c_str());
        std::fflush(stdout);
    }
}

} // namespace

int main(int count, char **arguments)
{
    CHECK(count >= 3);
    const std::string mode = arguments[2];
    if (mode == "host") {
        CHECK_EQ(count, 5);
        host(arguments[1], std::stoi(arguments[3]), runtime_named(arguments[4]));
    } else if (mode == "play") {
        CHECK_EQ(count, 7);
        play(arguments[1], std::stoi(arguments[3]), runtime_named(arguments[4]), std::stod(arguments[5]), arguments[6]);
    } else {
        // The kinds may be given, to run one alone.
        const std::map<std::string, int> kinds = {{"tcp", socket_tcp}, {"udp", socket_udp}, {"ws", socket_ws}};
        for (const auto &[kind, type] : kinds) {
            if (count < 4 || kind == arguments[3]) {
                everybody_plays(arguments[0], arguments[1], arguments[2], kind, type);
            }
        }
    }
    return 0;
}
