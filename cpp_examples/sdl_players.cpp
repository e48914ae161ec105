/* Players in one room, drawn with SDL2: everybody sees everybody.
 *
 *   sdl_players                       hosts, on a port that it says, with three bots; the mouse or the arrows move you
 *   sdl_players HOST PORT             joins one that hosts
 *   sdl_players ... --frames N        ends after so many frames, with status 0 if all players were seen
 *   sdl_players ... --picture FILE    and leaves the last of them as a BMP
 *
 * The packets, little-endian like GameMaker's buffers: from a player u16 x, u16 y; from the server for each player
 * u32 number, u16 x, u16 y.
 */
#include <SDL.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <stepwire.hpp>
#include <string>
#include <vector>

namespace event = stepwire::event;

constexpr int WIDTH = 640;
constexpr int HEIGHT = 360;
constexpr std::size_t BOTS = 3;
constexpr std::size_t TRAIL = 24;

struct Point {
    int x = WIDTH / 2;
    int y = HEIGHT / 2;
};

static void put(std::vector<std::uint8_t> &to, std::uint32_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

static void put(std::vector<std::uint8_t> &to, Point at) {
    put(to, static_cast<std::uint32_t>(at.x), 2);
    put(to, static_cast<std::uint32_t>(at.y), 2);
}

static std::uint32_t get(stepwire::bytes_view from, std::size_t at, unsigned size) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= static_cast<std::uint32_t>(from[at + i]) << (8 * i);
    }
    return value;
}

static Point get_point(stepwire::bytes_view from, std::size_t at) {
    return {std::min(static_cast<int>(get(from, at, 2)), WIDTH), std::min(static_cast<int>(get(from, at + 2, 2)), HEIGHT)};
}

/** The server: where everybody is, told to all once a frame. */
class Room {
public:
    Room() : server_(stepwire::Server::create(stepwire::tcp, 0, 64).value()) {}

    int port() const { return server_.port().value(); }
    void enter(stepwire::Handle player) { places_[player] = {}; }
    void leave(stepwire::Handle player) { places_.erase(player); }
    void move(stepwire::Handle player, stepwire::bytes_view packet) {
        if (packet.size() == 4) {  // whatever else a stranger sends is no move
            places_[player] = get_point(packet, 0);
        }
    }
    void tell() const {
        std::vector<std::uint8_t> packet;
        for (const auto &[player, place] : places_) {
            put(packet, static_cast<std::uint32_t>(player.number()), 4);
            put(packet, place);
        }
        server_.send(packet).value();
    }

private:
    stepwire::Server server_;
    std::map<stepwire::Handle, Point> places_;
};

/** A player's connection: yours, or a bot's. */
class Player {
public:
    Player(const std::string &host, int port) : socket_(stepwire::Socket::create(stepwire::tcp).value()) {
        socket_.connect_async(host, port).value();
    }

    bool is(stepwire::Handle socket) const { return socket_ == socket; }
    void on_connected() { connected_ = true; }
    void move(Point to) {
        if (connected_) {
            std::vector<std::uint8_t> packet;
            put(packet, to);
            socket_.send(packet).value();
        }
    }

private:
    stepwire::Socket socket_;
    bool connected_ = false;
};

/** Where a bot is at a time. */
static Point bot_at(std::size_t number, int frame) {
    const double turn = frame * (0.021 + 0.006 * static_cast<double>(number)) + 2.1 * static_cast<double>(number);
    return {WIDTH / 2 + static_cast<int>(std::cos(turn) * 250), HEIGHT / 2 + static_cast<int>(std::sin(turn * 1.7) * 130)};
}

/** What is drawn: the players of the server's last packet, and where they were before. */
class Picture {
public:
    Picture() {
        window_.reset(SDL_CreateWindow("stepwire", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, WIDTH, HEIGHT, 0));
        renderer_.reset(SDL_CreateRenderer(window_.get(), -1, SDL_RENDERER_SOFTWARE));
        if (!window_ || !renderer_) {
            throw std::runtime_error(SDL_GetError());
        }
        SDL_SetRenderDrawBlendMode(renderer_.get(), SDL_BLENDMODE_BLEND);
    }

