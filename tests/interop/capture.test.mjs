// The capture file of the built binary, read by tshark: what went over UDP, TCP and TLS with its addresses and times, and no secret.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { Authority } from './lib/certificates.mjs';
import { Sipp } from './lib/sipp.mjs';
import { Phone } from './lib/phone.mjs';

const ALICE = { service: 'alice', password: 'alice-demo' };
// The checksums are ours, so they have to be right.
const CHECKS = ['ip.check_checksum:TRUE', 'udp.check_checksum:TRUE', 'tcp.check_checksum:TRUE'].flatMap((check) => ['-o', check]);

/** One array of fields for each packet that tshark shows. */
function tshark(file, fields, ...others) {
  const args = ['-r', file, ...CHECKS, ...others, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
  return execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

/** Nothing that tshark would complain of. */
function assertClean(file, ...others) {
  const problems = '_ws.malformed || _ws.expert.severity == error || ip.checksum.status == bad || udp.checksum.status == bad || tcp.checksum.status == bad || tcp.analysis.lost_segment';
  assert.deepEqual(tshark(file, ['frame.number', 'frame.protocols'], ...others, '-Y', problems), []);
}

async function captured(config, play) {
  const directory = mkdtempSync(join(tmpdir(), 'callwright-capture-'));
  const file = join(directory, 'sip.pcap');
  const path = join(directory, 'callwright.toml');
  writeFileSync(path, config(file));
  const server = await Server.start({ args: ['--config', path] });
  try {
    await play(server);
  } finally {
    assert.equal(await server.stop(), 0);
  }
  return { file, server, remove: () => rmSync(directory, { recursive: true }) };
}

describe('the capture file', () => {
  test('shows a call from TCP to UDP as it went', async () => {
    const { file, server, remove } = await captured(
      (name) => `[capture]\nfile = "${name}"\n`,
      async (running) => {
        const bob = await Sipp.start('callee', { remote: running.sip });
        await Sipp.run('register', { remote: running.sip, service: 'bob', password: 'bob-demo', keys: { contact: bob.contact, expires: '60' } });
        await Sipp.run('caller', { remote: running.sip, ...ALICE, keys: { callee: 'bob' }, transport: 't1' });
        await bob.succeeded();
      },
    );
    const port = server.sip.split(':')[1];
    const decode = ['-d', `udp.port==${port},sip`, '-d', `tcp.port==${port},sip`];
    assertClean(file, ...decode);
    const packets = tshark(file, ['sip.Method', 'sip.Status-Code', '_ws.col.Protocol', 'udp.port', 'tcp.port', 'ip.src', 'frame.time_epoch'], ...decode);
    const invites = packets.filter(([method]) => method === 'INVITE');
    assert.ok(invites.some(([, , , , tcp]) => tcp !== ''), 'no INVITE over TCP');
    assert.ok(invites.some(([, , , udp]) => udp !== ''), 'no INVITE over UDP');
    for (const method of ['REGISTER', 'ACK', 'BYE']) {
      assert.ok(packets.some(([found]) => found === method), `no ${method}`);
    }
    assert.ok(packets.some(([, status]) => status === '401') && packets.some(([, status]) => status === '200'));
    assert.ok(packets.every(([, , , , , source]) => source === '127.0.0.1'));
    const times = packets.map((fields) => Number(fields[6]));
    assert.deepEqual(times, [...times].sort((left, right) => left - right));
    assert.ok(Math.abs(times[0] - Date.now() / 1000) < 60);
    const text = readFileSync(file, 'latin1');
    assert.match(text, /response="\*\*\*"/);
    assert.doesNotMatch(text, /response="[0-9a-f]{32}"/);
    remove();
  });

  test('has the plain text of TLS when it is asked for, and nothing of it otherwise', async () => {
    for (const secure of [true, false]) {
      const authority = new Authority();
      const { chain, key } = authority.issue('IP:127.0.0.1');
      const { file, server, remove } = await captured(
        (name) =>
          `[capture]\nfile = "${name}"\nsecure = ${secure}\n[[listeners]]\ntransport = "tls"\naddress = "127.0.0.1:0"\n[[certificates]]\nchain = "${chain}"\nkey = "${key}"\n`,
        async (running) => {
          const bob = await Phone.connect('tls', running.transports.tls, { user: 'bob', password: 'bob-demo', domain: running.sip, ca: authority.pem });
          assert.equal((await bob.register()).status, 200);
          bob.close();
        },
      );
      const decode = ['-d', `tcp.port==${server.transports.tls.split(':')[1]},sip`];
      assertClean(file, ...decode);
      const methods = tshark(file, ['sip.Method', 'sip.Status-Code'], ...decode).map(([method, status]) => method || status);
      assert.deepEqual(methods, secure ? ['REGISTER', '401', 'REGISTER', '200'] : []);
      authority.remove();
      remove();
    }
  });
});
