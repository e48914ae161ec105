/* A client in a game loop: sixty times a second it takes what the network has, moves, draws and sleeps. No call in the
 * loop waits for the network, so no frame is ever late because of it.
 *
 *   game_loop                      plays two seconds against an echo server in this process
 *   game_loop HOST PORT [SECONDS]  plays against an echo server elsewhere (default: 10 seconds)
 */
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <stepwire.hpp>
#include <string>
#include <thread>

namespace event = stepwire::event;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto FRAME = std::chrono::microseconds(16'667);

/** The number of a frame as it travels, little-endian like GameMaker's buffers. */
class FramePacket {
public:
    explicit FramePacket(std::uint32_t frame) {
        for (std::size_t i = 0; i < bytes_.size(); i++) {
            bytes_[i] = static_cast<std::uint8_t>(frame >> (8 * i));
        }
    }
    stepwire::bytes_view bytes() const { return bytes_; }

    static std::uint32_t read(stepwire::bytes_view bytes) {
        std::uint32_t frame = 0;
        for (std::size_t i = 0; i < 4; i++) {
            frame |= static_cast<std::uint32_t>(bytes[i]) << (8 * i);
        }
        return frame;
    }

private:
    std::array<std::uint8_t, 4> bytes_{};
};

class Game {
public:
    Game(const char *host, int port) : socket_(stepwire::Socket::create(stepwire::tcp).value()) {
        socket_.connect_async(host, port).value();
    }

    void frame() {
        frame_++;
        const auto before = Clock::now();
        stepwire::poll([this](const event::connected &e) { on_connected(e); }, [this](const event::failed &e) { on_failed(e); },
                       [this](const event::data &e) { on_data(e); }, [this](const event::disconnect &e) { on_disconnect(e); });
        slowest_poll_ = std::max(slowest_poll_, Clock::now() - before);
        if (connected_) {
            if (auto sent = socket_.send(FramePacket(frame_).bytes()); !sent) {
                std::fprintf(stderr, "frame %u: not sent: %s\n", frame_, sent.error().sentence.c_str());
            }
        }
        if (connected_ && frame_ % 60 == 0) {
            std::printf("frame %u: %u echoes so far\n", frame_, echoes_);
        }
    }

    int conclude() const {
        if (echoes_ == 0) {
            std::fprintf(stderr, "game_loop: nothing came back\n");
            return 1;
        }
        std::printf("%u frames, %u echoes, each %.1f frames after it was sent; the slowest poll took %.0f us\n", frame_, echoes_,
                    static_cast<double>(frames_waited_) / echoes_,
                    std::chrono::duration<double, std::micro>(slowest_poll_).count());
        return 0;
    }

private:
    void on_connected(const event::connected &e) {
        connected_ = true;
        std::printf("frame %u: connected to %s port %d\n", frame_, std::string(e.ip).c_str(), e.port);
    }
    void on_failed(const event::failed &e) { throw std::runtime_error("no connection: " + std::string(e.reason)); }
    void on_data(const event::data &e) {
        if (e.server) {  // the echo server in this process, where there is one
            e.socket.send(e.bytes).value();
        } else if (e.bytes.size() == 4) {
            echoes_++;
            frames_waited_ += frame_ - FramePacket::read(e.bytes);
        }
    }
    void on_disconnect(const event::disconnect &e) {
        if (e.socket == socket_) {
            throw std::runtime_error("the server is gone: " + std::string(e.reason));
        }
    }

    stepwire::Socket socket_;
    bool connected_ = false;
    std::uint32_t frame_ = 0;
    std::uint32_t echoes_ = 0;
    std::uint32_t frames_waited_ = 0;
    Clock::duration slowest_poll_{};
};

static int play(const char *host, int port, int seconds) {
    Game game(host, port);
    auto next_frame = Clock::now();
    for (int frame = 0; frame < seconds * 60; frame++) {
        game.frame();
        next_frame += FRAME;
        std::this_thread::sleep_until(next_frame);  // an engine waits for the display here
    }
    return game.conclude();
}

int main(int argc, char **argv) {
    try {
        if (argc == 1) {
            stepwire::set_library(stepwire::options::bind_address, "127.0.0.1").value();
            auto server = stepwire::Server::create(stepwire::tcp, 0, 1).value();
            return play("127.0.0.1", server.port().value(), 2);
        }
        if (argc == 3 || argc == 4) {
            return play(argv[1], std::atoi(argv[2]), argc == 4 ? std::atoi(argv[3]) : 10);
        }
    } catch (const std::exception &why) {  // value() throws stepwire::exception
        std::fprintf(stderr, "game_loop: %s\n", why.what());
        return 1;
    }
    std::fprintf(stderr, "usage: game_loop [HOST PORT [SECONDS]]\n");
    return 2;
}
