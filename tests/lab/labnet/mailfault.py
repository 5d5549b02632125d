"""An SMTP server that does what real ones refuse to do. A behaviour is a function; its name is what the tables say: `smtp:NAME`.
Runs as a process of its own: mailfault.py FILE."""
import json
import os
import random
import ssl
import sys
import time

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from labnet import faultserve
from labnet.faultserve import alert, context, old_context, reset, stall, start_tls

GREETING = b"220 mx.labdns.net ESMTP ready\r\n"
KEYWORDS = b"250-mx.labdns.net\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-STARTTLS\r\n250 8BITMIME\r\n"
GO = b"220 2.0.0 Ready to start TLS\r\n"
BEHAVIOURS = {}


def behaviour(function):
    BEHAVIOURS[function.__name__.replace("_", "-")] = function
    return function


def line(conn):
    """One command, without its end."""
    got = b""
    while not got.endswith(b"\n"):
        more = conn.recv(1)
        if not more:
            raise OSError("gone")
        got += more
    return got.strip()


def until(conn, verb, ehlo=KEYWORDS):
    """Answer commands until this one comes."""
    while True:
        command = line(conn).upper()
        if command.startswith(verb):
            return
        if command.startswith(b"EHLO"):
            conn.sendall(ehlo)
        elif command.startswith(b"HELO"):
            conn.sendall(b"250 mx.labdns.net\r\n")
        elif command.startswith(b"QUIT"):
            conn.sendall(b"221 2.0.0 Bye\r\n")
            raise OSError("quit")
        else:
            conn.sendall(b"502 5.5.2 No such command\r\n")


def rest(conn, ehlo):
    """Serve what comes after TLS, until QUIT."""
    until(conn, b"never", ehlo)


def session(conn, about, greeting=GREETING, ehlo=KEYWORDS, go=GO, made=None):
    conn.sendall(greeting)
    until(conn, b"STARTTLS", ehlo)
    conn.sendall(go)
    rest(start_tls(conn, about, made), ehlo.replace(b"250-STARTTLS\r\n", b""))


# ---- healthy, in odd ways


@behaviour
def ok(conn, about):
    session(conn, about)


@behaviour
def slow_greeting(conn, about):
    time.sleep(3)
    session(conn, about)


@behaviour
def chatty(conn, about):
    """A greeting of many lines and keywords in odd case."""
    session(conn, about, b"220-Welcome\r\n220-  to the lab  \r\n220-\r\n220 \r\n",
            b"250-hello\r\n250-sIzE 1000\r\n250-StartTLS\r\n250 help\r\n")


@behaviour
def starttls_last(conn, about):
    session(conn, about, ehlo=b"250-mx.labdns.net\r\n250 STARTTLS\r\n")


@behaviour
def bare_lf(conn, about):
    session(conn, about, GREETING.replace(b"\r\n", b"\n"), KEYWORDS.replace(b"\r\n", b"\n"), GO.replace(b"\r\n", b"\n"))


@behaviour
def in_pieces(conn, about):
    for octet in GREETING:
        conn.sendall(bytes([octet]))
        time.sleep(0.002)
    until(conn, b"STARTTLS")
    for octet in GO:
        conn.sendall(bytes([octet]))
        time.sleep(0.002)
    rest(start_tls(conn, about), KEYWORDS)


@behaviour
def tls13(conn, about):
    session(conn, about, made=context(about, ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3))


# ---- in place of Postfix, where that cannot run: certificates by SNI


def by_name(version=None):
    def serve(conn, about):
        with open(about["certificates"]) as source:
            files = json.load(source)

        def choose(tls, name, _):
            if name in files:
                tls.context = context({"file": files[name]}, version, version)

        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(about["file"])
        if version:
            made.minimum_version = made.maximum_version = version
        made.sni_callback = choose
        session(conn, about, made=made)
    return serve


BEHAVIOURS["sni"] = by_name()
BEHAVIOURS["sni-tls12"] = by_name(ssl.TLSVersion.TLSv1_2)
BEHAVIOURS["sni-tls13"] = by_name(ssl.TLSVersion.TLSv1_3)


# ---- before TLS


def refusing(greeting):
    def serve(conn, about):
        conn.sendall(greeting)
        until(conn, b"never", b"503 5.5.1 Not now\r\n")
    return serve