    void title(const std::string &text) { SDL_SetWindowTitle(window_.get(), text.c_str()); }

    void update(stepwire::bytes_view packet) {
        std::map<std::uint32_t, std::deque<Point>> now;
        for (std::size_t at = 0; at + 8 <= packet.size(); at += 8) {
            const std::uint32_t number = get(packet, at, 4);
            auto &trail = now[number] = std::move(trails_[number]);
            trail.push_front(get_point(packet, at + 4));
            trail.resize(std::min(trail.size(), TRAIL));
        }
        trails_ = std::move(now);
        most_ = std::max(most_, trails_.size());
    }

    std::size_t most_players() const { return most_; }

    void draw() {
        color({22, 26, 38}, 255);
        SDL_RenderClear(renderer_.get());
        color({38, 44, 62}, 255);
        for (int x = 40; x < WIDTH; x += 40) {
            SDL_RenderDrawLine(renderer_.get(), x, 0, x, HEIGHT);
        }
        for (int y = 40; y < HEIGHT; y += 40) {
            SDL_RenderDrawLine(renderer_.get(), 0, y, WIDTH, y);
        }
        static constexpr std::array<Color, 6> COLORS{{{255, 107, 107}, {78, 205, 196}, {255, 209, 102}, {170, 130, 255}, {120, 220, 120}, {255, 160, 220}}};
        std::size_t next = 0;
        for (const auto &[number, trail] : trails_) {
            const Color &own = COLORS[next++ % COLORS.size()];
            for (std::size_t i = trail.size(); i-- > 0;) {
                const int size = 20 - static_cast<int>(i) / 2;
                color(own, static_cast<std::uint8_t>(i == 0 ? 255 : 90 - 90 * i / TRAIL));
                const SDL_Rect square{trail[i].x - size / 2, trail[i].y - size / 2, size, size};
                SDL_RenderFillRect(renderer_.get(), &square);
            }
        }
        SDL_RenderPresent(renderer_.get());
    }

    void save(const char *file) {
        using Surface = std::unique_ptr<SDL_Surface, decltype(&SDL_FreeSurface)>;
        Surface copy(SDL_CreateRGBSurfaceWithFormat(0, WIDTH, HEIGHT, 24, SDL_PIXELFORMAT_BGR24), SDL_FreeSurface);
        draw();
        if (!copy || SDL_RenderReadPixels(renderer_.get(), nullptr, SDL_PIXELFORMAT_BGR24, copy->pixels, copy->pitch) != 0 ||
            SDL_SaveBMP(copy.get(), file) != 0) {
            throw std::runtime_error(SDL_GetError());
        }
    }

private:
    struct Color {
        std::uint8_t r, g, b;
    };
    struct Destroy {
        void operator()(SDL_Window *window) const { SDL_DestroyWindow(window); }
        void operator()(SDL_Renderer *renderer) const { SDL_DestroyRenderer(renderer); }
    };

    void color(Color c, std::uint8_t alpha) { SDL_SetRenderDrawColor(renderer_.get(), c.r, c.g, c.b, alpha); }

    std::unique_ptr<SDL_Window, Destroy> window_;
    std::unique_ptr<SDL_Renderer, Destroy> renderer_;
    std::map<std::uint32_t, std::deque<Point>> trails_;
    std::size_t most_ = 0;
};

struct Options {
    std::string host;
    int port = 0;
    int frames = 0;
    const char *picture = nullptr;
};

