"""What the misbehaving HTTPS and SMTP servers share: one listener per address, one thread per visitor."""
import json
import os
import selectors
import socket
import ssl
import struct
import threading
import time

contexts = {}


def listen(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(128)
    return s


def serve(path, port, behaviours):
    """Serve the table in a JSON file {address: {behaviour, ...}} for ever. behaviours: name -> function(socket, about)."""
    threading.stack_size(256 * 1024)
    with open(path) as source:
        table = json.load(source)
    chooser = selectors.DefaultSelector()
    for address, about in table.items():
        if about["behaviour"] not in behaviours:
            raise SystemExit(f"{about['row']}: no behaviour {about['behaviour']}")
        chooser.register(listen(address, port), selectors.EVENT_READ, about)
    while True:
        for key, _ in chooser.select():
            client, _ = key.fileobj.accept()
            threading.Thread(target=visit, args=(client, key.data, behaviours[key.data["behaviour"]]), daemon=True).start()


def visit(client, about, behaviour):
    try:
        client.settimeout(90)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        behaviour(client, about)
    except (OSError, ssl.SSLError):
        pass
    finally:
        client.close()


def context(about, minimum=None, maximum=None):
    """A TLS context with the certificate of the row."""
    key = (about["file"], minimum, maximum)
    if key not in contexts:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.set_ciphers("DEFAULT:@SECLEVEL=0")
        if minimum:
            made.minimum_version, made.maximum_version = minimum, maximum
        made.load_cert_chain(about["file"])
        contexts[key] = made
    return contexts[key]


def old_context(about):
    return context(about, ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)


def start_tls(client, about, made=None):
    return (made or context(about)).wrap_socket(client, server_side=True)


def stall(client, about=None, seconds=85):
    """Hold the line and say nothing, until the visitor goes."""
    client.settimeout(seconds)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and client.recv(4096):
        pass


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def alert(client, number):
    """Read the ClientHello, answer with a fatal alert in clear."""
    client.recv(4096)
    client.sendall(bytes([21, 3, 3, 0, 2, 2, number]))


def write_table(work, name, servers, shop):
    """The file that tells a fault server who lives where."""
    for about in servers.values():
        if "cert" in about:
            about["file"] = shop.file(about["host"], about["cert"])
    path = os.path.join(work, f"{name}.json")
    with open(path, "w") as out:
        json.dump(servers, out)
    return path
