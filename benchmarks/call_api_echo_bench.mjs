// Echo over the Call API on one connection: requests a second with a window of requests under way, and one burst of 10 000.
// Prints one JSON object a line. CALLWRIGHT_BIN names the binary; the client is plain TCP, so that it is the server that is measured.
import { once } from 'node:events';
import { connect } from 'node:net';
import { Server, within } from '../tests/e2e/lib/server.mjs';

const MESSAGES_PER_REQUEST = 3;
const WINDOW = 256;
const LIMIT_MS = 60_000;

/** A masked text frame (RFC 6455 §5.2); a zero mask leaves the payload as it is. */
function frame(text) {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

function echo(number) {
  return frame(`{"jsonrpc":"2.0","id":${number},"method":"Echo","params":{"test":"echo","number":"${number}"}}`);
}

/** Counts whole frames from the server and calls `onFrames(total)`. */
class FrameCounter {
  #rest = Buffer.alloc(0);
  total = 0;

  push(data) {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    let at = 0;
    while (at + 4 <= bytes.length) {
      const short = bytes[at + 1] & 127;
      const head = short < 126 ? 2 : 4;
      const length = short < 126 ? short : bytes.readUInt16BE(at + 2);
      if (bytes[at] !== 0x81 || short === 127) throw new Error(`unexpected frame ${bytes[at].toString(16)}`);
      if (at + head + length > bytes.length) break;
      at += head + length;
      this.total += 1;
    }
    this.#rest = bytes.subarray(at);
  }
}

async function open(url) {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect({ host: hostname, port, noDelay: true });
  await once(socket, 'connect');
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const [answer] = await once(socket, 'data');
  if (!answer.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new Error(answer.toString('latin1'));
  return socket;
}

/** Sends `count` requests, `window` under way at most; gives the seconds until the last message has come. */
async function run(url, count, window) {
  const socket = await open(url);
  const frames = new FrameCounter();
  let sent = 0;
  const fill = () => {
    const parts = [];
    while (sent < count && sent - Math.floor(frames.total / MESSAGES_PER_REQUEST) < window) {
      parts.push(echo(sent));
      sent += 1;
    }
    if (parts.length > 0) socket.write(Buffer.concat(parts));
  };
  const start = process.hrtime.bigint();
  const done = new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${frames.total} messages`)));
    socket.on('data', (data) => {
      frames.push(data);
      if (frames.total >= count * MESSAGES_PER_REQUEST) resolve();
      fill();
    });
  });
  fill();
  try {
    await within(LIMIT_MS, done, `${count} Echo requests, ${frames.total} messages`);
    return { seconds: Number(process.hrtime.bigint() - start) / 1e9, messages: frames.total };
  } finally {
    socket.removeAllListeners('close');
    socket.destroy();
  }
}

function report(name, value, unit, target, ok) {
  console.log(JSON.stringify({ name, value: Number(value.toPrecision(5)), unit, peer: null, ratio: null, target, ok }));
}

const server = await Server.start();
try {
  await run(server.callApi, 5_000, WINDOW);
  const cpuBefore = server.cpuMs();
  const count = 100_000;
  const pipelined = await run(server.callApi, count, WINDOW);
  const rate = count / pipelined.seconds;
  report('call-api/echo', rate, 'requests/s', 20_000, rate >= 20_000);
  report('call-api/echo_cpu', ((server.cpuMs() - cpuBefore) * 1000) / count, 'us/request', null, true);
  const burst = await run(server.callApi, 10_000, Infinity);
  report('call-api/echo_burst', burst.messages, 'messages', 30_000, burst.messages === 30_000);
  report('call-api/echo_burst_time', burst.seconds * 1000, 'ms', null, true);
} finally {
  await server.stop();
}
