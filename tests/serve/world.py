"""A name server, listeners that count, the server under test, and clients that speak HTTP by hand."""

import json
import os
import re
import selectors
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28}


# ---- names ----------------------------------------------------------------------------------------------------------------


def wire_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def rdata(kind, value):
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind in ("NS", "CNAME"):
        return wire_name(value)
    if kind == "MX":
        preference, host = value
        return struct.pack(">H", preference) + wire_name(host)
    if kind == "TXT":
        return bytes([len(value)]) + value.encode()
    raise ValueError(kind)


class Dns:
    """Answers from a table {(name, type): [values]}; a value may be a function of the number of times it was asked for.

    Names with a label "stall" are never answered, those with a label "slow" after half a second. What is not in the table does not exist, unless a name below it does.
    """

    def __init__(self):
        self.table = {}
        self.asked = {}
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        self.tcp = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.serve_udp, daemon=True).start()
        threading.Thread(target=self.serve_tcp, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def add(self, name, kind, *values):
        self.table[(name, kind)] = list(values)

    def serve_udp(self):
        while True:
            query, peer = self.udp.recvfrom(4096)
            reply = self.answer(query)
            if reply:
                delay = 0.5 if b"\x04slow" in query else 0
                threading.Timer(delay, self.udp.sendto, (reply, peer)).start() if delay else self.udp.sendto(reply, peer)

    def serve_tcp(self):
        while True:
            connection, _ = self.tcp.accept()
            threading.Thread(target=self.serve_one, args=(connection,), daemon=True).start()

    def serve_one(self, connection):
        with connection:
            while True:
                head = connection.recv(2)
                if len(head) < 2:
                    return
                query = connection.recv(struct.unpack(">H", head)[0])
                reply = self.answer(query)
                if not reply:
                    return
                connection.sendall(struct.pack(">H", len(reply)) + reply)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode("latin1").lower())
            at += query[at] + 1
        kind = struct.unpack(">H", query[at + 1 : at + 3])[0]
        question = query[12 : at + 5]
        name = ".".join(labels)
        if "stall" in labels:
            return None
        self.asked[(name, kind)] = self.asked.get((name, kind), 0) + 1
        records = self.records(name, kind)
        exists = any(n == name or n.endswith("." + name) for n, _ in self.table)
        flags = 0x8180 | (0 if exists else 3)
        head = query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0)
        return head + question + b"".join(records)

    def records(self, name, kind):
        out, seen = [], 0
        while (name, "CNAME") in self.table and seen < 8:
            target = self.table[(name, "CNAME")][0]
            out.append(self.record(name, "CNAME", target))
            name, seen = target, seen + 1
        for word, number in TYPES.items():
            if number == kind and kind != 5:
                for value in self.table.get((name, word), []):
                    if callable(value):
                        value = value(self.asked.get((name, kind), 1))
                    out.append(self.record(name, word, value))
        return out

    @staticmethod
    def record(name, kind, value):
        data = rdata(kind, value)
        return wire_name(name) + struct.pack(">HHIH", TYPES[kind], 1, 0, len(data)) + data


# ---- listeners --------------------------------------------------------------------------------------------------------------


class Listeners:
    """Sockets on every address of the namespace that note who came to which address and port."""

    def __init__(self, tcp_ports, udp_ports):
        self.seen = []
        self.selector = selectors.DefaultSelector()
        for port in tcp_ports:
            for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                s = socket.socket(family, socket.SOCK_STREAM)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                s.bind((any_address, port))
                s.listen(128)
                self.selector.register(s, selectors.EVENT_READ, "tcp")
        for port in udp_ports:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
            s.bind(("0.0.0.0", port))
            self.selector.register(s, selectors.EVENT_READ, "udp")
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            for key, _ in self.selector.select():
                if key.data == "tcp":
                    connection, _ = key.fileobj.accept()
                    self.seen.append(("tcp",) + connection.getsockname()[:2])
                    connection.close()
                else:
                    _, notes, _, _ = key.fileobj.recvmsg(4096, 256)
                    to = [socket.inet_ntoa(data[8:12]) for level, kind, data in notes if (level, kind) == (socket.IPPROTO_IP, 8)]
                    self.seen.append(("udp", to[0] if to else "?", key.fileobj.getsockname()[1]))


# ---- the server under test -------------------------------------------------------------------------------------------------------


