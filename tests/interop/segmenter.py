"""Cuts byte streams into the pieces in which a receiver is made to read them."""

import errno
import random
import socket
import struct
import time

SOCK_DIAG_BY_FAMILY = 20
NETLINK_SOCK_DIAG = 4
NLMSG_ERROR = 2
DEADLINE = 20.0


def split_at(stream, *places):
    """The stream in pieces, cut at these offsets."""
    edges = [0, *sorted(set(places) - {0, len(stream)}), len(stream)]
    return [stream[start:end] for start, end in zip(edges, edges[1:])]


def every_split(stream):
    """Two pieces, for every place where the stream can be cut."""
    return [split_at(stream, place) for place in range(1, len(stream))]


def byte_by_byte(stream):
    return [stream[place:place + 1] for place in range(len(stream))]


def random_splits(stream, count, seed, most_cuts=8):
    """`count` cuttings at random places, always the same for one seed."""
    generator = random.Random(seed)
    places = range(1, len(stream))
    return [
        split_at(stream, *generator.sample(places, min(len(places), generator.randint(1, most_cuts))))
        for _ in range(count)
    ]


def every_segmentation(stream, seed=1, random_count=10):
    """All glued, byte by byte, every single split, and some random ones."""
    return [[stream], byte_by_byte(stream), *every_split(stream), *random_splits(stream, random_count, seed)]


class PeerQueue:
    """How much of what a socket sent lies unread in its peer's kernel buffer (IPv4, both ends on this machine)."""

    def __init__(self):
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
        self.netlink.settimeout(DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.netlink.close()

    def unread(self, sock):
        """Bytes, or None when the peer's end is gone."""
        (peer_ip, peer_port), (own_ip, own_port) = sock.getpeername()[:2], sock.getsockname()[:2]
        request = (
            struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0xFFFFFFFF)
            + struct.pack("!HH16s16s", peer_port, own_port, socket.inet_aton(peer_ip), socket.inet_aton(own_ip))
            + struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
        )
        self.netlink.send(struct.pack("=IHHII", 16 + len(request), SOCK_DIAG_BY_FAMILY, 1, 1, 0) + request)
        answer = self.netlink.recv(4096)
        if struct.unpack_from("=H", answer, 4)[0] == NLMSG_ERROR:
            code = -struct.unpack_from("=i", answer, 16)[0]
            if code == errno.ENOENT:
                return None
            raise OSError(code, "sock_diag refused the question")
        # After the netlink header: family, state, timer, retransmits, the 48 bytes of the id, expires, rqueue.
        return struct.unpack_from("=I", answer, 16 + 4 + 48 + 4)[0]

    def wait_until_read(self, sock):
        """Returns when the peer has read everything that was sent to it."""
        deadline = time.monotonic() + DEADLINE
        try:
            while self.unread(sock):
                if time.monotonic() > deadline:
                    raise TimeoutError("the peer does not read what was sent to it")
                time.sleep(0.0002)
        except OSError as error:
            # A peer that hung up reads no more; the test sees that in what it checks next.
            if error.errno != errno.ENOTCONN:
                raise


def send_segments(sock, segments, queue):
    """Sends the pieces such that the peer reads each with a read of its own."""
    for number, segment in enumerate(segments):
        if number:
            queue.wait_until_read(sock)
        sock.sendall(segment)
