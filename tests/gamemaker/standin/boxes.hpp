// The demo game of the package as C++ plays it in the stand-in runner: the same messages.
#pragma once

#include "game.hpp"

#include <cstring>
#include <map>
#include <string>

enum ToServer : unsigned char { to_move = 1, to_say = 2, to_leave = 3 };
enum FromServer : unsigned char { from_you_are = 1, from_moved = 2, from_said = 3, from_left = 4 };

struct Position {
    float x;
    float y;
};

inline std::string message_to_move(Position position)
{
    std::string message(1, static_cast<char>(to_move));
    message.append(reinterpret_cast<const char *>(&position), sizeof position);
    return message;
}

inline std::string message_to_say(const std::string &text)
{
    return std::string(1, static_cast<char>(to_say)) + text + '\0';
}

inline std::string message_from(FromServer kind, int id, const std::string &rest = {})
{
    std::string message(1, static_cast<char>(kind));
    message += static_cast<char>(id & 0xff);
    message += static_cast<char>(id >> 8);
    return message + rest;
}

// One message from a server, taken apart.
struct FromMessage {
    FromServer kind;
    int id;
    Position position;
    std::string text;
};

inline FromMessage parse_from(const std::string &data)
{
    CHECK(data.size() >= 3);
    FromMessage message{};
    message.kind = static_cast<FromServer>(data[0]);
    message.id = static_cast<unsigned char>(data[1]) | static_cast<unsigned char>(data[2]) << 8;
    if (message.kind == from_moved) {
        CHECK_EQ(data.size(), 3 + sizeof(Position));
        std::memcpy(&message.position, data.data() + 3, sizeof(Position));
    } else if (message.kind == from_said) {
        CHECK(data.size() > 3 && data.back() == '\0');
        message.text = data.substr(3, data.size() - 4);
    }
    return message;
}

// The game that hosts: everybody hears what anybody does.
class BoxesHost {
public:
    BoxesHost(Game &game_to_use, int socket_type) : game(game_to_use), type(socket_type), server(game.server(type))
    {
        game.on_event = [this](const Event &event, int) { handle(event); };
    }

    // Clients that came, and of those the ones that left.
    int entered = 0;
    int left = 0;

    double port() { return game.port(server); }

private:
    struct Player {
        double socket;
        std::string ip;
        double port;
    };

    Game &game;
    int type;
    double server;
    std::map<int, Player> players;

    void handle(const Event &event)
    {
        const std::string data = game.seen.back().data;
        game.seen.clear();
        switch (event.type()) {
        case type_connect:
            CHECK_EQ(event.real("id"), server);
            enter({event.real("socket"), event.text("ip"), event.real("other_port")});
            break;
        case type_disconnect:
            CHECK_EQ(event.real("id"), server);
            leave(find(event.real("socket"), event));
            break;
        case type_data:
            CHECK_EQ(event.real("server"), server);
            hear(event, data);
            break;
        default:
            fail(__FILE__, __LINE__, "an event of type " + std::to_string(event.type()));
        }
    }

    int enter(const Player &player)
    {
        const int id = entered++;
        players[id] = player;
        send(id, message_from(from_you_are, id));
        return id;
    }

    // The player of an event; on UDP only the address tells.
    int find(double socket, const Event &event) const
    {
        for (const auto &[id, player] : players) {
            const bool same = type == socket_udp
                ? player.ip == event.text("ip") && player.port == event.real("port")
                : player.socket == socket;
            if (same) {
                return id;
            }
        }
        return -1;
    }

    void hear(const Event &event, const std::string &data)
    {
        int id = find(event.real("id"), event);
        if (id < 0) {
            CHECK_EQ(type, socket_udp);
            id = enter({event.real("id"), event.text("ip"), event.real("port")});
        }
        CHECK(!data.empty());
        if (data[0] == to_move) {
            send_to_all(message_from(from_moved, id, data.substr(1)));
        } else if (data[0] == to_say) {
            send_to_all(message_from(from_said, id, data.substr(1)));
        } else {
            CHECK_EQ(data, std::string(1, static_cast<char>(to_leave)));
            leave(id);
        }
    }

    void leave(int id)
    {
        CHECK(players.erase(id) == 1);
        ++left;
        send_to_all(message_from(from_left, id));
    }

    void send_to_all(const std::string &message)
    {
        for (const auto &[id, player] : players) {
            send(id, message);
        }
    }

    void send(int id, const std::string &message)
    {
        const Player &player = players.at(id);
        if (type == socket_udp) {
            game.send_udp(player.socket, player.ip, player.port, message);
        } else {
            // A player who has just gone is told of in the next event.
            game.send(player.socket, message);
        }
    }
};
