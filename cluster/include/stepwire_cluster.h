/* stepwire-cluster: many server processes as one.
 *
 * Written by cbindgen from the Rust sources (`cargo xtask header`): do not edit.
 *
 * WHAT IT IS
 *   Topics, rooms and players over many processes, on NATS brokers; without a broker everything
 *   works inside the one process. Nothing is stored: whoever asks, asks the living. A room is found
 *   because its server answers, a player is online because the server he is on answers; a dead
 *   process answers no more, so nothing is ever stale. docs/scaling.md says what it is good for.
 *
 * HOW A PROGRAM USES IT
 *   It stands beside stepwire and uses the program's own stepwire: the connection to the broker is
 *   one of its sockets. The program gives the cluster every network event first, tells it that time
 *   passes, and collects the cluster's events:
 *
 *   #include <stdio.h>
 *   #include <stepwire.h>
 *   #include <stepwire_cluster.h>
 *
 *   static void on_event(const NetworkEvent *event, void *user) {
 *       (void)user;
 *       if (cluster_event(event) == 1) {
 *           return;
 *       }
 *       printf("a player's event: %d\n", (int)event->type);
 *   }
 *
 *   int main(int argc, char **argv) {
 *       ClusterEvent event;
 *       double room;
 *       if (cluster_open(argc > 1 ? argv[1] : "", "127.0.0.1:6510") < 0) {
 *           fprintf(stderr, "no cluster: %s\n", cluster_last_error());
 *           return 1;
 *       }
 *       room = cluster_room_open("arena", 16, "map=ice");
 *       printf("%s is open\n", cluster_room_name(room));
 *       for (;;) {
 *           network_wait(cluster_step());
 *           network_poll(on_event, NULL);
 *           while (cluster_poll_event(&event) == 1) {
 *               if (event.type == cluster_type_seat) {
 *                   printf("somebody will come with %s\n", event.ticket);
 *               }
 *           }
 *       }
 *   }
 *
 * VALUES, ERRORS, THREADS
 *   As in stepwire.h: numbers are doubles and are checked, strings are UTF-8 and end with NUL, what
 *   is given is copied. Failures are negative, one of stepwire's network_error_* numbers, and
 *   cluster_last_error then has a sentence for the calling thread. Every function may be called from
 *   any thread and none blocks; there is no thread of the cluster's own: what comes from the broker
 *   is looked at in cluster_event, and what time brings in cluster_step.
 *
 * LIMITS
 *   message                    512 KiB, at most once to each process, in its sender's order
 *   topic                      256 bytes
 *   kind of a room             64 letters, digits, - and _
 *   player's name              128 bytes
 *   a room's data              1024 bytes
 *   requests at a time         65536
 *   messages not collected     4 MiB, then dropped, counted and told (option)
 */


#ifndef STEPWIRE_CLUSTER_H
#define STEPWIRE_CLUSTER_H

#include <stdint.h>
#include "stepwire.h"

/**
 * `cluster_set_config(.., ms)`: how long another server may take to answer, 1 to 2147483647 ms; default 250.
 */
#define cluster_config_request_timeout 0

/**
 * `cluster_set_config(.., ms)`: how long a find gathers answers before it takes the best, 0 to 2147483647 ms; default 30.
 */
#define cluster_config_gather 1

/**
 * `cluster_set_config(.., ms)`: the broker is pinged so often, 10 to 2147483647 ms; default 2000. When two pings are not
 * answered, the connection is given up; connecting may take as long.
 */
#define cluster_config_ping 2

/**
 * `cluster_set_config(.., bytes)`: messages that wait to be collected, 1 to 2147483647; default 4 MiB. Beyond it they are
 * dropped and counted, and when half of them are collected an `up` event with gap 1 comes.
 */
#define cluster_config_queue_limit 3

/**
 * `cluster_set_config(.., ms)`: how long a place is kept for somebody who has found a room here, 1 to 2147483647 ms;
 * default 10000.
 */
#define cluster_config_ticket_time 4

/**
 * `cluster_set_config(.., 0 or 1)`: with `tls://`, the broker's certificate and name are checked; default 1. Holds from
 * the next `cluster_open` on. `wss://` obeys stepwire's `network_config_tls_verify`.
 */
