// What SIP a server sent and received, from the capture file that it writes (capture.file), or that dumpcap writes.
import { closeSync, existsSync, fstatSync, openSync, readSync, watch } from 'node:fs';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { parse } from '../../interop/lib/phone.mjs';
import { within } from './server.mjs';

const LIMIT_MS = 20_000;
const FILE_HEADER = 24;
const PACKET_HEADER = 16;
const TCP = 6;

/** How much goes before the IPv4 header in a packet of these link types: Ethernet. */
const LINK_HEADERS = { 1: 14 };
/** The first word of a file whose times are in nanoseconds. */
const NANOSECONDS = 0xa1b23c4d;

/** The SIP message in an IPv4 packet, with its ports; undefined where there is none. */
function messageIn(packet) {
  const transport = packet.subarray((packet[0] & 15) * 4);
  const size = packet[9] === TCP ? (transport[12] >> 4) * 4 : 8;
  const text = transport.subarray(size).toString('latin1');
  if (!/^(SIP\/2\.0 \d|[A-Z]+ sips?:)/.test(text)) {
    return undefined;
  }
  return Object.assign(parse(text), { from: transport.readUInt16BE(0), to: transport.readUInt16BE(2) });
}

export class Wire {
  #file;
  #sip;
  #at = 0;
  /** What the file's header says of its packets. */
  #form;
  #messages = [];
  #users = new Map();
  #texts = new Set();
  #probes = 0;

  /** `file` is the server's capture.file, `sip` where it listens: "127.0.0.1:5060". */
  constructor(file, sip) {
    this.#file = file;
    this.#sip = sip;
  }

  /** How many messages there have been so far; for `since`. */
  async mark() {
    await this.#settle();
    return this.#messages.length;
  }

  /**
   * The messages since `mark`, all that went before this was called included: each { text, start, status, method, uri, header(), body, request, time_ms,
   * peer, sent }, where `peer` is the user whose phone it is and `sent` whether it went there.
   */
  async since(mark) {
    await this.#settle();
    return this.#messages.slice(mark);
  }

  /** Resolves with the first message since `mark` for which `wanted` is true. */
  async until(mark, wanted, what) {
    const find = () => {
      this.#read();
      return this.#messages.slice(mark).find(wanted);
    };
    return this.#watched(find, `${what} on the wire`);
  }

  async #watched(find, what) {
    const watcher = watch(this.#file);
    try {
      return await within(LIMIT_MS, (async () => {
        for (;;) {
          const changed = once(watcher, 'change');
          const found = find();
          if (found) {
            return found;
          }
          await changed;
        }
      })(), what);
    } finally {
      watcher.close();
    }
  }

  /** The capture is written a moment later and in order: once this probe is in it, all that went before is. */
  async #settle() {
    this.#probes += 1;
    const callId = `probe-${process.pid}-${this.#probes}`;
    const [host, port] = this.#sip.split(':');
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const own = `127.0.0.1:${socket.address().port}`;
    const probe = `OPTIONS sip:${this.#sip} SIP/2.0\r\nVia: SIP/2.0/UDP ${own};branch=z9hG4bK${callId};rport\r\nMax-Forwards: 70\r\nFrom: <sip:probe@${own}>;tag=1\r\nTo: <sip:${this.#sip}>\r\nCall-ID: ${callId}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;
    socket.send(probe, Number(port), host);
    let seen = false;
    const find = () => {
      this.#read((message) => {
        seen ||= message.header('Call-ID') === callId && message.status > 0;
        return message.header('Call-ID').startsWith('probe-');
      });
      return seen;
    };
    await this.#watched(find, 'the probe').finally(() => socket.close());
  }

  #read(leaveOut = (message) => message.header('Call-ID').startsWith('probe-')) {
    if (!existsSync(this.#file)) {
      return;
    }
    const file = openSync(this.#file, 'r');
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - this.#at));
    readSync(file, bytes, 0, bytes.length, this.#at);
    closeSync(file);
    let at = 0;
    if (!this.#form) {
      if (bytes.length < FILE_HEADER) {
        return;
      }
      this.#form = { link: LINK_HEADERS[bytes.readUInt32LE(20)] ?? 0, perMs: bytes.readUInt32LE(0) === NANOSECONDS ? 1e6 : 1e3 };
      at = FILE_HEADER;
    }
    while (at + PACKET_HEADER <= bytes.length && at + PACKET_HEADER + bytes.readUInt32LE(at + 8) <= bytes.length) {
      const end = at + PACKET_HEADER + bytes.readUInt32LE(at + 8);
      const message = messageIn(bytes.subarray(at + PACKET_HEADER + this.#form.link, end));
      if (message) {
        message.time_ms = bytes.readUInt32LE(at) * 1000 + bytes.readUInt32LE(at + 4) / this.#form.perMs;
        if (!leaveOut(message)) {
          this.#keep(message);
        }
      }
      at = end;
    }
    this.#at += at;
  }

  /** Keeps it, but for what is sent once more (RFC 3261 §17), and what the server sends to itself. */
  #keep(message) {
    if (this.#texts.has(message.text) || message.from === message.to) {
      return;
    }
    this.#texts.add(message.text);
    message.sent = message.from === Number(this.#sip.split(':')[1]);
    const phone = message.sent ? message.to : message.from;
    if (message.method === 'REGISTER' && message.request) {
      this.#users.set(phone, /sips?:([^@]+)@/.exec(message.header('From'))[1]);
    }
    message.peer = this.#users.get(phone);
    this.#messages.push(message);
  }
}
