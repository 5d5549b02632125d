#!/usr/bin/python3
"""A mail server that keeps what it is given. Usage: sink.py OUT [CERT KEY]    prints its port; with a certificate it offers STARTTLS.
A recipient whose name begins with "no" is refused."""
import asyncio, json, socket, ssl, sys
from aiosmtpd.controller import Controller


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("no"):
            return "550 5.1.1 nobody is called so"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope):
        with open(sys.argv[1], "a") as f:
            f.write(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None,
                                "data": envelope.original_content.decode("utf-8")}) + "\n")
        return "250 2.0.0 kept"


context = None
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
controller = Controller(Handler(), hostname="127.0.0.1", port=port, tls_context=context)
controller.start()
print(port, flush=True)
asyncio.new_event_loop().run_forever()
