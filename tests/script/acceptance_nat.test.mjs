// Agents that ask a STUN server what their media look like from outside.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { freePort } from '../interop/lib/ports.mjs';
import { TurnServer } from '../interop/lib/turn.mjs';
import { messagesOf, passing, requestsOf } from './lib/passing.mjs';
import { finished, of, runText } from './lib/run_file.mjs';

const kPublic = [203, 0, 113, 7];
const kBindingRequest = 0x0001;
const kBindingSuccess = 0x0101;
const kXorMappedAddress = 0x0020;

/** Answers as a STUN server beyond a NAT does that moves ports by 1 (RFC 8489 §14.2). */
async function beyondNat() {
  const socket = createSocket('udp4');
  const asked = [];
  socket.on('message', (request, from) => {
    if (request.readUInt16BE(0) !== kBindingRequest) {
      return;
    }
    asked.push(from.port);
    const answer = Buffer.alloc(32);
    answer.writeUInt16BE(kBindingSuccess, 0);
    answer.writeUInt16BE(12, 2);
    request.copy(answer, 4, 4, 20);
    answer.writeUInt16BE(kXorMappedAddress, 20);
    answer.writeUInt16BE(8, 22);
    answer.writeUInt16BE(1, 24);
    answer.writeUInt16BE((from.port + 1) ^ request.readUInt16BE(4), 26);
    kPublic.forEach((part, index) => answer.writeUInt8(part ^ request[4 + index], 28 + index));
    socket.send(answer, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, asked, address: `127.0.0.1:${socket.address().port}` };
}

const warningsOf = (events) => of(events, 'log').filter(({ level }) => level === 'warn').map(({ message }) => message);
const mediaOf = ({ text }) => ({ address: /^c=IN IP4 (\S+)/m.exec(text)[1], port: Number(/^m=audio (\d+)/m.exec(text)[1]) });

test('the address and port that a STUN server tells are those of the descriptions', async () => {
  const nat = await beyondNat();
  try {
    const events = await passing(`
      const [a, b] = await phones(2, { stunServer: '${nat.address}' });
      await connect(a, b);
      expect(a.calls[0].invite.sdp.values('c')[0]).toBe('IN IP4 ${kPublic.join('.')}');`);
    const offer = mediaOf(requestsOf(events, 'A', 'INVITE').at(-1));
    const answer = mediaOf(messagesOf(events, 'B', 'INVITE').find(({ status }) => status === 200));
    for (const { address, port } of [offer, answer]) {
      assert.equal(address, kPublic.join('.'));
      assert.ok(nat.asked.includes(port - 1), `${port} is what ${port - 1} looks like; ${nat.asked} asked`);
    }
  } finally {
    nat.socket.close();
  }
});

test('coturn answers both sides, and they are heard at the addresses that it tells', async () => {
  const coturn = await TurnServer.start();
  try {
    const server = /turn:([^?]+)/.exec(coturn.iceServers[0].urls)[1];
    const events = await passing(`
      const [a, b] = await phones(2, { stunServer: '${server}' });
      await connect(a, b);
      await verifyAudioConnection(a, b);`);
    assert.deepEqual(warningsOf(events), [], 'it would be told if no answer came');
    assert.equal(mediaOf(requestsOf(events, 'A', 'INVITE').at(-1)).address, '127.0.0.1');
  } finally {
    await coturn.stop();
  }
});

test('a STUN server that does not answer is told of, and the call is made without it', async () => {
  const silent = `127.0.0.1:${await freePort()}`;
  const events = await passing(`
    const [a, b] = await phones(2, (name) => (name === 'A' ? { stunServer: '${silent}' } : {}));
    a.dial(b);
    await until(() => expect(b.state).toBe(State.Ringing), '10s');
    b.accept();
    await established(a, b);
    await verifyAudioConnection(a, b);`);
  assert.deepEqual(warningsOf(events), [`A: The STUN server ${silent} does not answer; check stun_server and the firewall`]);
});

test('a STUN server may have a name', async () => {
  const nat = await beyondNat();
  try {
    const events = await passing(`
      const [a, b] = await phones(2, { stunServer: '${nat.address.replace('127.0.0.1', 'localhost')}' });
      await connect(a, b);`);
    assert.equal(mediaOf(requestsOf(events, 'A', 'INVITE').at(-1)).address, kPublic.join('.'));
  } finally {
    nat.socket.close();
  }
});

test('what is no STUN server is refused where the agent is made', async () => {
  const { events, status } = await runText('new Agent("A", { username: "ua", stunServer: "stun.example.com:x" });');
  assert.equal(status, 1);
  assert.match(finished(events).error, /agent A: stun_server: "stun\.example\.com:x" is no STUN server; say a name or an address such as stun\.example\.com or 192\.0\.2\.1:3478/);
});