class Server:
    """mtasts serve on a port of its own; unlimited unless options say otherwise."""

    UNLIMITED = ["--rate-requests", "0", "--rate-checks", "0", "--rate-domain", "0"]

    def __init__(self, program, dns, *options, limits=False, env=None, pass_fds=(), listen="127.0.0.1:0", recursion=False):
        self.folder = tempfile.TemporaryDirectory(prefix="mtasts-serve-")
        config = os.path.join(self.folder.name, "mtasts.conf")
        open(config, "w").close()
        command = [program, "serve", "--config", config, "--timeout", "20"]
        if not recursion:
            command += ["--resolver", dns.address]
        if "--no-history" not in options:
            command += ["--history", os.path.join(self.folder.name, "history.db")]
        if listen:
            command += ["--listen", listen]
        if not limits:
            command += self.UNLIMITED
        self.dns = dns
        self.lines = []
        self.heard = threading.Event()
        self.address = None
        self.process = subprocess.Popen(
            command + list(options), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env, pass_fds=pass_fds
        )
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        if not self.heard.wait(30) or self.address is None:
            raise RuntimeError("the server did not start: " + "".join(self.lines))

    def read_log(self):
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(r"listening on (\S+):(\d+)", line)
            if found:
                self.address = (found.group(1).strip("[]"), int(found.group(2)))
                self.heard.set()
        self.heard.set()

    @property
    def log(self):
        return "".join(self.lines)

    def stop(self, how=signal.SIGTERM, seconds=40):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(seconds)
        self.reader.join(5)
        self.folder.cleanup()
        return code

    def host(self):
        return f"{self.address[0]}:{self.address[1]}"

    def dial(self, timeout=30):
        s = socket.create_connection(self.address, timeout=timeout)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def raw(self, data, timeout=5, finish=False):
        """Send octets; the answer until the server closes or stays silent for timeout, and whether it closed."""
        with self.dial(timeout) as s:
            try:
                s.sendall(data)
                if finish:
                    s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            got = b""
            while True:
                try:
                    piece = s.recv(65536)
                except socket.timeout:
                    return got, False
                except OSError:
                    return got, True
                if not piece:
                    return got, True
                got += piece

    def request(self, method, target, body=None, headers=None, timeout=60):
        with self.dial(timeout) as s:
            send_request(s, method, target, self.host(), body, headers)
            return read_answer(s, method)

    def get(self, target, **headers):
        return self.request("GET", target, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def metric(self, name):
        text = self.get("/metrics").body.decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
        return float(found.group(1)) if found else None


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def __getitem__(self, name):
        return self.headers.get(name.lower())

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def type(self):
        return (self["content-type"] or "").split(";")[0]


def send_request(s, method, target, host, body=None, headers=None):
    fields = {"Host": host}
    if body is not None:
        fields["Content-Length"] = str(len(body))
    fields.update(headers or {})
    lines = [f"{method} {target} HTTP/1.1"] + [f"{k}: {v}" for k, v in fields.items() if v is not None]
    s.sendall("\r\n".join(lines).encode("latin1") + b"\r\n\r\n" + (body or b""))


def read_until(s, buffer, mark):
    while mark not in buffer:
        piece = s.recv(65536)
        if not piece:
            raise EOFError(f"closed after {bytes(buffer)!r}")
        buffer += piece
    at = buffer.index(mark) + len(mark)
    head = bytes(buffer[:at])
    del buffer[:at]
    return head


def read_exactly(s, buffer, count):
    while len(buffer) < count:
        piece = s.recv(65536)
        if not piece:
            raise EOFError("closed early")
        buffer += piece
    data = bytes(buffer[:count])
    del buffer[:count]
    return data


def read_answer(s, method="GET", buffer=None):
    buffer = bytearray() if buffer is None else buffer
    head = read_until(s, buffer, b"\r\n\r\n").decode("latin1")
    lines = head.split("\r\n")
    status = int(lines[0].split(" ")[1])
    headers = {}
    for line in lines[1:-2]:
        name, value = line.split(":", 1)
        headers[name.lower()] = value.strip()
    body = b""
    if method == "HEAD" or status in (204, 304):
        pass
    elif headers.get("transfer-encoding") == "chunked":
        while True:
            size = int(read_until(s, buffer, b"\r\n"), 16)
            piece = read_exactly(s, buffer, size + 2)
            if size == 0:
                break
            body += piece[:-2]
    else:
        body = read_exactly(s, buffer, int(headers.get("content-length", "0")))
    return Answer(status, headers, body)


def wait_until(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"never came true: {what}")


# ---- counting -----------------------------------------------------------------------------------------------------------------------


class Cases:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def run(self, name, body, *args):
        try:
            body(*args)
        except Exception as why:  # a case that breaks is a case that fails
            self.failed += 1
            print(f"FAIL {name}\n  {type(why).__name__}: {why}", flush=True)
        else:
            self.passed += 1
            print(f"PASS {name}", flush=True)


def equal(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what}: {got!r}, not {want!r}")


def holds(condition, what):
    if not condition:
        raise AssertionError(what)
