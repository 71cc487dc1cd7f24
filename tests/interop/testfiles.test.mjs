// Testfiles against telephone systems and phones of others: Kamailio with digest as registrar and proxy, and baresip, whose language of commands they speak.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { CALL, fails, neighbours, passes, subscribers } from '../script/lib/real_testfile.mjs';
import { Baresip } from './lib/baresip.mjs';
import { Kamailio } from './lib/kamailio.mjs';

/** The demo passwords, and 403 to whoever has none. */
const script = () => `
request_route {
  if (is_method("CANCEL")) {
    if (t_check_trans()) t_relay();
    exit;
  }
  if (has_totag()) {
    if (loose_route()) t_relay();
    else if (is_method("ACK") && t_check_trans()) t_relay();
    exit;
  }
  t_check_trans();
  if (is_method("REGISTER")) {
    $var(password) = $tU + "-demo";
    if (!pv_www_authenticate("kamailio", "$var(password)", "0")) {
      if ($adu == $null) www_challenge("kamailio", "0");
      else sl_send_reply("403", "Forbidden");
      exit;
    }
    save("location");
    exit;
  }
  if (is_method("INVITE|SUBSCRIBE")) record_route();
  if (!lookup("location")) {
    sl_send_reply("404", "Not Found");
    exit;
  }
  t_relay();
}
`;

describe('testfiles against Kamailio', { concurrency: 3 }, () => {
  let kamailio;
  before(async () => {
    kamailio = await Kamailio.start(script, { modules: ['usrloc', 'registrar', 'auth'], parameters: ['registrar max_expires 4', 'registrar min_expires 1'] });
  });
  after(() => kamailio?.stop());

  test('agents register with digest, again by themselves, and a wrong password is told', async () => {
    const account = `_define ua1 sip:dora@${kamailio.address}\n`;
    const told = await passes(`${account}uanew <ua1>;auth_pass=dora-demo\nwait ua1 REGISTER_OK "param=200 OK" 5s\nwait ua1 REGISTER_OK 8s\nua1:uareg 0|1s\nexpect ua1 UNREGISTERING`);
    assert.match(told.sip('dora', 'sent').filter(({ method }) => method === 'REGISTER').at(-1).text, /^Expires: 0\r$|;expires=0/m);
    await fails(`${account}uanew <ua1>;auth_pass=no\n20s`, /^Registration failed: sip:dora@.*: 403 Forbidden$/);
    await passes(`${account}uanew <ua1>;auth_pass=no\nexpect ua1 REGISTER_FAIL "param=403 Forbidden" within 5s`);
  });

  for (const transport of ['udp', 'tcp']) {
    test(`calls, holds, keys and transfers over ${transport}`, async () => {
      const names = transport === 'udp' ? (text) => text : (text) => text.replaceAll('alice', 'erin').replaceAll('bob', 'frank').replaceAll('carol', 'grace');
      const phones = names(subscribers(3, { exchange: kamailio.address, uri: `;transport=${transport}` }));
      const told = await passes(`${phones}ua1:dial sip:zoe@${kamailio.address}|wait ua1 CALL_CLOSED "param=404 Not Found" 5s
        ${CALL}ua1:hold|wait ua2 CALL_HOLD 5s|ua1:resume|wait ua2 CALL_RESUME 5s
        ua1:sndcode 5|wait ua2 CALL_DTMF_START param=5 5s
        ua2:transfer ua3|wait ua1 TRANSFER 5s|wait ua3 CALL_INCOMING 5s|ua3:accept|wait ua2 CALL_CLOSED "param=Call transfered" 5s
        wait ua3 CALL_RTPESTAB 5s|ua1:hangupall|wait ua3 CALL_CLOSED 5s
        ${CALL}ua2:atransferstart ua3|wait ua3 CALL_INCOMING 5s|ua3:accept|wait ua3 CALL_RTPESTAB 5s
        ua2:atransferexec|wait ua1 TRANSFER param=*Replaces=* 5s|wait ua2 CALL_CLOSED "param=Call transfered" 5s
        wait ua3 CALL_CLOSED "param=* replaced" 5s|ua1:hangupall|1s`);
      const sent = told.all('sip').filter(({ direction, method }) => direction === 'sent' && method === 'INVITE');
      assert.deepEqual([...new Set(sent.map((event) => event.transport.toLowerCase()))], [transport]);
    });
  }

  for (const name of ['basic_call', 'hold_dtmf', 'reject']) {
    test(`the example ${name}`, async () => {
      const text = readFileSync(new URL(`../../examples/testfiles/${name}.test`, import.meta.url), 'utf8');
      await passes(text.replaceAll('alice', `${name}a`).replaceAll('bob', `${name}b`), { args: ['--set', `EXCHANGE=${kamailio.address}`] });
    });
  }
});

describe('testfiles against baresip', { concurrency: 3 }, () => {
  const says = ';audio_source=ausine,440';
  const talk = (uri) => `ua1:dial ${uri}|wait ua1 CALL_RTPESTAB 10s|3s|ua1:hangup|wait ua1 AUDIO_REPORT param=*tx=true;rx=true;* 5s`;
  const peers = [
    ['in PCMU', 'PCMU/8000/1', undefined, ';audio_codecs=pcmu', /proto=RTP\/AVP;codec=PCMU;/i, []],
    ['in G.722', 'G722/16000/1', undefined, ';audio_codecs=g722', /codec=G722;/i, ['g722']],
    ['with SRTP', 'PCMU/8000/1', 'srtp-mand', ';audio_codecs=pcmu;mediaenc=srtp-mand', /proto=RTP\/SAVP;/, ['srtp']],
    ['with DTLS', 'PCMU/8000/1', 'dtls_srtp', ';audio_codecs=pcmu;mediaenc=dtls_srtp', /proto=UDP\/TLS\/RTP\/SAVPF?;/, ['srtp', 'dtls_srtp']],
  ];
  for (const [name, codecs, encryption, account, report, modules] of peers) {
    test(`a call ${name}`, async () => {
      const bob = await Baresip.alone('bob', { codecs, encryption, modules });
      try {
        const told = await passes(`${await neighbours(1, `${account}${says}`)}${talk(bob.uri)}`);
        assert.match(told.at('alice', 'AUDIO_REPORT')[0].param, report);
      } finally {
        await bob.stop();
      }
    });
  }
});
