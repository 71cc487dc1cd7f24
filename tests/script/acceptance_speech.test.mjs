// What agents understand of what they hear, and what they say: words, through each codec.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { passing } from './lib/passing.mjs';
import { finished, of, runText } from './lib/run_file.mjs';

const spoken = Object.fromEntries(['woman', 'man'].map((who) => [`${who}.flac`, readFileSync(new URL(`../fixtures/speech_${who}.flac`, import.meta.url))]));

for (const codec of ['PCMU', 'G722', 'opus']) {
  test(`words are recognised through ${codec}`, async () => {
    const events = await passing(`
      const [a, b] = await phones(2, { codecs: ['${codec}'] });
      await connect(a, b);
      expect(b.codec).toBe('${codec}');
      const heard = Promise.all([expect(b).toHear('change my reservation', '30s'), expect(b).toHear(/number is (four|five) seven one/, '30s')]);
      a.sendAudio(file('man.flac'));
      await heard;`, {}, { extra: spoken });
    const told = of(events, 'assertion').filter(({ expect }) => expect.startsWith('speech'));
    assert.deepEqual(told.map(({ label, expect, ok }) => [label, expect, ok]).sort(), [
      ['B', 'speech matching "number is (four|five) seven one" within 30s', true],
      ['B', 'speech with "change my reservation" within 30s', true],
    ]);
    assert.match(told[0].at, /test\.js:\d+:\d+$/);
  });
}

test('what is said is told with its words and their times, also where the call ends behind it', async () => {
  await passing(`
    const [a, b] = await phones(2, { codecs: ['G722'] });
    await connect(a, b);
    const listening = b.recognize('60s');
    const answer = expect(b).toHear('on its way', '60s');
    a.sendAudio(speech('Good morning. Your order is on its way.'));
    await answer;
    await a.hangup();
    const { text, words } = await listening;
    log(text);
    expect(text).toBe('good morning your order is on its way');
    expect(words.map((word) => word.text).join(' ')).toBe(text);
    for (const word of words) {
      expect(word.end).toBeGreaterThan(word.begin);
    }
    expect(words.at(-1).end).toBeLessThan(15000);`);
});

test('an agent answers one that asks', async () => {
  await passing(`
    const [caller, menu] = await phones(2, { codecs: ['PCMU'] });
    menu.sendAudio(speech('Welcome to the bank. Would you like to make an appointment?'));
    await connect(caller, menu);
    const asked = expect(caller).toHear('make an appointment', '30s');
    const answered = expect(menu).toHear('yes please', '60s');
    await asked;
    caller.sendAudio(speech('yes please'));
    await answered;`);
});

test('a failure says at its line what was heard instead; what must not be said fails as soon as it is', async () => {
  const events = await passing(`
    const [a, b] = await phones(2, { codecs: ['G722'] });
    const failureOf = (promise) => promise.then(() => 'none', (error) => error.message);
    expect(await failureOf(expect(b).toHear('welcome'))).toBe('B: expected speech with "welcome" within 10s, but was no call');
    await connect(a, b);
    expect(await failureOf(expect(b).toHear('welcome', '300ms'))).toBe('B: expected speech with "welcome" within 300ms, but was no words');
    const failures = Promise.all([failureOf(expect(b).toHear('our office is closed', '12s')), failureOf(expect(b).not.toHear('you have reached', '60s')), failureOf(expect(b).not.toHear('our office is closed', '8s'))]);
    a.sendAudio(file('woman.flac'));
    const [missing, unwanted, absent] = await failures;
    log([missing, unwanted, absent]);
    expect(missing).toMatch('^B: expected speech with "our office is closed" within 12s, but was ".*you have reached');
    expect(unwanted).toContain('B: expected no speech with "you have reached" within 60s, but was');
    expect(absent).toBe('none');`, {}, { extra: spoken });
  assert.ok(of(events, 'assertion').filter(({ ok }) => !ok).every(({ at }) => /test\.js:\d+/.test(at)));
});

