// A WebSocket client on plain TCP that does nearly nothing, so that it is the server that is measured.
import { once } from 'node:events';
import { connect } from 'node:net';

/** A masked text frame (RFC 6455 §5.2); a zero mask leaves the payload as it is. */
export function frame(text) {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** Cuts what comes from the server into whole text frames. */
export class FrameReader {
  #rest = Buffer.alloc(0);
  #onFrame;

  /** `onFrame` gets the payload of each, valid until it returns. */
  constructor(onFrame) {
    this.#onFrame = onFrame;
  }

  push(data) {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    let at = 0;
    while (at + 4 <= bytes.length) {
      const short = bytes[at + 1] & 127;
      const head = short < 126 ? 2 : 4;
      const length = short < 126 ? short : bytes.readUInt16BE(at + 2);
      if (bytes[at] !== 0x81 || short === 127) throw new Error(`unexpected frame ${bytes[at].toString(16)}`);
      if (at + head + length > bytes.length) break;
      this.#onFrame(bytes.subarray(at + head, at + head + length));
      at += head + length;
    }
    this.#rest = bytes.subarray(at);
  }
}

/** A connection after its handshake. */
export async function open(url) {
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

/** One line for scripts/bench; `limits` as it has them: max, min. */
export function report(name, value, unit, limits = {}) {
  console.log(JSON.stringify({ name, value: Number(value.toPrecision(5)), unit, ...limits }));
}
