// Echo over the Call API: requests a second on one connection and on eight, with a window of requests under way on each, and one burst of 10 000.
// Prints one JSON object a line. CALLWRIGHT_BIN names the binary.
import { Server, within } from '../tests/e2e/lib/server.mjs';
import { FrameReader, frame, open, report } from './raw_websocket.mjs';

const MESSAGES_PER_REQUEST = 3;
const WINDOW = 256;
const LIMIT_MS = 60_000;

function echo(number) {
  return frame(`{"jsonrpc":"2.0","id":${number},"method":"Echo","params":{"test":"echo","number":"${number}"}}`);
}

/** Sends `count` requests, `window` under way at most; resolves with the number of messages when the last has come. */
async function echoes(socket, requests, count, window) {
  let received = 0;
  let sent = 0;
  const fill = () => {
    const parts = [];
    while (sent < count && sent - Math.floor(received / MESSAGES_PER_REQUEST) < window) {
      parts.push(requests[sent % requests.length]);
      sent += 1;
    }
    if (parts.length > 0) socket.write(Buffer.concat(parts));
  };
  const reader = new FrameReader(() => (received += 1));
  const done = new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${received} messages`)));
    socket.on('data', (data) => {
      reader.push(data);
      if (received >= count * MESSAGES_PER_REQUEST) resolve();
      fill();
    });
  });
  fill();
  await within(LIMIT_MS, done, `${count} Echo requests, ${received} messages`);
  return received;
}

/** `count` requests on each of so many connections at once; gives the seconds until the last message, and the messages. */
async function run(url, connections, count, window) {
  const requests = Array.from({ length: 1000 }, (_, number) => echo(number));
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(url)));
  const start = process.hrtime.bigint();
  const messages = await Promise.all(sockets.map((socket) => echoes(socket, requests, count, window)));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  sockets.forEach((socket) => socket.removeAllListeners('close').destroy());
  return { seconds, messages: messages.reduce((sum, one) => sum + one, 0) };
}

const server = await Server.start();
try {
  await run(server.callApi, 1, 5_000, WINDOW);
  const cpuBefore = server.cpuMs();
  const count = 100_000;
  const one = await run(server.callApi, 1, count, WINDOW);
  report('Echo on one connection', count / one.seconds, 'requests/s', { min: 20_000 });
  report('Echo, CPU', ((server.cpuMs() - cpuBefore) * 1000) / count, 'us');
  const eight = await run(server.callApi, 8, 50_000, WINDOW);
  report('Echo over 8 connections', (8 * 50_000) / eight.seconds, 'requests/s', { min: 50_000 });
  const burst = await run(server.callApi, 1, 10_000, Infinity);
  report('messages for 10 000 Echo in one burst', burst.messages, 'messages', { min: 30_000 });
  report('10 000 Echo in one burst', burst.seconds * 1000, 'ms');
} finally {
  await server.stop();
}
