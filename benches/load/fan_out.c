#include "failure.h"
#include "slices.h"
#include "usage.h"

static void ask(Contender *contender) {
    contender->in_flight = contender->crowd.count;
    send_messages(&contender->crowd.connections[0], 1);
}

static void begin(Contender *contender) {
    ask(contender);
}

static void on_message(Connection *connection, const uint8_t *payload, size_t size) {
    Contender *contender = contender_of(connection);
    Connection *asker = &connection->crowd->connections[0];
    uint64_t number = connection->next_awaited++;
    if (number >= asker->next_sent || size != connection->crowd->message_size ||
        !is_payload(payload, size, asker->index, number))
        give_up("connection %u: what came is not message %llu of the first", connection->index,
                (unsigned long long)number);
    note_latency(&contender->latencies, connection->crowd->read_at - asker->sent_at[number % connection->crowd->depth]);
    contender->messages++;
    if (--contender->in_flight == 0 && contender->running)
        ask(contender);
}

void load_fan_out(const Load *load) {
    static const Kind kind = {on_message, NULL, begin};
    run_slices(load, &kind);
}
