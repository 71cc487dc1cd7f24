// Accounts of testfiles at registrars, with real phones: digest over all transports, a registrar that is silent, many at once.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { Authority } from '../interop/lib/certificates.mjs';
import { CALL, fails, passes, subscribers } from './lib/real_testfile.mjs';
import { mute } from './lib/peers.mjs';

const HANGUP = 'ua1:hangup|wait ua1 AUDIO_REPORT 5s|wait ua2 AUDIO_REPORT 5s\n';
const childrenOf = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);

describe('accounts', { concurrency: 8 }, () => {
  let authority;
  let server;
  before(async () => {
    authority = new Authority();
    const { chain, key } = authority.issue('IP:127.0.0.1');
    const config = join(authority.directory, 'callwright.toml');
    writeFileSync(config, `[[listeners]]\ntransport = "tls"\naddress = "127.0.0.1:0"\n[[certificates]]\nchain = "${chain}"\nkey = "${key}"\n`);
    server = await Server.start({ args: ['--config', config] });
  });
  after(async () => {
    authority.remove();
    await server?.stop();
  });

  test('register with digest over UDP, TCP and TLS, again, and no more at the end; calls go that way', async () => {
    for (const transport of ['udp', 'tcp', 'tls']) {
      const phones = subscribers(2, { exchange: server.transports[transport] ?? server.sip, uri: `;transport=${transport}` });
      const told = await passes(`${phones}ua1:uareg 120|wait ua1 REGISTER_OK "param=200 OK" 5s\n${CALL}${HANGUP}
        ua1:quit|0s\nexpect ua1 UNREGISTERING\nexpect ua1 EXIT`, { env: { SSL_CERT_FILE: authority.file } });
      const registers = told.sip('alice', 'sent').filter(({ method }) => method === 'REGISTER');
      assert.ok(registers.length >= 4, told.why);
      assert.match(registers[1].text, /^Authorization: Digest /m);
      assert.match(registers.at(-1).text, /^Expires: 0\r$|;expires=0/m);
      assert.equal(told.sip('alice', 'received').filter(({ method, status }) => method === 'REGISTER' && status === 200).length, 3);
      assert.deepEqual([...new Set(told.all('sip').map((event) => event.transport))].map((name) => name.toLowerCase()), [transport]);
    }
  });

  test('a registrar that does not answer is given up after 32 s, or when the file says so', async () => {
    const registrar = await mute();
    try {
      const account = `_define ua1 sip:alice@${registrar.address}\nuanew <ua1>;auth_pass=x\n`;
      const [told] = await Promise.all([
        fails(`${account}40s`, /^Registration failed: .*Connection timed out \[110\]$/),
        fails(`${account}wait ua1 REGISTER_OK 2s`, /no REGISTER_OK at .* within 2 s/),
      ]);
      const [failed] = told.at('alice', 'REGISTER_FAIL');
      const after = failed.time - told.at('alice', 'REGISTERING')[0].time;
      assert.ok(after > 31_000 && after < 34_000, `${after} ms`);
    } finally {
      registrar.close();
    }
  });

  test('100 accounts and 50 calls at once in one process', async () => {
    const processes = [];
    const told = await passes(`repeat 50 as i
        uanew <sip:a\${i}@pbx.example>;audio_codecs=pcmu;regint=600;auth_pass=x;|0s
        uanew <sip:b\${i}@pbx.example>;audio_codecs=pcmu;regint=600;answermode=auto;auth_pass=x;|0s
      end
      repeat 50 as i
        wait sip:a\${i}@pbx.example REGISTER_OK 10s
        wait sip:b\${i}@pbx.example REGISTER_OK 10s
      end
      repeat 50 as i
        sip:a\${i}@pbx.example:dial b\${i}|0s
      end
      repeat 50 as i
        wait sip:a\${i}@pbx.example CALL_RTPESTAB 10s
        wait sip:b\${i}@pbx.example CALL_RTPESTAB 10s
      end
      expect not any CALL_CLOSED
      2s
      repeat 50 as i
        sip:b\${i}@pbx.example:hangup|0s
      end
      repeat 50 as i
        wait sip:a\${i}@pbx.example AUDIO_REPORT param=*tx=true;rx=true;* 10s
        wait sip:b\${i}@pbx.example AUDIO_REPORT param=*tx=true;rx=true;* 10s
      end`, {
      args: ['--exchange'],
      onEvent: ({ event, seconds }, child) => event === 'wait' && seconds === 2 && processes.push(childrenOf(child.pid).length),
    });
    assert.deepEqual(processes, [1]);
    assert.equal(told.records.filter(({ type }) => type === 'CALL_ESTABLISHED').length, 100);
  });
});
