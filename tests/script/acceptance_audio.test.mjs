// What is heard: tones through hold and transfer, encrypted, in recordings, in a conference, and behind a NAT.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { heardFor } from '../interop/lib/sound.mjs';
import { testCommand } from './lib/command.mjs';
import { messagesOf, passing, requestsOf } from './lib/passing.mjs';
import { finished, of, runText, withFiles } from './lib/run_file.mjs';

test('a connection is heard in both directions, and both say afterwards what they said before', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    a.sendAudio(tone(440));
    await connect(a, b);
    const begun = Date.now();
    await verifyAudioConnection(a, b);
    expect(Date.now() - begun).toBeLessThan(2500);
    await b.verifyAudio(440, '2s');
    await a.verifySilence('300ms');`);
  const told = of(events, 'assertion').filter(({ expect }) => expect.startsWith('audio ')).map(({ label, expect, ok }) => [label, expect, ok]);
  assert.deepEqual(told.slice(0, 2), [['B', 'audio A → B 1000 Hz', true], ['A', 'audio B → A 1000 Hz', true]]);
  assert.match(of(events, 'assertion').find(({ expect }) => expect.startsWith('audio '))?.actual, /^score \d\.\d\d, rms \d+, \d+ samples$/);
});

test('a connection that is silent in one direction fails with that direction, and what was said before goes on', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    b.sendAudio(tone(440));
    a.dial(b);
    await until(() => expect(b.state).toBe(State.Ringing));
    b.accept({ direction: 'sendonly' });
    await established(a, b);
    let failure;
    await verifyAudioConnection(a, b).catch((error) => {
      failure = error.message;
    });
    expect(failure).toContain('tone 1000 Hz not detected');
    await a.verifyAudio(440, '2s');`);
  assert.deepEqual(of(events, 'assertion').filter(({ ok }) => !ok).map(({ label, expect }) => [label, expect]), [['B', 'audio A → B 1000 Hz']]);
});

test('a tone that is chosen before the call is heard from its first second on, and after hold and transfer', async () => {
  await passing(`
    const [a, b, c] = await phones(3);
    a.sendAudio(tone(440));
    await connect(a, b);
    await b.verifyAudio(440, '1s');
    await a.hold();
    await until(() => expect(b.onHold).toBe(true));
    await until(() => b.verifySilence('300ms'));
    await a.resume();
    await b.verifyAudio(440, '2s');
    await b.hold();
    await b.resume();
    await b.verifyAudio(440, '2s');
    b.transfer(c);
    await until(() => expect(c.state).toBe(State.Ringing));
    c.accept();
    await established(a, c);
    await c.verifyAudio(440, '2s');
    await idle(b);
    a.hangup();
    await idle(a, c);
    await connect(a, b);
    await b.verifyAudio(440, '1s');`);
});

for (const [mediaEnc, wanted, profile] of [['srtp', 'sdes', /^RTP\/S?AVP$/], ['srtp-mand', 'sdes', /^RTP\/SAVP$/], ['dtls_srtp', 'dtls', /^UDP\/TLS\/RTP\/SAVPF?$/]]) {
  test(`with ${mediaEnc} on both sides, the description says so and both are heard`, async () => {
    const events = await passing(`
      const [a, b] = await phones(2, { mediaEnc: '${mediaEnc}' });
      await connect(a, b);
      expect([a.encryption, b.encryption]).toBe(['${wanted}', '${wanted}']);
      await verifyAudioConnection(a, b);`);
    const [invite] = requestsOf(events, 'A', 'INVITE').slice(-1);
    assert.match(/^m=audio \d+ (\S+)/m.exec(invite.text)[1], profile);
    assert.match(invite.text, wanted === 'dtls' ? /^a=fingerprint:/m : /^a=crypto:\d+ /m);
    const answer = messagesOf(events, 'B', 'INVITE').find(({ status }) => status === 200);
    assert.match(answer.text, wanted === 'dtls' ? /^m=audio \d+ UDP\/TLS\/RTP\/SAVPF? [^]*^a=fingerprint:/m : /^a=crypto:\d+ /m);
  });
}

