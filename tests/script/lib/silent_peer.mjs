// Peers that fall silent: one that answers nothing at all, and a phone that takes a call, says something for a while, and then nothing more.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const HOST = '127.0.0.1';
const FRAME_MS = 20;

async function socket(onMessage) {
  const made = createSocket('udp4', onMessage);
  made.bind(0, HOST);
  await once(made, 'listening');
  return made;
}

const addressOf = (bound) => `${HOST}:${bound.address().port}`;

/** A registrar that never answers: {address, close()}. */
export async function mute() {
  const bound = await socket(() => {});
  return { address: addressOf(bound), close: () => bound.close() };
}

/** A STUN server; `seen` says for each port that asked what it should look like: {ip, port}. */
export async function stunServer(seen = (ip, port) => ({ ip, port })) {
  const server = { requests: 0 };
  const bound = await socket((request, { address, port }) => {
    server.requests += 1;
    const looks = seen(address, port);
    const answer = Buffer.alloc(32);
    answer.writeUInt16BE(0x0101, 0);
    answer.writeUInt16BE(12, 2);
    request.copy(answer, 4, 4, 20);
    // XOR-MAPPED-ADDRESS (RFC 8489 §14.2)
    answer.writeUInt16BE(0x0020, 20);
    answer.writeUInt16BE(8, 22);
    answer.writeUInt16BE(1, 24);
    answer.writeUInt16BE(looks.port ^ 0x2112, 26);
    looks.ip.split('.').forEach((byte, index) => (answer[28 + index] = Number(byte) ^ request[4 + index]));
    bound.send(answer, port, address);
  });
  return Object.assign(server, { address: addressOf(bound), close: () => bound.close() });
}

/** A phone that takes any call in PCMU, sends packets for `says_ms` and then none: {uri, ended: its BYE, close()}. */
export async function fallingSilent(says_ms) {
  const rtp = await socket(() => {});
  let told;
  const ended = new Promise((resolve) => (told = resolve));
  let sender;
  const phone = await socket((data, { address, port }) => {
    const text = data.toString();
    const field = (name) => text.split('\r\n').filter((line) => line.toLowerCase().startsWith(`${name}:`)).join('\r\n');
    const respond = (status, body = '') => {
      const to = /;tag=/.test(field('to')) ? field('to') : `${field('to')};tag=quiet`;
      const type = body === '' ? '' : 'Content-Type: application/sdp\r\n';
      const head = `SIP/2.0 ${status}\r\n${field('via')}\r\n${field('from')}\r\n${to}\r\n${field('call-id')}\r\n${field('cseq')}\r\nContact: <sip:${addressOf(phone)}>\r\n`;
      phone.send(`${head}${type}Content-Length: ${body.length}\r\n\r\n${body}`, port, address);
    };
    if (text.startsWith('INVITE ')) {
      const media = `m=audio ${rtp.address().port} RTP/AVP 0\r\n`;
      respond('200 OK', `v=0\r\no=- 1 1 IN IP4 ${HOST}\r\ns=-\r\nc=IN IP4 ${HOST}\r\nt=0 0\r\n${media}`);
      sender ??= say(rtp, Number(/m=audio (\d+)/.exec(text)[1]), says_ms);
    } else if (text.startsWith('BYE ')) {
      respond('200 OK');
      told(text);
    }
  });
  const close = () => {
    clearInterval(sender);
    rtp.close();
    phone.close();
  };
  return { uri: `sip:quiet@${addressOf(phone)}`, ended, close };
}

function say(rtp, port, says_ms) {
  let number = 0;
  const sender = setInterval(() => {
    const packet = Buffer.alloc(172, 0x7f);
    packet.writeUInt16BE(0x8000, 0);
    packet.writeUInt16BE(number, 2);
    packet.writeUInt32BE(number * 160, 4);
    packet.writeUInt32BE(0x1234, 8);
    rtp.send(packet, port, HOST);
    number += 1;
    if (number * FRAME_MS >= says_ms) clearInterval(sender);
  }, FRAME_MS);
  return sender;
}