#define cluster_config_tls_verify 5

/**
 * `cluster_set_config_string(.., path)`: with `tls://`, a PEM file of certificate authorities that are trusted besides
 * the system's; "" for none, the default. Holds from the next `cluster_open` on. `wss://` obeys stepwire's
 * `network_config_tls_ca_file`.
 */
#define cluster_config_tls_ca_file 6

/**
 * The broker is there, and knows all subscriptions. `gap` 1: messages may have been missed since the last one.
 */
#define cluster_type_up 1

/**
 * The broker is not there, or not any more: `error`, `reason`. It is looked for until it is back; meanwhile everything
 * works inside this process.
 */
#define cluster_type_down 2

/**
 * A message: to a `topic`, or to a `player` who is here; `from` is the sending server's id.
 */
#define cluster_type_message 3

/**
 * A `request` has found something. A room: `name`, `kind`, `address`, `server`, `ticket`, `players`, `places`, `data`. A
 * player, found or sent to: `name`, `address`, `server`.
 */
#define cluster_type_found 4

/**
 * A `request` has found nothing: `error` is 0 if there is nobody, else `network_error_timeout` (somebody has not
 * answered) or `network_error_not_connected` (there is no broker, and nobody in this process).
 */
#define cluster_type_none 5

/**
 * Somebody needs a room of that `kind` with that `data`, which this server offers to open: answer with
 * `cluster_room_open` before the next event, or not at all.
 */
#define cluster_type_create 6

/**
 * Somebody has found this `room` and was promised a place: who shows the `ticket` within its time is to be let in.
 */
#define cluster_type_seat 7

/**
 * The `player` has entered elsewhere, later than here, where his `socket` was; he is no longer here.
 */
#define cluster_type_player_elsewhere 8

/**
 * One event of the cluster. What its type does not have is 0, respectively "". The pointers belong to the library and stay
 * valid until the next `cluster_poll_event`, `cluster_event_next` or `cluster_close` by any thread.
 */
typedef struct ClusterEvent {
    /**
     * What happened: a `cluster_type_*`.
     */
    double type;
    /**
     * Found, none: the number that `cluster_find` and the like have returned.
     */
    double request;
    /**
     * Seat: the room's handle.
     */
    double room;
    /**
     * Found: players in the room when the place was kept.
     */
    double players;
    /**
     * Found: the room's places.
     */
    double places;
    /**
     * Player_elsewhere: the socket he had entered with.
     */
    double socket;
    /**
     * Up: 1 if messages may have been missed.
     */
    double gap;
    /**
     * Down, none: a `network_error_*`, or 0.
     */
    double error;
    /**
     * Message: how many bytes are at `buffer`.
     */
    double size;
    /**
     * Message: the payload, never NULL; else NULL.
     */
    const uint8_t *buffer;
    /**
     * Message to a topic: which.
     */
    const char *topic;
    /**
     * Message to a player, player_elsewhere: who.
     */
    const char *player;
    /**
     * Message: the id of the server that has sent it; "" if some other program has.
     */
    const char *from;
    /**
     * Found: the room's or the player's name.
     */
    const char *name;
    /**
     * Create, found: the room's kind.
     */
    const char *kind;
    /**
     * Found: where players reach that server.
     */
    const char *address;
    /**
     * Found: that server's id.
     */
    const char *server;
    /**
     * Found, seat: what whoever has found the room shows there.
     */
    const char *ticket;
    /**
     * Found, create: the room's data.
     */
    const char *data;
    /**
     * Down: one sentence for a person.
     */
    const char *reason;
    /**
     * 0.
     */
    double reserved[8];
} ClusterEvent;

