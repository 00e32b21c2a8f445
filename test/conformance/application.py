"""Applications that do what a script of steps says, and tell what they saw (test/conformance/tcp.md has the steps).

Standard input: JSON, one value a line. The first is a list of roles, each {key, case, role, steps, own, peer}; `own` and
`peer` are [address, port] (port 0: any). Then {"go": key} for each role that is to begin, or may go on after `meet`.
Standard output: {"ready": key} once a role's listener listens, {"meet": key}, and at the end {"done": key, "saw": [...]}.

Each role is a thread; its sockets block, with a time limit on whatever they do.
"""

import errno
import fcntl
import json
import re
import select
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
import zlib

LIMIT = float(sys.argv[1]) if len(sys.argv) > 1 else 25.0
TIMED_OUT = "stuck"
LOCK = threading.Lock()
UNIT = bytes((i * 7 + (i >> 8) * 13 + (i >> 16)) & 0xFF for i in range(1 << 17))
LISTENERS = {}


def say(**what):
    with LOCK:
        print(json.dumps(what), flush=True)


class Listener:
    """Where several roles may accept, each its own client."""

    def __init__(self, own, family):
        self.socket = socket.socket(family)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.settimeout(LIMIT)
        self.socket.bind(own)
        self.socket.listen(256)
        self.turn = threading.Lock()
        self.others = {}

    def accept(self, peer):
        if not self.turn.acquire(timeout=LIMIT):
            raise TimeoutError
        try:
            while peer not in self.others:
                accepted, client = self.socket.accept()
                self.others[peer if peer[1] == 0 else client[:2]] = accepted
            return self.others.pop(peer)
        finally:
            self.turn.release()


class Stuck(Exception):
    """A step that takes longer than anything should."""


