"""An HTTPS server that does what nginx refuses to do. A behaviour is a function; its name is what the tables say: `https:NAME`.
Runs as a process of its own: webfault.py FILE."""
import gzip
import os
import random
import sys
import time

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from labnet import faultserve
from labnet.faultserve import alert, old_context, reset, stall, start_tls

OK = b"HTTP/1.1 200 OK\r\n"
PLAIN = b"Content-Type: text/plain\r\n"
BEHAVIOURS = {}


def behaviour(function):
    BEHAVIOURS[function.__name__.replace("_", "-")] = function
    return function


def asked(client, about, made=None):
    """The TLS session after the whole request was read."""
    tls = start_tls(client, about, made)
    got = b""
    while b"\r\n\r\n" not in got:
        more = tls.recv(4096)
        if not more:
            raise OSError("gone")
        got += more
    return tls


def body_of(about):
    return bytes.fromhex(about["policy"])


def length(body):
    return b"Content-Length: %d\r\n" % len(body)


def whole(body, extra=b""):
    return OK + PLAIN + length(body) + extra + b"Connection: close\r\n\r\n" + body


def finish(tls):
    try:
        tls.unwrap()
    except OSError:
        pass
    tls.close()


def say(client, about, answer):
    tls = asked(client, about)
    tls.sendall(answer)
    finish(tls)


@behaviour
def reply(client, about):
    """As the row says: reply = {status, headers, body, chunked, delay, version, type}."""
    r = about["reply"] or {}
    tls = asked(client, about)
    time.sleep(r.get("delay", 0))
    body = r["body"].encode() if "body" in r else bytes.fromhex(r["hex"]) if "hex" in r else body_of(about)
    lines = [f"{r.get('version', 'HTTP/1.1')} {r.get('status', 200)} {r.get('reason', 'Whatever')}"]
    if r.get("type", "text/plain"):
        lines.append(f"Content-Type: {r.get('type', 'text/plain')}")
    lines += r.get("headers", [])
    if r.get("gzip"):
        body = gzip.compress(body)
    if r.get("length", True):
        lines.append(f"Content-Length: {len(body)}")
    tls.sendall("\r\n".join(lines + ["", ""]).encode() + body)
    finish(tls)


# ---- before TLS


@behaviour
def silent(client, about):
    stall(client)


@behaviour
def garbage(client, about):
    client.sendall(random.Random(7).randbytes(3000))
    stall(client, seconds=3)


@behaviour
def ssh(client, about):
    client.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    stall(client, seconds=3)


@behaviour
def escape(client, about):
    """Text that would take over a terminal, where TLS is expected."""
    client.sendall(b"\x1b]0;owned\x07\x1b[2J\x1b[31mHello\r\n" * 20)
    stall(client, seconds=3)


@behaviour
def garbage_after_hello(client, about):
    client.recv(4096)
    client.sendall(random.Random(8).randbytes(5000))
    stall(client, seconds=3)


@behaviour
def alert_unrecognized(client, about):
    alert(client, 112)


@behaviour
def alert_handshake(client, about):
    alert(client, 40)


@behaviour
def alert_internal(client, about):
    alert(client, 80)


@behaviour
def half_hello(client, about):
    """The first half of a ServerHello, then silence."""
    client.recv(4096)
    client.sendall(bytes.fromhex("160303007a02000076030300112233445566778899aabbccddeeff"))
    stall(client)


@behaviour
def huge_record(client, about):
    """A handshake message that claims 16 MB and goes on for ever."""
    client.recv(4096)
    client.sendall(bytes.fromhex("1603034000") + b"\x02\xff\xff\xff" + bytes(0x4000 - 4))
    while True:
        client.sendall(bytes.fromhex("1603034000") + bytes(0x4000))


@behaviour
def old_tls(client, about):
    tls = asked(client, about, old_context(about))
    tls.sendall(whole(body_of(about)))
    finish(tls)


# ---- slow


@behaviour
def slow3(client, about):
    tls = asked(client, about)
    time.sleep(3)
    tls.sendall(whole(body_of(about)))
    finish(tls)


@behaviour
def slow11(client, about):
    tls = asked(client, about)
    time.sleep(11)
    tls.sendall(whole(body_of(about)))
    finish(tls)


@behaviour
def slow_handshake(client, about):
    time.sleep(3)
    say(client, about, whole(body_of(about)))