for (const [what, call, problem] of [
  ['words that no dictionary has', "await expect(b).toHear('welcome to Zyxomma', '30s')", /toHear on B: "zyxomma" is not in the dictionary/],
  ['numbers that are not words', "await expect(b).toHear('press 1', '30s')", /toHear on B: "1" is not in the dictionary .*write numbers as words/],
  ['no words', "await expect(b).toHear('')", /toHear takes words or a regular expression/],
  ['somebody who is no agent', "await expect('b').toHear('welcome')", /toHear is about an agent/],
  ['a text with nothing to say', "a.sendAudio(speech('?!'))", /speech\("\?!"\): there is nothing to say/],
  ['a voice that there is not', "a.sendAudio(speech('hello', { voice: 'parrot' }))", /speech: there is no voice "parrot"/],
]) {
  test(`${what}: an error at that line`, async () => {
    const { events } = await runText(`
      const a = new Agent('A', { username: 'a', password: 'x' });
      const b = new Agent('B', { username: 'b', password: 'x' });
      await until(() => expect([a.registered, b.registered]).toEqual([true, true]), '10s');
      const dialled = a.dial(b);
      await until(() => expect(b.state).toBe(State.Ringing), '10s');
      b.accept();
      await dialled;
      ${call};`);
    assert.equal(finished(events).passed, false);
    assert.match(finished(events).error, problem);
    assert.match(finished(events).at, /test\.js:9:/);
  });
}

test('no more than eight recognise at once', async () => {
  await passing(`
    const [a, b] = await phones(2, { codecs: ['PCMU'] });
    await connect(a, b);
    const failureOf = (promise) => promise.then(() => 'none', (error) => error.message);
    const listening = Array.from({ length: 9 }, () => failureOf(b.recognize('2s')));
    const failures = await Promise.all(listening);
    expect(failures.filter((text) => text === 'none').length).toBe(8);
    expect(failures[8]).toContain('recognised in 8 places at once at most');
    expect((await b.recognize('300ms')).text).toBe('');`);
});

test('Rhai has the same', async () => {
  const { events } = await runText(`
    let a = agent("A", #{ username: "a", password: "x", codecs: ["PCMU"] });
    let b = agent("B", #{ username: "b", password: "x", codecs: ["PCMU"] });
    await_until(|| { expect(a.registered).to_be(true); expect(b.registered).to_be(true); }, "10s");
    a.send_audio(speech("I would like to change my reservation", #{ voice: "man" }));
    a.dial(b);
    await_until(|| expect(b.state).to_be(State::Ringing), "10s");
    b.accept();
    expect(b).to_hear("change my reservation", "30s");
    assert(b).does_not_hear("reservation", "300ms");
    a.send_audio(speech("The number is four seven one"));
    assert(b).hears(regex("four .* one"), "30s");
    let heard = b.recognize("300ms");
    expect(heard.words.len() > 100).to_be(false);`, {}, { name: 'test.rhai' });
  assert.equal(finished(events).passed, true, finished(events).error);
});

test('check knows them', async () => {
  for (const [name, good, bad, problem] of [
    ['test.js', "const b = new Agent('B', { username: 'b' });\nb.sendAudio(speech('hello'));\nawait b.recognize('1s');\nawait expect(b).toHear('hello');", "const b = new Agent('B', { username: 'b' });\nawait expect(b).toHea('hello');", /toHea/],
    ['test.rhai', 'let b = agent("B", #{ username: "b" });\nb.send_audio(speech("hello"));\nb.recognize("1s");\nassert(b).hears("hello", "5s");', 'let b = agent("B", #{ username: "b" });\nb.recognise();', /recognise/],
  ]) {
    assert.deepEqual(of((await runText(good, { mode: 'check' }, { name })).events, 'problem'), []);
    assert.match(of((await runText(bad, { mode: 'check' }, { name })).events, 'problem')[0].message, problem);
  }
});