BEHAVIOURS["greet-421"] = refusing(b"421 4.3.2 Service not available\r\n")
BEHAVIOURS["greet-450"] = refusing(b"450 4.7.1 Greylisted, come back later\r\n")
BEHAVIOURS["greet-451"] = refusing(b"451 4.7.1 Greylisting in action, please try again in 5 minutes\r\n")
BEHAVIOURS["greet-554"] = refusing(b"554 5.7.1 No service for you\r\n")


@behaviour
def silent(conn, about):
    stall(conn)


@behaviour
def close_at_once(conn, about):
    pass


@behaviour
def not_smtp(conn, about):
    conn.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


@behaviour
def ehlo_refused(conn, about):
    conn.sendall(GREETING)
    until(conn, b"never", b"502 5.5.1 Command not implemented\r\n")


@behaviour
def ehlo_stall(conn, about):
    conn.sendall(GREETING)
    line(conn)
    stall(conn)


@behaviour
def no_starttls(conn, about):
    conn.sendall(GREETING)
    until(conn, b"never", KEYWORDS.replace(b"250-STARTTLS\r\n", b""))


def denying(answer):
    def serve(conn, about):
        conn.sendall(GREETING)
        while True:
            until(conn, b"STARTTLS")
            conn.sendall(answer)
    return serve


BEHAVIOURS["starttls-454"] = denying(b"454 4.7.0 TLS not available due to local problem\r\n")
BEHAVIOURS["starttls-502"] = denying(b"502 5.5.1 Not implemented\r\n")
BEHAVIOURS["starttls-554"] = denying(b"554 5.7.3 Unable to initialize security subsystem\r\n")


@behaviour
def starttls_stall(conn, about):
    conn.sendall(GREETING)
    until(conn, b"STARTTLS")
    stall(conn)


@behaviour
def injection(conn, about):
    session(conn, about, go=GO + b"250-planted.example\r\n250 AUTH PLAIN\r\n")


# ---- broken off, one step after the other: by a reset, not by a close


@behaviour
def reset_at_once(conn, about):
    reset(conn)


@behaviour
def reset_before_greeting(conn, about):
    time.sleep(0.3)
    reset(conn)


@behaviour
def reset_in_greeting(conn, about):
    conn.sendall(b"220-mx.labdns.net ESMTP\r\n220 rea")
    time.sleep(0.1)
    reset(conn)


@behaviour
def reset_after_greeting(conn, about):
    """Takes the EHLO, and is gone."""
    conn.sendall(GREETING)
    line(conn)
    reset(conn)


@behaviour
def reset_in_ehlo(conn, about):
    conn.sendall(GREETING)
    line(conn)
    conn.sendall(KEYWORDS[:40])
    time.sleep(0.1)
    reset(conn)


@behaviour
def reset_after_ehlo(conn, about):
    """Offers STARTTLS, takes it, and is gone."""
    conn.sendall(GREETING)
    until(conn, b"STARTTLS")
    reset(conn)


@behaviour
def reset_after_go(conn, about):
    """Behind the go-ahead, before a word of TLS was heard."""
    after_go(conn)
    reset(conn)


@behaviour
def reset_in_handshake(conn, about):
    """With the ServerHello half sent."""
    after_go(conn)
    conn.recv(4096)
    conn.sendall(bytes.fromhex("160303007a02000076030300112233445566778899aabbccddeeff"))
    time.sleep(0.1)
    reset(conn)


@behaviour
def reset_after_handshake(conn, about):
    """TLS is there; the second EHLO gets no reply."""
    after_go(conn)
    tls = start_tls(conn, about)
    tls.recv(1)
    reset(tls)


@behaviour
def reset_after_quit(conn, about):
    """All is well until QUIT."""
    after_go(conn)
    tls = start_tls(conn, about)
    until_quit(tls)
    reset(tls)


def until_quit(conn):
    while not (command := line(conn).upper()).startswith(b"QUIT"):
        conn.sendall(b"250 mx.labdns.net\r\n" if command.startswith(b"EHLO") else b"502 5.5.2 No such command\r\n")


# ---- an octet a second


def drip(conn, octets, pause=1.0):
    for octet in octets:
        conn.sendall(bytes([octet]))
        time.sleep(pause)


