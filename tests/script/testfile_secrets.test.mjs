import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskText, Secrets } from '../../src/script/library/testfile/secrets.mjs';
import { passes, runText } from './testfile_world.mjs';

const DOMAIN = '127.0.0.1:5060';

test('passwords are masked where they are written', () => {
  assert.equal(maskText('uanew <sip:a@h>;auth_pass=p|q;regint=0'), 'uanew <sip:a@h>;auth_pass=***;regint=0');
  assert.equal(maskText('dial sip:alice:secret@h'), 'dial sip:alice:***@h');
  assert.equal(maskText('ua1:dial sip:bob@h:5060'), 'ua1:dial sip:bob@h:5060');
});

test('passwords that are known are masked wherever they are', () => {
  const secrets = new Secrets();
  secrets.addFrom('uanew <sip:a@h>;auth_pass=first;auth_user=x');
  secrets.add('second');
  secrets.add(undefined);
  secrets.add('x');
  assert.equal(secrets.mask('first and second, not x'), '*** and ***, not x');
});

test('a password that is the name of the user, too, does not hide the names of agents', () => {
  const secrets = new Secrets();
  secrets.addFrom('uanew <sip:1000@h>;auth_pass=1000');
  assert.equal(secrets.mask('sip:1000@h has no call'), 'sip:1000@h has no call');
});

test('passwords are in no event, error or log', async () => {
  const secret = 'hunter2';
  const text = `_define ua1 sip:alice@${DOMAIN}\nlet mine = ${secret}\nuanew <ua1>;auth_pass=${secret}\nua1:dial sip:${secret}@${secret}.invalid`;
  const { verdict, host } = await runText(text, { domains: { [DOMAIN]: { alice: secret } } });
  assert.equal(verdict.passed, false);
  assert.doesNotMatch(JSON.stringify([verdict, host.events.filter(({ event }) => event !== 'phone_event')]), /hunter2/);
});

test('a password that a check finds in the wrong place is not told', async () => {
  const { verdict, host } = await runText('uanew <sip:alice@h>;auth_pass=hunter2|x;regnt=0');
  assert.equal(verdict.passed, false);
  assert.doesNotMatch(JSON.stringify([verdict, host.events]), /hunter2/);
});

test('what a phone logs is masked', async () => {
  const prepare = (host) => {
    const { createPhone } = host;
    host.createPhone = (...given) => {
      const phone = createPhone.apply(host, given);
      phone.say('log', { text: 'my password is hunter2' });
      return phone;
    };
  };
  const { host } = await passes('uanew <sip:alice@h>;regint=0;auth_pass=hunter2', { prepare });
  assert.ok(host.records().some(({ type, param }) => type === 'LOG' && param.endsWith('|my password is ***\n')));
});
