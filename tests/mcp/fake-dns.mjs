// A resolver for tests: every name does not exist, except that questions with the label "stall" are
// never answered, and those with the label "slow" after a moment, each after another one.
import dgram from "node:dgram";
import net from "node:net";

const stalls = (question) => question.includes(Buffer.from("\x05stall", "latin1"));
let turn = 0;
const wait = (question) => (question.includes(Buffer.from("\x04slow", "latin1")) ? 40 * (turn++ % 6) : 0);

function answer(query) {
  const reply = Buffer.from(query.subarray(0, 12));
  let end = 12;
  while (end < query.length && query[end] !== 0) end += query[end] + 1;
  reply.writeUInt16BE(0x8183 | (query.readUInt16BE(2) & 0x0100), 2); // QR, RA, NXDOMAIN
  reply.writeUInt16BE(0, 6);
  reply.writeUInt16BE(0, 8);
  reply.writeUInt16BE(0, 10);
  return Buffer.concat([reply, query.subarray(12, end + 5)]);
}

export async function fakeDns() {
  const udp = dgram.createSocket("udp4");
  udp.on("message", (query, from) => {
    if (!stalls(query)) setTimeout(() => udp.send(answer(query), from.port, from.address, () => {}), wait(query));
  });
  await new Promise((resolve) => udp.bind(0, "127.0.0.1", resolve));
  const port = udp.address().port;
  const tcp = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const query = data.subarray(2);
      if (query.length < 12 || stalls(query)) return;
      const reply = answer(query);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    });
  });
  await new Promise((resolve) => tcp.listen(port, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${port}`,
    close() {
      udp.close();
      tcp.close();
    },
  };
}