/** Takes what the player has done; returns whether to go on. */
static bool take_input(Point &own) {
    SDL_Event input;
    while (SDL_PollEvent(&input) != 0) {
        if (input.type == SDL_QUIT) {
            return false;
        }
        if (input.type == SDL_MOUSEMOTION) {
            own = {input.motion.x, input.motion.y};
        }
    }
    const std::uint8_t *keys = SDL_GetKeyboardState(nullptr);
    own.x = std::clamp(own.x + 4 * (keys[SDL_SCANCODE_RIGHT] - keys[SDL_SCANCODE_LEFT]), 0, WIDTH);
    own.y = std::clamp(own.y + 4 * (keys[SDL_SCANCODE_DOWN] - keys[SDL_SCANCODE_UP]), 0, HEIGHT);
    return true;
}

static int play(Options options) {
    std::unique_ptr<Room> room;
    std::vector<std::unique_ptr<Player>> players;
    const std::size_t count = options.port == 0 ? 1 + BOTS : 1;
    if (options.port == 0) {
        room = std::make_unique<Room>();
        options.host = "127.0.0.1";
        options.port = room->port();
    }
    for (std::size_t i = 0; i < count; i++) {
        players.push_back(std::make_unique<Player>(options.host, options.port));
    }
    Picture picture;
    picture.title("stepwire: " + options.host + " port " + std::to_string(options.port));
    std::printf("playing on %s port %d\n", options.host.c_str(), options.port);
    std::fflush(stdout);

    Point own;
    for (int frame = 0; take_input(own) && (options.frames == 0 || frame < options.frames); frame++) {
        stepwire::poll(
            [&](const event::connect &e) { room->enter(e.client); },
            [&](const event::disconnect &e) {
                if (!e.server) {
                    throw std::runtime_error("the server is gone: " + std::string(e.reason));
                }
                room->leave(e.socket);
            },
            [&](const event::data &e) {
                if (e.server) {
                    room->move(e.socket, e.bytes);
                } else if (players.front()->is(e.socket)) {
                    picture.update(e.bytes);
                }
            },
            [&](const event::connected &e) {
                for (auto &player : players) {
                    if (player->is(e.socket)) {
                        player->on_connected();
                    }
                }
            },
            [](const event::failed &e) { throw std::runtime_error("no connection: " + std::string(e.reason)); });
        players.front()->move(own);
        for (std::size_t i = 1; i < players.size(); i++) {
            players[i]->move(bot_at(i, frame));
        }
        if (room) {
            room->tell();
        }
        picture.draw();
        SDL_Delay(16);  // a renderer with vertical synchronisation waits by itself
    }
    if (options.picture != nullptr) {
        picture.save(options.picture);
    }
    std::printf("saw %zu players\n", picture.most_players());
    return options.frames == 0 || picture.most_players() >= count ? 0 : 1;
}

static bool parse(int argc, char **argv, Options &options) {
    int at = 1;
    if (argc >= 3 && argv[1][0] != '-') {
        options.host = argv[1];
        options.port = std::atoi(argv[2]);
        at = 3;
    }
    for (; at + 1 < argc; at += 2) {
        if (std::strcmp(argv[at], "--frames") == 0) {
            options.frames = std::atoi(argv[at + 1]);
        } else if (std::strcmp(argv[at], "--picture") == 0) {
            options.picture = argv[at + 1];
        } else {
            return false;
        }
    }
    return at == argc && (argc < 3 || argv[1][0] == '-' || options.port > 0);
}

int main(int argc, char **argv) {
    Options options;
    if (!parse(argc, argv, options)) {
        std::fprintf(stderr, "usage: sdl_players [HOST PORT] [--frames N] [--picture FILE]\n");
        return 2;
    }
    int status = 1;
    if (SDL_Init(SDL_INIT_VIDEO) != 0) {
        std::fprintf(stderr, "sdl_players: %s\n", SDL_GetError());
        return 1;
    }
    try {
        status = play(options);
    } catch (const std::exception &why) {
        std::fprintf(stderr, "sdl_players: %s\n", why.what());
    }
    SDL_Quit();
    return status;
}
