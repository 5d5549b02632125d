"""The bare chains: the fewest dependent round trips that a client needs, with nothing judged and nothing proved.

Each function walks one chain step by step and returns its seconds. They are the bound that a check is measured against, taken
in the same run against the same servers, so that what a server adds (a greeting that waits, Nagle's algorithm) is in both.
"""
import os
import socket
import ssl
import struct
import time

A, MX, AAAA = 1, 15, 28


def resolver():
    return os.environ["MTASTS_LAB_RESOLVER"]


def name_at(packet, at):
    labels, jumped = [], None
    while packet[at]:
        if packet[at] >= 0xC0:
            jumped = jumped or at + 2
            at = struct.unpack_from("!H", packet, at)[0] & 0x3FFF
            continue
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels), jumped or at + 1


def ask(name, kind):
    """Data of the answer's records of that type, by one UDP question."""
    query = struct.pack("!HHHHHH", 1, 0x0100, 1, 0, 0, 0)
    query += b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + struct.pack("!BHH", 0, kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.sendto(query, (resolver(), 53))
        packet = s.recv(4096)
    at = len(query)
    found = []
    for _ in range(struct.unpack_from("!H", packet, 6)[0]):
        _, at = name_at(packet, at)
        rtype, _, _, length = struct.unpack_from("!HHIH", packet, at)
        data = at + 10
        at = data + length
        if rtype == MX:
            found.append(name_at(packet, data + 2)[0])
        elif rtype == kind:
            found.append(socket.inet_ntop(socket.AF_INET if kind == A else socket.AF_INET6, packet[data:data + length]))
    return found


def tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connect(address, port):
    s = socket.create_connection((address, port), 10)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def policy_chain(domain):
    """Address, TCP, TLS, request."""
    start = time.monotonic()
    host = f"mta-sts.{domain}"
    raw = connect(ask(host, A)[0], 443)
    with tls().wrap_socket(raw, server_hostname=host) as s:
        s.sendall(f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        while s.recv(4096):
            pass
    return time.monotonic() - start


def reply(s):
    data = b""
    while not (data.endswith(b"\n") and data.splitlines()[-1][3:4] != b"-"):
        if hasattr(socket, "TCP_QUICKACK") and not isinstance(s, ssl.SSLSocket):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        piece = s.recv(4096)
        if not piece:
            break
        data += piece
    return data


def say(s, line):
    s.sendall(line.encode() + b"\r\n")
    return reply(s)


def mail_chain(domain):
    """MX, address, TCP, greeting, EHLO, STARTTLS, TLS, EHLO, QUIT."""
    start = time.monotonic()
    host = ask(domain, MX)[0]
    s = connect(ask(host, A)[0], 25)
    reply(s)
    say(s, "EHLO bench.example")
    say(s, "STARTTLS")
    s = tls().wrap_socket(s, server_hostname=host)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    say(s, "EHLO bench.example")
    say(s, "QUIT")
    s.close()
    return time.monotonic() - start