@behaviour
def octet_greeting(conn, about):
    """Whole after a quarter of a minute: slow, and legal."""
    drip(conn, b"220 mx ready\r\n")
    until(conn, b"STARTTLS")
    conn.sendall(GO)
    rest(start_tls(conn, about), KEYWORDS)


@behaviour
def octet_ehlo(conn, about):
    """Whole after a quarter of an hour."""
    conn.sendall(GREETING)
    line(conn)
    drip(conn, KEYWORDS * 10)


@behaviour
def octet_handshake(conn, about):
    """A record of a handshake that never becomes whole."""
    after_go(conn)
    conn.recv(4096)
    drip(conn, bytes.fromhex("160303007a02000076030300112233445566778899aabbccddeeff") + bytes(90))


# ---- too much


@behaviour
def endless_greeting(conn, about):
    while True:
        conn.sendall(b"220-and another line\r\n" * 200)


@behaviour
def endless_ehlo(conn, about):
    conn.sendall(GREETING)
    line(conn)
    while True:
        conn.sendall(b"250-KEYWORD\r\n" * 200)


@behaviour
def long_replies(conn, about):
    """Whole replies as long as a client may be expected to read, of octets that take the most room when shown."""
    filler = b"\0" * 1900
    conn.sendall((b"220-" + filler + b"\r\n") * 7 + b"220 mx.labdns.net\r\n")
    until(conn, b"never", (b"250-" + filler + b"\r\n") * 7 + b"250 SIZE\r\n")


@behaviour
def endless_line(conn, about):
    conn.sendall(b"220 ")
    while True:
        conn.sendall(b"x" * 16384)


@behaviour
def drip_greeting(conn, about):
    for octet in b"220-" + b"drip " * 10000:
        conn.sendall(bytes([octet]))
        time.sleep(0.5)


@behaviour
def escape_banner(conn, about):
    """Healthy, with a banner that would take over a terminal."""
    session(conn, about, b"220 mx \x1b]0;owned\x07\x1b[2J\x1b[31m\x9b31mred\x00\xff <script>alert(1)</script> =cmd|' /C calc'!A0\r\n",
            b"250-\x1b[2J\r\n250-STARTTLS\r\n250 \x1b[1mBOLD\r\n")


@behaviour
def escape_refusal(conn, about):
    refusing(b"554 \x1b]0;owned\x07\x1b[2J go away \x9b31m\r\n")(conn, about)


# ---- TLS


def after_go(conn):
    conn.sendall(GREETING)
    until(conn, b"STARTTLS")
    conn.sendall(GO)


@behaviour
def tls_garbage(conn, about):
    after_go(conn)
    conn.recv(4096)
    conn.sendall(random.Random(9).randbytes(4000))
    stall(conn, seconds=3)


@behaviour
def tls_stall(conn, about):
    after_go(conn)
    stall(conn)


@behaviour
def tls_alert(conn, about):
    after_go(conn)
    alert(conn, 112)


@behaviour
def tls_handshake_failure(conn, about):
    after_go(conn)
    alert(conn, 40)


@behaviour
def tls_old(conn, about):
    session(conn, about, made=old_context(about))


@behaviour
def tls_close(conn, about):
    after_go(conn)


@behaviour
def tls_reset(conn, about):
    after_go(conn)
    conn.recv(4096)
    reset(conn)


@behaviour
def plain_after_go(conn, about):
    """Says go, then talks on in clear a moment later."""
    after_go(conn)
    conn.recv(4096)
    conn.sendall(b"500 5.5.1 What was that\r\n")
    stall(conn, seconds=3)


@behaviour
def dead_after_tls(conn, about):
    """The handshake is fine; then nothing more comes."""
    after_go(conn)
    stall(start_tls(conn, about))


@behaviour
def everything(conn, about):
    time.sleep(1)
    conn.sendall(b"220-\x1b[31m" + b"A" * 3000 + b"\r\n220 x\n")
    until(conn, b"STARTTLS", b"250-StArTtLs \x1b[2J\r\n250-" + b"B" * 5000 + b"\r\n250 x\r\n")
    conn.sendall(b"220 go\r\n250 injected \x1b[31m\r\n")
    conn.recv(4096)
    conn.sendall(random.Random(10).randbytes(2000))


if __name__ == "__main__":
    faultserve.serve(sys.argv[1], 25, BEHAVIOURS)
