// Stands between the media of two phones and keeps every packet, as a pcap file for tshark: the place of a port mirror, without its rights.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { within } from '../../e2e/lib/server.mjs';

const HOST = '127.0.0.1';
const LIMIT_MS = 20_000;
const RAW_IP = 101;  // LINKTYPE_RAW

async function bound(port) {
  const socket = createSocket('udp4').unref();  // A test that fails has not closed it.
  socket.bind(port, HOST);
  await Promise.race([once(socket, 'listening'), once(socket, 'error').then(([error]) => Promise.reject(error))]);
  return socket;
}

/** An even port and the one above it. */
async function boundPair() {
  for (;;) {
    const rtp = await bound(0);
    const { port } = rtp.address();
    if (port % 2 === 0) {
      const rtcp = await bound(port + 1).catch(() => undefined);
      if (rtcp) return [rtp, rtcp];
    }
    rtp.close();
  }
}

function ip(source, target, payload) {
  const packet = Buffer.alloc(28 + payload.length);
  packet[0] = 0x45;
  packet.writeUInt16BE(packet.length, 2);
  packet[8] = 64;
  packet[9] = 17;
  Buffer.from([127, 0, 0, 1, 127, 0, 0, 1]).copy(packet, 12);
  packet.writeUInt16BE(source, 20);
  packet.writeUInt16BE(target, 22);
  packet.writeUInt16BE(8 + payload.length, 24);
  payload.copy(packet, 28);
  return packet;
}

export class MediaRelay {
  #sockets;
  #packets = [];
  #waiting = [];

  /** Its RTP port, an even one; RTCP is the next. */
  port;

  /** What comes in is passed on to RTP port `peer` and RTCP port `peer` + 1 on loopback, and what comes back from there to whom it came from; 0: it is only kept. */
  static async start(peer = 0) {
    const relay = new MediaRelay();
    relay.#sockets = await boundPair();
    relay.port = relay.#sockets[0].address().port;
    relay.#sockets.forEach((socket, index) => relay.#pass(socket, peer === 0 ? 0 : peer + index));
    return relay;
  }

  /** Adds a message of SIP, so that a reader learns from it what the packets are. */
  keep(source, target, text) {
    this.#keep(source, target, Buffer.from(text));
  }

  /** Resolves once a packet has come for which `wanted` is true. */
  async came(wanted) {
    const find = async () => {
      while (!this.#packets.some(({ data }) => wanted(data))) {
        await new Promise((resolve) => this.#waiting.push(resolve));
      }
    };
    await within(LIMIT_MS, find(), 'the packet does not come');
  }

  /** Writes what was kept so far. */
  write(file) {
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(65535, 16);
    header.writeUInt32LE(RAW_IP, 20);
    const records = this.#packets.flatMap(({ at, source, target, data }) => {
      const packet = ip(source, target, data);
      const record = Buffer.alloc(16);
      record.writeUInt32LE(Math.floor(at / 1e6), 0);
      record.writeUInt32LE(Math.floor(at % 1e6), 4);
      record.writeUInt32LE(packet.length, 8);
      record.writeUInt32LE(packet.length, 12);
      return [record, packet];
    });
    writeFileSync(file, Buffer.concat([header, ...records]));
  }

  close() {
    this.#sockets.forEach((socket) => socket.close());
  }

  #pass(socket, peer) {
    const own = socket.address().port;
    let phone = 0;
    socket.on('message', (data, { port }) => {
      const back = port === peer;
      if (!back) phone = port;
      // Between the phone and this port, as if the peer were here.
      this.#keep(back ? own : phone, back ? phone : own, data);
      const to = back ? phone : peer;
      if (to !== 0) socket.send(data, to, HOST);
    });
  }

  #keep(source, target, data) {
    this.#packets.push({ at: (performance.timeOrigin + performance.now()) * 1000, source, target, data });
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }
}