#ifdef __cplusplus
extern "C" {
#endif /* __cplusplus */

/**
 * Makes this process one of a cluster. Returns at once, whether a broker is there or not; an `up` or a `down` event tells.
 *
 * `url` is "" for this process alone, or where the brokers are:
 * `nats://[user:password@|token@]host[:port][,host[:port]...][/app]`. Of several hosts one is used and the next one when it
 * is lost; an IPv6 address stands in brackets; user, password and token may have escapes such as %40. Only processes with
 * the same `app` (letters, digits, - and _; "game" if there is none) know of each other. `tls://` instead of `nats://`: the
 * connection is encrypted, as the options `cluster_config_tls_*` say. `ws://` and `wss://`: over the broker's WebSocket
 * port, with stepwire's options for TLS.
 *
 * `address` is where players reach this process, such as "eu3.example:6510", at most 256 bytes; whoever finds a room or a
 * player here is given it.
 *
 * Returns 0, or `network_error_bad_argument`, `network_error_busy` (one is open), `network_error_tls` (the file of
 * authorities cannot be used), `network_error_not_supported` (`tls://` in a build without TLS of the system). Any thread; does not block.
 *
 * @par What the caller promises
 * `url` and `address` are NULL or NUL-terminated strings.
 */
double cluster_open(const char *url,
                    const char *address);

/**
 * Leaves the cluster: rooms, players, subscriptions and requests of this process are given up, and events that wait are
 * gone. What was accepted for sending is still sent, by stepwire, for at most 2 s. Options stay.
 *
 * Returns 0, or `network_error_not_connected` if none is open. Any thread; does not block.
 */
double cluster_close(void);

/**
 * Is to be called with every event of `network_poll` or `network_poll_event`, before the program looks at it itself.
 *
 * Returns 1 if it was about the connection to the broker, and the program need not look at it; 0 if not, also while no
 * cluster is open; `network_error_bad_argument` if `event` is NULL. Any thread, also inside a callback of `network_poll`;
 * does not block.
 *
 * @par What the caller promises
 * `event` is NULL or an event as stepwire has given it, and what it points to is still valid.
 */
double cluster_event(const NetworkEvent *event);

/**
 * Time passes: to be called once per frame, or after each `network_wait`.
 *
 * Returns in how many ms it is needed again, 0 if events of the cluster wait, never more than 1000:
 * `network_wait(cluster_step())` is right for a server without frames. Any thread; does not block.
 */
double cluster_step(void);

/**
 * Sets an option, a `cluster_config_*`; they also hold for clusters that are opened later.
 *
 * Returns 0, or `network_error_bad_argument`. Any thread; does not block.
 */
double cluster_set_config(double config, double value);

/**
 * Sets an option whose value is text: `cluster_config_tls_ca_file`.
 *
 * Returns 0, or `network_error_bad_argument`. Any thread; does not block.
 *
 * @par What the caller promises
 * `value` is NULL or a NUL-terminated string.
 */
double cluster_set_config_string(double config, const char *value);

/**
 * A number about this process's part of the cluster: `key` is "up" (1 while the broker is there), "dropped" (messages that
 * there was no room for), "malformed" (messages of others that made no sense or were too large), "events_bytes" (what the
 * events that wait take), "requests" (those that have not ended), "rooms", "players".
 *
 * Returns it, or `network_error_bad_argument` for another key, `network_error_not_connected` if no cluster is open. Any
 * thread; does not block.
 *
 * @par What the caller promises
 * `key` is NULL or a NUL-terminated string.
 */
double cluster_get_stat(const char *key);

/**
 * This process's id, which others see as "from" and "server": random, and another one after each `cluster_open`. "" if no
 * cluster is open. Valid until this thread's next eight calls that return a string. Any thread; does not block.
 */
const char *cluster_server_id(void);

/**
 * This thread's last failure of a `cluster_*` function in one sentence; "" if there was none. (`network_last_error` has
 * those of `network_*` functions.) Valid until this thread's next eight calls that return a string. Does not block.
 */
const char *cluster_last_error(void);

/**
 * Wants the messages of a topic: words between dots, such as "chat.global", 1 to 256 bytes. `*` stands for one word
 * ("zone.7.*"), `>` at the end for one or more ("zone.>"). A message comes once, as a `message` event, however many
 * subscriptions of this process match.
 *
 * Returns the subscription's handle, or `network_error_bad_argument`, `network_error_not_connected` (no cluster is open).
 * Any thread; does not block.
 *
 * @par What the caller promises
 * `topic` is NULL or a NUL-terminated string.
 */
double cluster_subscribe(const char *topic);

/**
 * Ends a subscription. Messages that wait to be collected still come. Returns 0, or `network_error_bad_handle`. Any
 * thread; does not block.
 */
double cluster_unsubscribe(double subscription);

/**
 * Sends a message to every process that has subscribed to the topic, this one included: at most once to each, in the order
 * sent by this process. Whoever is not there now does not get it later.
 *
 * `buffer` has `size` bytes, 0 to 524288, copied before the call returns; it may be NULL only if `size` is 0.
 *
 * Returns `size`; `network_error_not_connected` if there is no broker now (the message went to this process's own
 * subscriptions, and is not kept for later), or, when nothing was sent to anybody, `network_error_queue_full` (the broker
 * does not keep up), `_too_big`, `_bad_argument`. Any thread; does not block.
 *
 * @par What the caller promises
 * `topic` is NULL or a NUL-terminated string; `buffer` is NULL or has `size` readable bytes.
 */
double cluster_publish(const char *topic,
                       const void *buffer,
                       double size);

/**
 * Opens a room that others can find until it is closed. `kind` is what they look for, 1 to 64 letters, digits, - and _;
 * `places` is 0 to 2147483647; `data` is any text of up to 1024 bytes, which is given to whoever finds it.
 *
 * Returns the room's handle, or `network_error_bad_argument`, `network_error_too_big` (the data),
 * `network_error_not_connected` (no cluster is open). Any thread; does not block.
 *
 * @par What the caller promises
 * `kind` and `data` are NULL or NUL-terminated strings.
 */
double cluster_room_open(const char *kind,
                         double places,
                         const char *data);

/**
 * Says how many players are in a room, 0 to 2147483647, and what its data is now. If there are more players than before,
 * they have come with the oldest tickets that are out, whose places are then no longer kept besides.
 *
 * Returns 0, or `network_error_bad_handle`, `network_error_bad_argument`, `network_error_too_big`. Any thread; does not
 * block.
 *
 * @par What the caller promises
 * `data` is NULL or a NUL-terminated string.
 */
double cluster_room_set(double room,
                        double players,
                        const char *data);

/**
 * Somebody shows a ticket for a room, which is used up by this: he counts as one of its players from now on, as after
 * `cluster_room_set` with one more.
 *
 * Returns 1; 0 if there is no such ticket, if it was used, or if its time is over; `network_error_bad_handle`,
 * `network_error_bad_argument`. Any thread; does not block.
 *
 * @par What the caller promises
 * `ticket` is NULL or a NUL-terminated string.
 */
double cluster_room_redeem(double room,
                           const char *ticket);

/**
 * Closes a room: it is not found any more. Who plays in it is the program's business. Returns 0, or
 * `network_error_bad_handle`. Any thread; does not block.
 */
double cluster_room_close(double room);

/**
 * A room's name, such as "arena.x7f3-12", which no other room has: with it everybody finds just this one. "" if there is no
 * such room. Valid until this thread's next eight calls that return a string. Any thread; does not block.
 */
const char *cluster_room_name(double room);

/**
 * Says that this server would open rooms of a kind when somebody needs one, and how busy it is: `load` is 0 to 1, the least
 * busy one is asked first; -1: it would not (any more). A `create` event asks.
 *
 * Returns 0, or `network_error_bad_argument`, `network_error_not_connected` (no cluster is open). Any thread; does not
 * block.
 *
 * @par What the caller promises
 * `kind` is NULL or a NUL-terminated string.
 */
double cluster_offer(const char *kind,
                     double load);

/**
 * Looks for a room of a kind, the fullest that has a place, or for the one of that name, and has a place in it kept for the
 * time of a ticket (`cluster_config_ticket_time` there).
 *
 * Returns the request's number, and exactly one `found` or `none` event with it comes; or `network_error_bad_argument`,
 * `network_error_limit` (65536 requests have not ended), `network_error_not_connected` (no cluster is open). Any thread;
 * does not block.
 *
 * @par What the caller promises
 * `kind_or_name` is NULL or a NUL-terminated string.
 */
double cluster_find(const char *kind_or_name);

/**
 * As `cluster_find` of a kind; if no room has a place, the least busy server that offers is asked to open one, with that
 * `data`, up to 1024 bytes.
 *
 * @par What the caller promises
 * `kind` and `data` are NULL or NUL-terminated strings.
 */
double cluster_find_or_create(const char *kind,
                              const char *data);

/**
 * A player is on this server now. If he was elsewhere, or here with another socket, that place gets a `player_elsewhere`
 * event. `player` is any text of 1 to 128 bytes, the same on all servers; `socket` is the program's own, given back in that
 * event: a socket's handle, or -1.
 *
 * Returns 0, or `network_error_bad_argument`, `network_error_not_connected` (no cluster is open). Any thread; does not
 * block.
 *
 * @par What the caller promises
 * `player` is NULL or a NUL-terminated string.
 */
double cluster_player_enter(const char *player,
                            double socket);

/**
 * A player is no longer on this server. Not to be called for a socket that a `player_elsewhere` event has named: he is no
 * longer here with that one, but may be with another.
 *
 * Returns 1, or 0 if he was not here; `network_error_bad_argument`, `network_error_not_connected` (no cluster is open). Any
 * thread; does not block.
 *
 * @par What the caller promises
 * `player` is NULL or a NUL-terminated string.
 */
double cluster_player_leave(const char *player);

/**
 * Asks where a player is.
 *
 * Returns the request's number, and exactly one `found` (his server and its address) or `none` event with it comes; or a
 * negative error as `cluster_find`. Any thread; does not block.
 *
 * @par What the caller promises
 * `player` is NULL or a NUL-terminated string.
 */
double cluster_player_find(const char *player);

/**
 * Sends a message to the server that a player is on, where it is a `message` event; what that server does with it is its
 * program's business.
 *
 * `buffer` has `size` bytes, 0 to 524288, copied before the call returns; it may be NULL only if `size` is 0.
 *
 * Returns the request's number, and exactly one event with it comes: `found` when it was delivered, `none` when not, or
 * when it is not known (`error` timeout); or a negative error as `cluster_publish` and `cluster_find`. Any thread; does not
 * block.
 *
 * @par What the caller promises
 * `player` is NULL or a NUL-terminated string; `buffer` is NULL or has `size` readable bytes.
 */
double cluster_player_send(const char *player,
                           const void *buffer,
                           double size);

/**
 * Takes the next event of the cluster. Returns 1 and fills `*event`, or 0 if none waits; `network_error_bad_argument` if
 * `event` is NULL. Any thread; does not block.
 *
 * @par What the caller promises
 * `event` is NULL or points to a `ClusterEvent` that may be written.
 */
double cluster_poll_event(struct ClusterEvent *event);

/**
 * Moves to the next event of the cluster, for hosts that know only numbers and strings: returns its type, a
 * `cluster_type_*`, or 0 if none waits. `cluster_event_real`, `cluster_event_string` and `cluster_event_read` then look at
 * it. Any thread; does not block.
 */
double cluster_event_next(void);

/**
 * A number of the current event: `key` is the name of one of the numbers of `ClusterEvent`. Returns it, or
 * `network_error_bad_argument` for another key or without a current event. Any thread; does not block.
 *
 * @par What the caller promises
 * `key` is NULL or a NUL-terminated string.
 */
double cluster_event_real(const char *key);

/**
 * A string of the current event: `key` is the name of one of the strings of `ClusterEvent`. Returns it, valid as those are,
 * or "" for another key or without a current event. Any thread; does not block.
 *
 * @par What the caller promises
 * `key` is NULL or a NUL-terminated string.
 */
const char *cluster_event_string(const char *key);

/**
 * Copies payload of the current message event: up to `size` bytes from `offset` on to `destination`, which has room for
 * `size` bytes and may be NULL only if that is 0.
 *
 * Returns how many bytes were copied, 0 at the payload's end; or `network_error_bad_argument`, also without a current event.
 * Any thread; does not block.
 *
 * @par What the caller promises
 * `destination` is NULL or has room for `size` bytes.
 */
double cluster_event_read(void *destination,
                          double offset,
                          double size);

#ifdef __cplusplus
}  /* extern "C" */
#endif  /* __cplusplus */

#endif  /* STEPWIRE_CLUSTER_H */
