#!/usr/bin/python3
"""A webhook receiver that believes nothing: it keeps what arrives and says for each request whether the signature holds.

Usage: receiver.py OUT SECRET [CERT KEY]    prints its port. Paths: /ok 204, /fail 500, /slow waits, /reset, /redirect."""
import base64, hashlib, hmac, http.server, json, socket, ssl, struct, sys, threading, time

out, secret = sys.argv[1], sys.argv[2]
key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.note(b"")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def note(self, body):
        sent = ".".join([self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "")]).encode() + b"." + body
        want = "v1," + base64.b64encode(hmac.new(key, sent, hashlib.sha256).digest()).decode()
        row = {"path": self.path, "method": self.command, "id": self.headers.get("webhook-id"), "timestamp": self.headers.get("webhook-timestamp"),
               "signature": self.headers.get("webhook-signature"), "type": self.headers.get("content-type"),
               "agent": self.headers.get("user-agent"), "expect": self.headers.get("expect"),
               "good": hmac.compare_digest(want, self.headers.get("webhook-signature") or ""), "body": body.decode("utf-8")}
        with lock, open(out, "a") as f:
            f.write(json.dumps(row) + "\n")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.note(body)
        if self.path == "/slow":
            time.sleep(8)
        if self.path == "/reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        code = {"/fail": 500, "/redirect": 307}.get(self.path, 204)
        self.send_response(code)
        if code == 307:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
