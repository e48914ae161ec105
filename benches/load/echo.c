#include "failure.h"
#include "slices.h"

static void on_message(Connection *connection, const uint8_t *payload, size_t size) {
    Contender *contender = contender_of(connection);
    uint64_t number = connection->next_awaited++;
    if (number >= connection->next_sent || size != connection->crowd->message_size ||
        !is_payload(payload, size, connection->index, number))
        give_up("connection %u: what came back is not message %llu", connection->index, (unsigned long long)number);
    note_latency(&contender->latencies,
                 connection->crowd->read_at - connection->sent_at[number % connection->crowd->depth]);
    contender->messages++;
    contender->in_flight--;
}

/* All that one read has answered is sent anew with one write. */
static void refill(Connection *connection) {
    Contender *contender = contender_of(connection);
    unsigned missing = connection->crowd->depth - (unsigned)(connection->next_sent - connection->next_awaited);
    if (contender->running && missing > 0) {
        contender->in_flight += missing;
        send_messages(connection, missing);
    }
}

static void begin(Contender *contender) {
    unsigned index;
    for (index = 0; index < contender->crowd.count; index++)
        refill(&contender->crowd.connections[index]);
}

void load_echo(const Load *load) {
    static const Kind kind = {on_message, refill, begin};
    run_slices(load, &kind);
}
