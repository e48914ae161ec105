/* A program that uses the cluster library: a room is found in the process that has it. */
#include <stdio.h>
#include <stepwire_cluster.h>

int main(void) {
    ClusterEvent event;
    double room, request;
    if (cluster_open("", "127.0.0.1:6510") < 0) {
        fprintf(stderr, "%s\n", cluster_last_error());
        return 1;
    }
    room = cluster_room_open("arena", 16, "");
    request = cluster_find("arena");
    while (cluster_poll_event(&event) == 1) {
        if (event.type == cluster_type_found && event.request == request) {
            printf("found %s at %s\n", cluster_room_name(room), event.address);
            return 0;
        }
    }
    return 1;
}
