// Peers of agents: a registrar that answers nothing, a STUN server, a phone that falls silent, one with full ICE.
import { createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { crc32 } from 'node:zlib';

const HOST = '127.0.0.1';
const FRAME_MS = 20;
const CHECK_MS = 50;

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

/** Takes any call with the description that `answerTo` gives to its INVITE: {uri, ended: its BYE, close()}. */
async function phone(answerTo) {
  let told;
  const ended = new Promise((resolve) => (told = resolve));
  const bound = await socket((data, { address, port }) => {
    const text = data.toString();
    const field = (name) => text.split('\r\n').filter((line) => line.toLowerCase().startsWith(`${name}:`)).join('\r\n');
    const respond = (status, body = '') => {
      const to = /;tag=/.test(field('to')) ? field('to') : `${field('to')};tag=peer`;
      const type = body === '' ? '' : 'Content-Type: application/sdp\r\n';
      const head = `SIP/2.0 ${status}\r\n${field('via')}\r\n${field('from')}\r\n${to}\r\n${field('call-id')}\r\n${field('cseq')}\r\nContact: <sip:${addressOf(bound)}>\r\n`;
      bound.send(`${head}${type}Content-Length: ${body.length}\r\n\r\n${body}`, port, address);
    };
    if (text.startsWith('INVITE ')) {
      respond('200 OK', answerTo(text));
    } else if (text.startsWith('BYE ')) {
      respond('200 OK');
      told(text);
    }
  });
  return { uri: `sip:peer@${addressOf(bound)}`, ended, close: () => bound.close() };
}

/** Answers each request outside of calls with what `answerTo(text)` gives: {status: '200 OK', lines, body}; {uri, requests, close()}. Silent where that is nothing. */
export async function answering(answerTo) {
  const requests = [];
  const bound = await socket((data, { address, port }) => {
    const text = data.toString();
    const field = (name) => text.split('\r\n').filter((line) => line.toLowerCase().startsWith(`${name}:`)).join('\r\n');
    requests.push(text);
    const { status, lines = '', body = '' } = answerTo(text) ?? {};
    if (status !== undefined) {
      const head = `SIP/2.0 ${status}\r\n${field('via')}\r\n${field('from')}\r\n${field('to')};tag=peer\r\n${field('call-id')}\r\n${field('cseq')}\r\n`;
      bound.send(`${head}${lines}Content-Length: ${body.length}\r\n\r\n${body}`, port, address);
    }
  });
  return { uri: `sip:peer@${addressOf(bound)}`, requests, close: () => bound.close() };
}

/** Subscribes once to the presence of whoever is posted to the URL `ask`, and takes what it is told: {ask, notifies, close()}. */
export async function subscribing({ expires = 1, answers = true } = {}) {
  const notifies = [];
  const bound = await socket((data, { address, port }) => {
    const text = data.toString();
    if (text.startsWith('NOTIFY ')) {
      notifies.push(text);
      if (!answers) return;
      const kept = text.split('\r\n').filter((line) => /^(via|from|to|call-id|cseq):/i.test(line));
      bound.send(`SIP/2.0 200 OK\r\n${kept.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, port, address);
    }
  });
  const subscribe = (uri) => {
    const [host, port] = uri.split('@')[1].split(':');
    const lines = [`SUBSCRIBE ${uri} SIP/2.0`, `Via: SIP/2.0/UDP ${addressOf(bound)};branch=z9hG4bK${randomBytes(6).toString('hex')}`, 'Max-Forwards: 70',
      `From: <sip:peer@${HOST}>;tag=peer`, `To: <${uri}>`, `Call-ID: ${randomBytes(8).toString('hex')}`, 'CSeq: 1 SUBSCRIBE', `Contact: <sip:peer@${addressOf(bound)}>`,
      'Event: presence;id=seven', `Expires: ${expires}`, 'Content-Length: 0'];
    bound.send(`${lines.join('\r\n')}\r\n\r\n`, Number(port), host);
  };
  const server = createServer((request, response) => {
    let uri = '';
    request.on('data', (data) => (uri += data)).on('end', () => {
      subscribe(uri);
      response.end();
    });
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const close = () => {
    bound.close();
    server.close();
    server.closeAllConnections();
  };
  return { ask: `http://${HOST}:${server.address().port}/`, notifies, close };
}

const SESSION = `v=0\r\no=- 1 1 IN IP4 ${HOST}\r\ns=-\r\n`;
const portOf = (description) => Number(/m=audio (\d+)/.exec(description)[1]);

/** A phone that speaks PCMU for `says_ms` and then nothing more. */
export async function fallingSilent(says_ms) {
  const rtp = await socket(() => {});
  let sender;
  const made = await phone((invite) => {
    sender ??= say(rtp, portOf(invite), says_ms);
    return `${SESSION}c=IN IP4 ${HOST}\r\nt=0 0\r\nm=audio ${rtp.address().port} RTP/AVP 0\r\n`;
  });
  const close = () => {
    clearInterval(sender);
    rtp.close();
    made.close();
  };
  return { ...made, close };
}

const USER = { ufrag: 'peer', password: 'thePasswordOfTheOtherSide' };

/**
 * A phone with full ICE (RFC 8445) whose description names no address to send to: only its checks tell. `checked` resolves when one succeeded, `packets` counts
 * RTP that came.
 */
export async function iceAgent() {
  const agent = { packets: 0 };
  let sender;
  let told;
  let repeated;
  agent.checked = new Promise((resolve) => (told = resolve));
  const rtp = await socket((data) => {
    if (data[0] >> 6 === 2) agent.packets += 1;
    if (data.readUInt16BE(0) === 0x0101) told();
  });
  const made = await phone((invite) => {
    const attribute = (name) => new RegExp(`^a=${name}:(.*)\r$`, 'm').exec(invite)[1];
    const port = portOf(invite);
    repeated = setInterval(() => rtp.send(check(`${attribute('ice-ufrag')}:${USER.ufrag}`, attribute('ice-pwd')), port, HOST), CHECK_MS);
    agent.checked.then(() => {
      clearInterval(repeated);
      sender = say(rtp, port, 60_000);
    });
    const ice = `a=ice-ufrag:${USER.ufrag}\r\na=ice-pwd:${USER.password}\r\na=candidate:1 1 UDP 2130706431 ${HOST} ${rtp.address().port} typ host\r\n`;
    return `${SESSION}c=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=rtcp-mux\r\n${ice}`;
  });
  const close = () => {
    clearInterval(repeated);
    clearInterval(sender);
    rtp.close();
    made.close();
  };
  return Object.assign(agent, made, { close });
}

/** A connectivity check that nominates (RFC 8445 §7.2.2). */
function check(user, password) {
  const attribute = (type, value) => {
    const header = Buffer.alloc(4);
    header.writeUInt16BE(type, 0);
    header.writeUInt16BE(value.length, 2);
    return Buffer.concat([header, value, Buffer.alloc(-value.length & 3)]);
  };
  const attributes = [attribute(0x0006, Buffer.from(user)), attribute(0x0024, Buffer.from([0x6e, 0, 1, 0xff])), attribute(0x802a, Buffer.alloc(8, 1)), attribute(0x0025, Buffer.alloc(0))];
  const body = Buffer.concat(attributes);
  const header = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), randomBytes(12)]);
  // The length includes the attribute that is being made (RFC 8489 §14.5, §14.7).
  header.writeUInt16BE(body.length + 24, 2);
  const signed = Buffer.concat([header, body, attribute(0x0008, createHmac('sha1', password).update(Buffer.concat([header, body])).digest())]);
  signed.writeUInt16BE(body.length + 32, 2);
  const fingerprint = Buffer.alloc(4);
  fingerprint.writeUInt32BE((crc32(signed) ^ 0x5354554e) >>> 0);
  return Buffer.concat([signed, attribute(0x8028, fingerprint)]);
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
