"""A name server that does what real ones refuse to do. It passes questions on to the real server of the zone and spoils the
answer where a rule of a row says so. Runs as a process of its own: dnsfault.py FILE, where FILE is JSON {address: {...}}.

Rules: {name, type ("*" for any), do}. What `do` may be:
  servfail, refused, nxdomain, drop, notauth (no AA), truncate (TC always, TCP closed), garbage, unsigned (RRSIG taken out),
  empty (no answer, no authority), slow (3 s), late (half a second), wrong-question, cut (message cut in half),
  badvers, formerr (to whoever speaks EDNS)
"""
import asyncio
import json
import socket
import sys

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

STRIPPING, REFUSING, SLOW, DEAF = "strip", "refuse", "slow", "deaf"


def matches(rule, name, rdtype):
    return rule["name"] in ("*", name) and rule.get("type", "*") in ("*", rdtype)


class Server:
    def __init__(self, backend, about):
        self.backend = backend
        self.about = about

    async def upstream(self, query):
        """The real server's answer, over TCP so that size does not matter."""
        reader, writer = await asyncio.wait_for(asyncio.open_connection(self.backend, 53), 5)
        try:
            writer.write(len(query).to_bytes(2, "big") + query)
            return await asyncio.wait_for(reader.readexactly(int.from_bytes(await reader.readexactly(2), "big")), 20)
        finally:
            writer.close()

    async def answer(self, wire, tcp):
        """The octets to send, None for silence, b"" for a closed connection."""
        message = dns.message.from_wire(wire, ignore_trailing=True)
        question = message.question[0]
        name, rdtype = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        kind = self.about["behaviour"]
        if kind == REFUSING:
            return self.code(message, dns.rcode.REFUSED)
        if kind == STRIPPING:
            return self.fit(await self.stripped(message), message, tcp)
        if kind == DEAF:
            return self.fit(await self.upstream(wire), message, tcp) if message.ednsflags & dns.flags.DO else None
        if kind == SLOW:
            await asyncio.sleep(1)
            return self.fit(await self.upstream(wire), message, tcp)
        for rule in self.about["rules"]:
            if matches(rule, name, rdtype):
                return await self.spoil(rule["do"], message, wire, tcp)
        return self.fit(await self.upstream(wire), message, tcp)

    async def stripped(self, message):
        """What a forwarder without DNSSEC gives: asks without EDNS, says nothing of signatures."""
        plain = dns.message.make_query(message.question[0].name, message.question[0].rdtype, use_edns=False)
        reply = dns.message.from_wire(await self.upstream(plain.to_wire()))
        secret = (dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
        for section in (reply.answer, reply.authority, reply.additional):
            section[:] = [r for r in section if r.rdtype not in secret]
        reply.id = message.id
        reply.flags &= ~dns.flags.AD
        return reply.to_wire(max_size=65535)

    @staticmethod
    def fit(wire, query, tcp):
        limit = 65535 if tcp else max(512, min(query.payload, 1232) if query.edns >= 0 else 512)
        if len(wire) <= limit:
            return wire
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.TC | (int.from_bytes(wire[2:4], "big") & dns.flags.AA)
        return reply.to_wire()

    @staticmethod
    def code(query, rcode):
        reply = dns.message.make_response(query)
        reply.set_rcode(rcode)
        return reply.to_wire()

    async def spoil(self, how, query, wire, tcp):
        if how in ("servfail", "refused", "nxdomain"):
            return self.code(query, dns.rcode.from_text(how))
        if how in ("badvers", "formerr") and query.edns >= 0:
            reply = self.code(query, dns.rcode.from_text(how))
            return reply if how == "badvers" else wire[:2] + b"\x80\x01" + bytes(8)
        if how == "drop":
            return None
        if how == "empty":
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.AA
            return reply.to_wire()
        if how == "truncate":
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.TC | dns.flags.AA
            return b"" if tcp else reply.to_wire()
        if how == "garbage":
            return wire[:2] + b"\x84\x00" + b"\xff" * 40
        good = await self.upstream(wire)
        if how in ("slow", "late"):
            await asyncio.sleep(3 if how == "slow" else 0.5)
            return self.fit(good, query, tcp)
        if how in ("badvers", "formerr"):
            return self.fit(good, query, tcp)
        if how == "cut":
            return good[:len(good) // 2]
        reply = dns.message.from_wire(good)
        if how == "notauth":
            reply.flags &= ~dns.flags.AA
            reply.answer.clear()
            reply.authority.clear()
        elif how == "unsigned":
            reply.answer[:] = [r for r in reply.answer if r.rdtype != dns.rdatatype.RRSIG]
        elif how == "wrong-question":
            reply.question[0].name = dns.name.from_text("other.example.")
        else:
            raise ValueError(how)
        return self.fit(reply.to_wire(max_size=65535), query, tcp)


class Udp(asyncio.DatagramProtocol):
    def __init__(self, server):
        self.server = server

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, wire, peer):
        asyncio.ensure_future(self.reply(wire, peer))

    async def reply(self, wire, peer):
        answer = await self.server.answer(wire, tcp=False)
        if answer:
            self.transport.sendto(answer, peer)


async def tcp_client(server, reader, writer):
    try:
        while True:
            size = int.from_bytes(await reader.readexactly(2), "big")
            answer = await server.answer(await reader.readexactly(size), tcp=True)
            if answer is None:
                await asyncio.sleep(60)
            if not answer:
                break
            writer.write(len(answer).to_bytes(2, "big") + answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def listener(address, kind):
    s = socket.socket(socket.AF_INET, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, 53))
    return s


async def main(path):
    with open(path) as source:
        table = json.load(source)
    loop = asyncio.get_running_loop()
    for address, about in table.items():
        server = Server(about["backend"], about)
        await loop.create_datagram_endpoint(lambda s=server: Udp(s), sock=listener(address, socket.SOCK_DGRAM))
        await asyncio.start_server(lambda r, w, s=server: tcp_client(s, r, w), sock=listener(address, socket.SOCK_STREAM))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
