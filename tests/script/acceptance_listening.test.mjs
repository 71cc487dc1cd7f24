// What an agent says of the sound that it heard: level, silence, speech, clipping, and how like it is to a file.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { passing } from './lib/passing.mjs';
import { finished, of, runText } from './lib/run_file.mjs';
import { soundFile } from './lib/spoken.mjs';

const spoken = Object.fromEntries(['woman', 'man'].map((who) => [`${who}.flac`, readFileSync(new URL(`../fixtures/speech_${who}.flac`, import.meta.url))]));

test('a tone has its level and no silence, clipping or glitch; where nothing is said, all is silence', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    a.sendAudio(tone(440));
    await connect(a, b);
    await b.verifyAudio(440);
    const [tones, nothing] = await Promise.all([b.listen('1s'), a.listen('1s')]);
    expect(tones.duration).toBeCloseTo(1000, 100);
    expect(tones.levelDbov).toBeCloseTo(-15, 1);
    expect(tones.peakDbov).toBeCloseTo(-12, 1);
    expect([tones.clipped, tones.silence, tones.glitches, tones.similarity]).toEqual([0, 0, 0, undefined]);
    expect(nothing.levelDbov).toBeLessThan(-70);
    expect([nothing.silence, nothing.speech, nothing.clipped]).toEqual([1, 0, 0]);`);
  const labels = of(events, 'assertion').map(({ label }) => label);
  assert.ok(labels.includes('B heard level (dBov)') && labels.includes('A heard level (dBov)'), String(labels));
});

test('a voice is speech, with pauses; tones and silence are none', async () => {
  await passing(`
    const [a, b] = await phones(2);
    a.sendAudio(file('woman.flac'));
    await connect(a, b);
    await b.verifySpeech('3s');
    const heard = await b.listen('3s');
    log(heard);
    expect(heard.speech).toBeGreaterThan(0.4);
    expect(heard.silence).toBeLessThan(0.6);
    a.sendAudio(tone(440));
    await b.verifyAudio(440);
    const failureOf = (promise) => promise.then(() => 'none', (error) => error.message);
    const failures = Promise.all([failureOf(b.verifySpeech('2s')), failureOf(a.verifySpeech('500ms'))]);
    expect((await b.listen('2s')).speech).toBe(0);
    expect((await failures)[0]).toContain('verify_speech on B: nobody speaks');
    expect((await failures)[1]).toContain('verify_speech on A: nobody speaks');`, {}, { extra: spoken });
});

test('sound that is cut off at the end of the range is clipped by its share', async () => {
  const loud = (seconds) => Math.max(-1, Math.min(1, 2 * Math.sin(2 * Math.PI * 400 * seconds)));
  await passing(`
    const [a, b] = await phones(2, { codecs: ['PCMU'] });
    a.sendAudio(file('loud.wav'));
    await connect(a, b);
    await b.verifyAudio(400);
    const heard = await b.listen('1s');
    log(heard);
    expect(heard.clipped).toBeGreaterThan(0.6);
    expect(heard.clipped).toBeLessThan(0.75);
    expect(heard.peakDbov).toBeGreaterThan(-1);`, {}, { extra: { 'loud.wav': soundFile(loud, 8000) } });
});

for (const codec of ['PCMA', 'G722', 'opus']) {
  test(`a file that is heard through ${codec} is like itself and not like another`, async () => {
    await passing(`
      const [a, b] = await phones(2, { codecs: ['${codec}'] });
      await connect(a, b);
      expect(b.codec).toBe('${codec}');
      const listening = Promise.all([b.listen('7s', { reference: 'woman.flac' }), b.listen('7s', { reference: file('man.flac') })]);
      a.sendAudio(file('woman.flac'));
      const [same, other] = await listening;
      log([same, other]);
      expect(same.similarity).toBeGreaterThan(0.85);
      expect(other.similarity).toBeLessThan(0.5);`, {}, { extra: spoken });
  });
}

test('a reference that is not there, and a call that ends or is none, fail at their line', async () => {
  const events = await passing(`
    const [a, b] = await phones(2);
    const failureOf = (promise) => promise.then(() => 'none', (error) => error.message);
    expect(await failureOf(b.listen())).toBe('listen on B: there is no call');
    await connect(a, b);
    expect(await failureOf(b.listen('1s', { reference: 'nowhere.wav' }))).toContain('nowhere.wav');
    const listening = failureOf(b.listen('20s'));
    a.hangup();
    expect(await listening).toBe('listen on B: the call ended');`);
  assert.equal(finished(events).passed, true);
});

test('a connection says whether one way is silent, or both', async () => {
  await passing(`
    const [a, b] = await phones(2);
    const failureOf = (promise) => promise.then(() => 'none', (error) => error.message);
    a.dial(b);
    await until(() => expect(b.state).toBe(State.Ringing));
    b.accept({ direction: 'sendonly' });
    await established(a, b);
    expect(await failureOf(verifyAudioConnection(a, b))).toMatch('^one way is silent, A → B: .*tone 1000 Hz not detected');
    expect(await failureOf(verifyAudioConnection(b, a))).toMatch('^one way is silent, A → B: ');
    await a.hangup();
    await idle(a, b);
    a.dial(b, { direction: 'inactive' });
    await until(() => expect(b.state).toBe(State.Ringing));
    b.accept();
    await established(a, b);
    expect(await failureOf(verifyAudioConnection(a, b))).toMatch('^both ways are silent, A → B and B → A: ');`);
});

for (const codec of ['PCMA', 'opus']) {
  test(`the delay between two agents is measured both ways through ${codec}, and what was said goes on`, async () => {
    await passing(`
      const [a, b] = await phones(2, { codecs: ['${codec}'] });
      a.sendAudio(tone(440));
      await connect(a, b);
      const delay = await audioDelay(a, b);
      log(delay);
      expect(delay).toBeGreaterThan(20);
      expect(delay).toBeLessThan(150);
      expect(await audioDelay(a, b)).toBeCloseTo(delay, 25);
      expect(await audioDelay(b, a)).toBeGreaterThan(20);
      await b.verifyAudio(440, '2s');
      await a.verifySilence('300ms');`);
  });
}

test('a delay cannot be measured without a call, nor where nothing is heard', async () => {
  await passing(`
    const [a, b] = await phones(2);
    const failureOf = (promise) => promise.then(() => 'none', (error) => error.message);
    expect(await failureOf(audioDelay(a, b))).toBe('audio delay A → B: there is no call');
    a.dial(b, { direction: 'recvonly' });
    await until(() => expect(b.state).toBe(State.Ringing));
    b.accept();
    await established(a, b);
    expect(await failureOf(audioDelay(a, b))).toMatch('^audio delay A → B: it was not (heard|sent)$');
    expect(await audioDelay(b, a)).toBeLessThan(150);`);
});

test('Rhai has the same', async () => {
  const { events } = await runText(`
    let a = agent("A", #{ username: "a", password: "x" });
    let b = agent("B", #{ username: "b", password: "x" });
    await_until(|| { expect(a.registered).to_be(true); expect(b.registered).to_be(true); }, "10s");
    a.send_audio(file("woman.flac"));
    a.dial(b);
    await_until(|| expect(b.state).to_be(State::Ringing));
    b.accept();
    await_until(|| expect(a.state).to_be(State::Established));
    expect(audio_delay(a, b)).to_be_less_than(150.0);
    b.verify_speech("3s");
    let heard = b.listen("5s", #{ reference: "woman.flac" });
    expect(heard.level_dbov).to_be_greater_than(-50.0);
    expect(heard.clipped).to_be(0.0);
    expect(heard.similarity).to_be_greater_than(0.5);`, {}, { name: 'test.rhai', extra: spoken });
  assert.equal(finished(events).passed, true, finished(events).error);
});

test('check knows them', async () => {
  for (const [name, good, bad, problem] of [
    ['test.js', "const b = new Agent('B', { username: 'b' });\nawait b.verifySpeech('1s');\nawait audioDelay(b, b);\nawait b.listen('1s', { reference: 'x.wav' });", "const b = new Agent('B', { username: 'b' });\nawait b.lisen();", /lisen/],
    ['test.rhai', 'let b = agent("B", #{ username: "b" });\nb.verify_speech("1s");\naudio_delay(b, b);\nb.listen("1s", #{ reference: "x.wav" });', 'let b = agent("B", #{ username: "b" });\nb.lisen();', /lisen/],
  ]) {
    assert.deepEqual(of((await runText(good, { mode: 'check' }, { name })).events, 'problem'), []);
    assert.match(of((await runText(bad, { mode: 'check' }, { name })).events, 'problem')[0].message, problem);
  }
});