class Role:
    def __init__(self, spec):
        self.key = spec["key"]
        self.server = spec["role"] == "server"
        self.steps = spec["steps"]
        self.own = tuple(spec["own"])
        self.peer = tuple(spec["peer"])
        self.saw = []
        self.sent = 0
        self.heard = 0
        self.socket = None
        self.listener = None
        self.turn = threading.Semaphore(0)
        self.family = socket.AF_INET6 if ":" in self.own[0] else socket.AF_INET
        # The two directions of a case say different things.
        parts = ("server", "client") if self.server else ("client", "server")
        self.said_offset, self.heard_offset = (zlib.crc32(f"{spec['case']} {who}".encode()) for who in parts)

    def run(self):
        try:
            if self.server:
                self.listen()
            say(ready=self.key)
            self.turn.acquire()
            for step in self.steps:
                self.step(step)
        except Stuck:
            self.saw.append(TIMED_OUT)
        except Exception as error:  # Shown as what was seen: it is then not what was to be seen.
            self.saw.append(f"{type(error).__name__}: {error}")
        if self.socket is not None:
            self.socket.close()
        say(done=self.key, saw=self.saw)

    # -- the steps -----------------------------------------------------------------------------------------------------

    def step(self, text):
        for pattern, body in STEPS:
            match = re.fullmatch(pattern, text)
            if match:
                seen = body(self, *match.groups())
                if seen is not None:
                    self.saw.append(seen)
                return
        raise ValueError(f"no such step: {text}")

    def listen(self):
        if "nobody listens" in self.steps:
            return
        if "silence" in self.steps:
            self.silence()
            return
        with LOCK:
            if self.own not in LISTENERS:
                LISTENERS[self.own] = Listener(self.own, self.family)
            self.listener = LISTENERS[self.own]

    def silence(self):
        family = "ip6" if self.family == socket.AF_INET6 else "ip"
        table = f"silence_{self.own[1]}"
        rules = [
            f"add table {family} {table}",
            f"add chain {family} {table} in {{ type filter hook input priority 0; }}",
            f"add rule {family} {table} in tcp dport {self.own[1]} drop",
        ]
        subprocess.run(["nft", "-f", "-"], input="\n".join(rules), text=True, check=True)

    def accept(self):
        try:
            self.socket = self.listener.accept(self.peer)
        except TimeoutError:
            raise Stuck
        self.sent = self.heard = 0
        self.socket.settimeout(LIMIT)
        return "accepted"

    def unlisten(self):
        self.listener.socket.close()

    def connect(self, within=None):
        self.socket = socket.socket(self.family)
        self.sent = self.heard = 0
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.own[1] != 0:
            self.socket.bind(self.own)
        self.socket.settimeout(LIMIT if within is None else int(within) / 1000)
        try:
            self.connect_when_free()
        except TimeoutError:
            return TIMED_OUT if within is None else "no answer"
        except OSError as error:
            return name(error)
        self.socket.settimeout(LIMIT)
        return "connected"

    def connect_when_free(self):
        """On a busy machine the kernel may still wait for the acknowledgement of what has used the port before."""
        end = time.monotonic() + LIMIT
        while True:
            try:
                return self.socket.connect(self.peer)
            except OSError as error:
                if error.errno != errno.EADDRNOTAVAIL or time.monotonic() > end:
                    raise
            time.sleep(0.02)

    def send(self, count, flags=0):
        data = content(self.said_offset + self.sent, int(count))
        self.sent += len(data)
        view = memoryview(data)
        try:
            while len(view) > 0:
                view = view[self.socket.send(view, flags) :]
        except TimeoutError:
            raise Stuck
        except OSError as error:
            return name(error)

    def send_singly(self, count):
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(int(count)):
            seen = self.send(1)
            if seen is not None:
                return seen

    def send_until_error(self):
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            seen = self.send(1000)
            if seen is not None:
                return seen
            time.sleep(0.005)
        raise Stuck

    def fill(self):
        """Sends until for a second nothing more is taken."""
        data = content(self.said_offset + self.sent, 1 << 16)
        idle = time.monotonic()
        self.socket.setblocking(False)
        while time.monotonic() - idle < 1:
            try:
                self.sent += self.socket.send(data)
                data = content(self.said_offset + self.sent, 1 << 16)
                idle = time.monotonic()
            except BlockingIOError:
                time.sleep(0.02)
        self.socket.settimeout(LIMIT)
        return "full"

    def read(self, count=None, piece=1 << 16, rest=0.0):
        """Up to `count` bytes, or all: how many came, and how it ended if it did."""
        wanted = 1 << 62 if count is None else int(count)
        got = 0
        end = None
        while got < wanted and end is None:
            try:
                data = self.socket.recv(min(wanted - got, piece))
            except TimeoutError:
                raise Stuck
            except OSError as error:
                end = name(error)
                break
            if data == b"":
                end = "end"
            elif data != content(self.heard_offset + self.heard, len(data)):
                return f"wrong bytes at {self.heard}"
            got += len(data)
            self.heard += len(data)
            if rest > 0:
                time.sleep(rest)
        return f"{got} bytes" if end is None else f"{got} bytes, {end}"

    def arrived(self, count):
        """Waits until so many bytes can be read, and leaves them."""
        def unread():
            answer = fcntl.ioctl(self.socket.fileno(), termios.FIONREAD, b"\0\0\0\0")
            return struct.unpack("i", answer)[0]
        self.wait(lambda: unread() >= int(count))

    def hear(self, events):
        poll = select.poll()
        poll.register(self.socket, select.POLLRDHUP if events == "end" else 0)
        wanted = select.POLLRDHUP if events == "end" else select.POLLERR | select.POLLHUP
        self.wait(lambda: any(event & wanted for _, event in poll.poll(0)))

    def wait(self, holds):
        end = time.monotonic() + LIMIT
        while not holds():
            if time.monotonic() > end:
                raise Stuck
            time.sleep(0.005)

    def echo(self, times):
        for _ in range(int(times)):
            seen = self.read(1)
            if seen != "1 bytes":
                return seen
            seen = self.send(1)
            if seen is not None:
                return seen

    def ask(self, times):
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(int(times)):
            seen = self.send(1) or self.read(1)
            if seen != "1 bytes":
                return seen
        return f"{times} answers"

    def shut(self, how):
        try:
            self.socket.shutdown(how)
        except OSError as error:
            return name(error)

    def urgent(self):
        return self.send(1, socket.MSG_OOB)

    def option(self, option, value):
        level, number = OPTIONS[option]
        (self.socket or self.listener.socket).setsockopt(level, number, int(value))

    def names(self):
        seen = [tuple(self.socket.getsockname()[:2]), tuple(self.socket.getpeername()[:2])]
        same = all(
            here[0] == there[0] and there[1] in (0, here[1]) for here, there in zip(seen, (self.own, self.peer))
        )
        return "own names" if same else f"names {seen}"

    def error(self):
        number = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return errno.errorcode.get(number, "no error")

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def linger(self):
        """A close that waits until all is said and acknowledged."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, int(LIMIT)))
        self.socket.close()

    def pause(self, milliseconds):
        time.sleep(int(milliseconds) / 1000)

    def meet(self):
        say(meet=self.key)
        if not self.turn.acquire(timeout=LIMIT):
            raise Stuck


def content(start, count):
    """What stands at a place of a direction's bytes."""
    start %= len(UNIT)
    return (UNIT * ((start + count) // len(UNIT) + 1))[start : start + count]


def name(error):
    return errno.errorcode.get(error.errno, str(error))


OPTIONS = {
    "inline": (socket.SOL_SOCKET, socket.SO_OOBINLINE),
    "receive buffer": (socket.SOL_SOCKET, socket.SO_RCVBUF),
    "send buffer": (socket.SOL_SOCKET, socket.SO_SNDBUF),
    "keepalive": (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    "keepalive idle": (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
    "keepalive interval": (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
}

STEPS = [
    (r"nobody listens|silence|listen", lambda role: None),
    (r"accept", Role.accept),
    (r"stop listening", Role.unlisten),
    (r"connect", Role.connect),
    (r"connect within (\d+) ms", Role.connect),
    (r"send (\d+)", Role.send),
    (r"send (\d+) singly", Role.send_singly),
    (r"send until error", Role.send_until_error),
    (r"send urgent", Role.urgent),
    (r"fill", Role.fill),
    (r"read (\d+)", Role.read),
    (r"read all", Role.read),
    (r"read all slowly", lambda role: role.read(None, 4096, 0.002)),
    (r"arrived (\d+)", Role.arrived),
    (r"hear (end|reset)", Role.hear),
    (r"echo (\d+)", Role.echo),
    (r"ask (\d+) times", Role.ask),
    (r"end", lambda role: role.shut(socket.SHUT_WR)),
    (r"deaf", lambda role: role.shut(socket.SHUT_RD)),
    (r"names", Role.names),
    (r"error", Role.error),
    (r"close", Role.close),
    (r"reset", Role.reset),
    (r"linger", Role.linger),
    (r"pause (\d+) ms", Role.pause),
    (r"meet", Role.meet),
    (r"(" + "|".join(OPTIONS) + r") = (\d+)", Role.option),
]


def main():
    threading.stack_size(256 * 1024)
    roles = {spec["key"]: Role(spec) for spec in json.loads(sys.stdin.readline())}
    for role in roles.values():
        threading.Thread(target=role.run, daemon=True).start()
    for line in sys.stdin:
        roles[json.loads(line)["go"]].turn.release()
    # Standard input ends when the test wants no more of it.


main()