@behaviour
def no_answer(client, about):
    stall(asked(client, about))


@behaviour
def drip(client, about):
    """One octet a second, for ever."""
    tls = asked(client, about)
    tls.sendall(OK + PLAIN + b"Content-Length: 50000\r\n\r\n")
    for octet in body_of(about) * 300:
        tls.sendall(bytes([octet]))
        time.sleep(1)


@behaviour
def drip_head(client, about):
    tls = asked(client, about)
    tls.sendall(OK)
    for n in range(10000):
        tls.sendall(b"X-Part-%d: x\r\n" % n)
        time.sleep(0.7)


@behaviour
def octet_handshake(client, about):
    """One octet a second of a record that never becomes whole."""
    client.recv(4096)
    for octet in bytes.fromhex("160303007a02000076030300112233445566778899aabbccddeeff") + bytes(90):
        client.sendall(bytes([octet]))
        time.sleep(1)


@behaviour
def octet_head(client, about):
    """One octet a second from the status line on."""
    tls = asked(client, about)
    for octet in whole(body_of(about)):
        tls.sendall(bytes([octet]))
        time.sleep(1)


# ---- broken off, one step after the other: by a reset, not by a close


@behaviour
def reset_at_once(client, about):
    reset(client)


@behaviour
def reset_after_hello(client, about):
    """Takes the ClientHello, and is gone."""
    client.recv(4096)
    reset(client)


@behaviour
def reset_in_handshake(client, about):
    client.recv(4096)
    client.sendall(bytes.fromhex("160303007a02000076030300112233445566778899aabbccddeeff"))
    time.sleep(0.1)
    reset(client)


@behaviour
def reset_after_handshake(client, about):
    """TLS is there; the request is not read."""
    tls = start_tls(client, about)
    time.sleep(0.1)
    reset(tls)


@behaviour
def reset_after_request(client, about):
    reset(asked(client, about))


@behaviour
def reset_in_status(client, about):
    tls = asked(client, about)
    tls.sendall(OK[:12])
    time.sleep(0.1)
    reset(tls)


@behaviour
def reset_in_head(client, about):
    tls = asked(client, about)
    tls.sendall(OK + PLAIN + b"X-Half: o")
    time.sleep(0.1)
    reset(tls)


@behaviour
def reset_after_body(client, about):
    """The whole body by its length, then a reset in place of a goodbye."""
    tls = asked(client, about)
    body = body_of(about)
    tls.sendall(OK + PLAIN + length(body) + b"\r\n" + body)
    time.sleep(0.1)
    reset(tls)


@behaviour
def reset_without_length(client, about):
    """A body that ends with the connection, and the connection with a reset: nobody knows whether it was all."""
    tls = asked(client, about)
    tls.sendall(OK + PLAIN + b"Connection: close\r\n\r\n" + body_of(about))
    time.sleep(0.1)
    reset(tls)


# ---- too much


@behaviour
def endless_headers(client, about):
    tls = asked(client, about)
    tls.sendall(OK)
    line = b"X-Filler: " + b"y" * 1000 + b"\r\n"
    while True:
        tls.sendall(line * 16)


@behaviour
def endless_header_line(client, about):
    tls = asked(client, about)
    tls.sendall(OK + b"X-Filler: ")
    while True:
        tls.sendall(b"z" * 16384)


@behaviour
def endless_chunks(client, about):
    tls = asked(client, about)
    tls.sendall(OK + PLAIN + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        tls.sendall(b"1000\r\n" + b"#" * 4096 + b"\r\n")


@behaviour
def ten_megabytes(client, about):
    tls = asked(client, about)
    body = body_of(about) + b"x: " + b"a" * 10_000_000 + b"\n"
    tls.sendall(OK + PLAIN + length(body) + b"\r\n")
    tls.sendall(body)
    finish(tls)


@behaviour
def just_too_large(client, about):
    body = (body_of(about) + b"x: " + b"a" * 65537)[:65537]
    say(client, about, whole(body))


@behaviour
def exactly_full(client, about):
    body = body_of(about)
    say(client, about, whole(body + b"x: " + b"a" * (65536 - len(body) - 4) + b"\n"))


@behaviour
def bomb(client, about):
    """Ten megabytes in ten kilobytes, sent compressed although nobody asked."""
    body = gzip.compress(body_of(about) + b"x: " + b"0" * 10_000_000 + b"\n")
    say(client, about, whole(body, b"Content-Encoding: gzip\r\n"))


@behaviour
def squeezed(client, about):
    """The good policy, gzipped unasked."""
    say(client, about, whole(gzip.compress(body_of(about)), b"Content-Encoding: gzip\r\n"))


# ---- broken HTTP


@behaviour
def short(client, about):
    """Fewer octets than promised."""
    body = body_of(about)
    say(client, about, OK + PLAIN + b"Content-Length: %d\r\n\r\n" % (len(body) + 100) + body)


@behaviour
def cut(client, about):
    """The connection breaks in the middle of the body."""
    tls = asked(client, about)
    body = body_of(about)
    tls.sendall(OK + PLAIN + length(body) + b"\r\n" + body[:20])
    time.sleep(0.1)
    reset(tls)


@behaviour
def no_last_chunk(client, about):
    body = body_of(about)
    say(client, about, OK + PLAIN + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body))