test('an encryption that nobody knows is refused where the agent is made', async () => {
  for (const [text, name] of [['new Agent("A", { username: "a", mediaEnc: "zrtp" });', 'test.js'], ['agent("A", #{ username: "a", media_enc: "zrtp" });', 'test.rhai']]) {
    const { events, status } = await runText(text, {}, { name });
    assert.equal(status, 1);
    assert.match(finished(events).error, /agent A: (mediaEnc|media_enc) has to be one of .*"srtp", "srtp-mand", "srtp-mandf", "dtls_srtp"/);
    assert.deepEqual(of(events, 'sip'), []);
  }
});

const RECORDED = `
  const [a, b] = ['A', 'B'].map((name) => new Agent(name, { username: name.toLowerCase(), password: 'secret' }));
  for (const one of [a, b]) await until(() => expect(one.registered).toBe(true));
  a.sendAudio(tone(440));
  b.sendAudio(tone(660));
  a.dial(b);
  await until(() => expect(b.state).toBe(State.Ringing));
  await b.accept();
  await until(() => expect(a.calls[0].duration).toBeGreaterThan(1200));
  await a.hold();
  await a.resume();
  const resumed = a.calls[0].duration;
  await until(() => expect(a.calls[0].duration).toBeGreaterThan(resumed + 1200));
  await b.verifyAudio(440);
  await a.hangup();
  await until(() => expect(b.state).toBe(State.Idle));`;

for (const [where, options] of [['beside the artefacts', []], ['in the folder of the run', ['--trace', 'off']], ['with everything else', ['--trace', 'on']]]) {
  test(`recordings ${where} hold all of the call that each agent said and heard, also before and after a hold`, async () => {
    await withFiles({ 'call.js': `scenario('a call', async () => {${RECORDED}});` }, async (folder) => {
      const { status, stderr, events } = await testCommand(folder, ['call.js', '--exchange', '--save-audio', '--json', ...options]);
      assert.equal(status, 0, stderr);
      const saved = of(events, 'log').map(({ message }) => /^saved recording: (.*)$/.exec(message)?.[1]).filter(Boolean);
      assert.equal(saved.length, 4);
      const heard = (agent, way, hertz) => {
        const path = saved.find((file) => new RegExp(`/ringo-audio-\\d{8}-\\d{6}-${agent}-${way}\\.wav$`).test(file));
        assert.ok(path?.startsWith(folder) && existsSync(path), `${agent} ${way} of ${saved}`);
        return heardFor(readFileSync(path), hertz);
      };
      for (const [agent, way, hertz] of [['A', 'sent', 440], ['B', 'recv', 440], ['B', 'sent', 660], ['A', 'recv', 660]]) {
        assert.ok(heard(agent, way, hertz) > 1800, `${hertz} Hz in ${agent}-${way}: ${heard(agent, way, hertz)} ms`);
      }
      assert.equal(heard('B', 'recv', 660), 0);
      const { artifacts } = events.find(({ event }) => event === 'scenario_finished');
      assert.deepEqual(artifacts.filter(({ kind }) => kind === 'recording').map(({ path }) => path).sort(), saved.sort());
    });
  });
}

describe('a conference', () => {
  test('lets each of three agents hear the tones of the other two and not its own', async () => {
    const server = await Server.start({
      args: ['--config', 'conference.toml'],
      files: { 'conference.toml': `${['alice', 'bob', 'carol'].map((user) => `[[accounts]]\nusername = "${user}"\npassword = "secret"\n`).join('')}[[conferences]]\nnumber = "8000"\ntones = false\n` },
    });
    try {
      await passing(`
        const tones = { Alice: 440, Bob: 660, Carol: 880 };
        const agents = Object.keys(tones).map((name) => new Agent(name, { username: name.toLowerCase(), domain: '${server.sip}', password: 'secret' }));
        for (const agent of agents) {
          await until(() => expect(agent.registered).toBe(true));
          agent.sendAudio(tone(tones[agent.name]));
          await agent.dial('8000');
        }
        for (const agent of agents) {
          for (const [name, hertz] of Object.entries(tones)) {
            if (name !== agent.name) {
              await agent.verifyAudio(hertz, '3s');
            }
          }
          let failure;
          await agent.verifyAudio(tones[agent.name], '600ms').catch((error) => {
            failure = error.message;
          });
          expect(failure).toContain('not detected');
        }`, { exchange: false });
    } finally {
      assert.equal(await server.stop(), 0);
    }
  });
});