@behaviour
def bad_chunk(client, about):
    body = body_of(about)
    say(client, about, OK + PLAIN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n%s\r\n0\r\n\r\n" % body)


@behaviour
def huge_chunk(client, about):
    say(client, about, OK + PLAIN + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + body_of(about))


@behaviour
def not_http(client, about):
    say(client, about, b"220 ftp.example.org FTP server ready\r\n")


@behaviour
def no_reply(client, about):
    finish(asked(client, about))


@behaviour
def bad_status(client, about):
    body = body_of(about)
    say(client, about, b"HTTP/1.1 twohundred OK\r\n" + PLAIN + length(body) + b"\r\n" + body)


@behaviour
def two_lengths(client, about):
    body = body_of(about)
    say(client, about, OK + PLAIN + length(body) + b"Content-Length: 5\r\n\r\n" + body)


@behaviour
def everything(client, about):
    """Slow, redirecting, with bad headers, terminal escapes and a body that is none."""
    tls = asked(client, about)
    time.sleep(2.5)
    tls.sendall(b"HTTP/1.1 302 \x1b[31mFound\r\nLocation: https://127.0.0.1:22/\x1b]0;x\x07\r\nContent-Type: \x1b[2Jtext/html\r\n"
                b"Content-Length: 9999999999999\r\n\r\n<html>\x1b[31m")
    finish(tls)


# ---- odd but legal


@behaviour
def chunked(client, about):
    body = body_of(about)
    parts = b"".join(b"%x;name=\"va\\\"lue\"\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7))
    say(client, about, OK + PLAIN + b"Transfer-Encoding: Chunked\r\n\r\n" + parts + b"0\r\nX-Trailer: yes\r\n\r\n")


@behaviour
def http10(client, about):
    say(client, about, b"HTTP/1.0 200 OK\r\n" + PLAIN + b"\r\n" + body_of(about))


@behaviour
def folded(client, about):
    body = body_of(about)
    say(client, about, OK + b"X-Odd: one\r\n two\r\n\tthree\r\ncontent-TYPE:text/plain\r\n" + length(body) + b"\r\n" + body)


@behaviour
def odd_headers(client, about):
    body = body_of(about)
    say(client, about, b"HTTP/1.1 200 \r\nServer:\r\nContent-Type:   text/plain  ;  Charset=\"UTF-8\"\t\r\n"
        b"X-High: \xe4\xf6\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n" + length(body) + b"\r\n" + body)


@behaviour
def early_hints(client, about):
    say(client, about, b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" + whole(body_of(about)))


@behaviour
def in_pieces(client, about):
    """Every octet in a packet and a TLS record of its own."""
    tls = asked(client, about)
    for octet in whole(body_of(about)):
        tls.sendall(bytes([octet]))
    finish(tls)


@behaviour
def no_close_notify(client, about):
    """Whole by its Content-Length; then TCP ends without a word of TLS."""
    tls = asked(client, about)
    tls.sendall(whole(body_of(about)))
    os.close(tls.detach())


@behaviour
def keep_open(client, about):
    """Whole, and the connection stays open although closing was asked for."""
    tls = asked(client, about)
    body = body_of(about)
    tls.sendall(OK + PLAIN + length(body) + b"\r\n" + body)
    stall(tls)


if __name__ == "__main__":
    faultserve.serve(sys.argv[1], 443, BEHAVIOURS)
