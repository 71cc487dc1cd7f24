// What clients of the OpenSIPS Call API rely on, and where this server does better, check by check, for each of the two connectors: with the exchange (phones are
// baresip, the odd ones scripted) and with OpenSIPS (a stand-in on real sockets; and OpenSIPS itself with those phones, where CALLWRIGHT_OPENSIPS names one). Checks 1 to 16, the protocol, are in protocol.test.mjs and, for every dialect
// and error style, in src/server/call_api/acceptance_test.cpp; check 47, the services of RFC 5359, is in docs/services.md with its tests. There is no check 25, 27,
// 34 or 46. C: as today's clients know it; S: better than there.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Phone } from '../interop/lib/phone.mjs';
import { Exchange } from './lib/acceptance_exchange.mjs';
import { OpenSips } from './lib/acceptance_opensips.mjs';
import { Proxied } from './lib/acceptance_proxy.mjs';
import { soak } from './lib/acceptance_soak.mjs';
import { callwright } from './lib/acceptance_tools.mjs';
import { STARTED_WELL, TRANSFERRED, dataOf, inOrder, told } from './lib/acceptance_world.mjs';
import { Proxy } from './lib/opensips.mjs';
import { program } from './lib/real_opensips.mjs';
import { Server } from './lib/server.mjs';

const LIMIT = { timeout: 60_000 };

/** Both phones are asked at once; which one agrees first is theirs to say. */
function expectHeld(messages, prefix) {
  const others = messages.filter(({ params }) => !params?.data?.leg);
  inOrder(others, ['Started', `${prefix}ing`, 'Ended']);
  assert.deepEqual([messages[0], messages[1], messages.at(-1)], others);
  for (const leg of ['caller', 'callee']) {
    inOrder(messages.filter(({ params }) => params?.data?.leg === leg), [`${prefix}Start`, `${prefix}Successful`]);
  }
}

/** Check 17 on whatever connection. */
async function startsWell(world, client = world.client, [from, to] = ['alice', 'bob']) {
  const mark = await world.mark();
  const cmdId = world.fresh();
  const [caller, callee] = [world.uri(from), world.uri(to)];
  const messages = await world.start(from, to, { cmd_id: cmdId }, client);
  inOrder(messages, STARTED_WELL);
  const { callid } = dataOf(messages, 'TransferStart');
  assert.notEqual(callid, cmdId);
  assert.deepEqual(dataOf(messages, 'CallerAnswered'), { callee, caller });
  assert.deepEqual(dataOf(messages, 'Transferring'), { caller, destination: callee });
  for (const { params } of messages.filter((one) => /^(TransferStart|TransferPending|CalleeAnswered)$/.test(one.params?.event))) {
    assert.deepEqual({ ...params.data, extra: undefined }, { callee, caller, callid, extra: undefined });
    assert.equal(typeof params.data.extra, params.event === 'TransferPending' ? 'string' : 'undefined');
  }
  await world.expectFirstLeg(mark, { cmdId, caller: from, callee: to, callid });
  await world.end(callid);
}

for (const Kind of [Exchange, OpenSips, ...(program() ? [Proxied] : [])]) {
  describe(`acceptance with ${Kind.title}`, () => {
    const world = new Kind();
    before(() => world.begin());
    after(() => world.leave());
    // What a check leaves behind when it fails is not to fail the next.
    afterEach(() => world.hangUpAll());

    const check = (number, what, body) => test(`check ${number}: ${what}`, LIMIT, () => body(world));

    check(17, 'C CallStart connects two phones, and says so step by step', (world) => startsWell(world));

    check(18, 'C a caller who is busy, not there or does not answer is named, and nobody gets REFER', async (world) => {
      for (const [caller, why] of [['busy', '486 Busy Here'], ['nobody', '404 Not Found'], ['silent', '408 Request Timeout']]) {
        const mark = await world.mark();
        inOrder(await world.start(caller, 'bob'), ['Started', `failed to establish initial call: ${why}`, 'Ended']);
        await world.expectNoReferral(mark);
      }
    });

    check(19, 'S a callee who is busy is named, and the first leg is hung up within a second', async (world) => {
      const mark = await world.mark();
      const cmdId = world.fresh();
      const messages = await world.start('alice', 'busy', { cmd_id: cmdId });
      inOrder(messages, ['Started', 'CallerAnswered', 'Transferring', 'TransferStart', 'TransferPending*', /^failed to reach the callee: 486 Busy Here$/, 'Ended']);
      const took = await world.hungUpAfter(mark, { cmdId, status: 486 });
      assert.ok(took < 1000, `after ${took} ms`);
    });

    // A phone that refuses REFER with 603, or never answers it, is connected all the same, by third-party call control (check 26): only when that fails, too, is
    // there an Error. OpenSIPS does not tell a refusal from silence.
    check(20, 'S a phone that refuses REFER with 603 or never answers it ends with Error and BYE when it cannot be helped', async (world) => {
      for (const caller of ['ignores603', 'ignores']) {
        const mark = await world.mark();
        const cmdId = world.fresh();
        const messages = await world.start(caller, 'busy', { cmd_id: cmdId });
        inOrder(messages, ['Started', 'CallerAnswered', 'Transferring', 'TransferStart', 'TransferPending*', 'failed to reach the callee: 486 Busy Here', 'Ended']);
        await world.expectHungUp(mark, cmdId);
      }
    });

    check(21, 'S a caller who hangs up as soon as he has answered ends with Error, and without a stray BYE', async (world) => {
      const mark = await world.mark();
      const cmdId = world.fresh();
      const messages = await world.start('quits', 'bob', { cmd_id: cmdId });
      // REFER may be on its way already.
      const names = told(messages).filter((name) => name !== 'Transferring');
      assert.deepEqual(names, ['Started', 'CallerAnswered', 'the caller hung up before the callee was connected', 'Ended']);
      await world.expectNoHangUp(mark, cmdId);
    });

    check(22, 'S a phone that sends no NOTIFY is connected like any other', async (world) => {
      const messages = await world.start('mute', 'erin');
      inOrder(messages, ['Started', 'CallerAnswered', 'Transferring', 'TransferStart', 'CalleeAnswered', 'Ended']);
      await world.end(dataOf(messages, 'TransferStart').callid);
    });

    check(23, 'S two CallStart at once on one connection, and 100 at once over 10, all end right', async (world) => {
      for (const [connections, each] of [[1, 2], [10, 10]]) {
        const clients = await Promise.all(Array.from({ length: connections }, () => world.another()));
        const callids = (await Promise.all(clients.map((client) => startMany(world, client, each)))).flat();
        assert.equal(new Set(callids).size, connections * each);
        const calls = await world.untilListed(connections * each);
        assert.ok(callids.every((callid) => calls.some((call) => call.callid === callid || call.leg === callid)));
        for (const callid of callids) {
          await world.end(callid);
        }
      }
    });

    check(26, 'S a phone that does not know REFER is connected by third-party call control, with the same events', async (world) => {
      for (const caller of ['norefer405', 'norefer501', 'ignores603']) {
        const mark = await world.mark();
        const cmdId = world.fresh();
        const messages = await world.start(caller, 'erin', { cmd_id: cmdId });
        inOrder(messages, STARTED_WELL);
        await world.expectThirdPartyControl(mark, { cmdId, callee: 'erin' });
        await world.end(dataOf(messages, 'TransferStart').callid);
      }
    });

    for (const [number, leg, party, other] of [[28, 'callee', 'bob', 'alice'], [29, 'caller', 'alice', 'bob']]) {
      check(number, `C a blind transfer of the ${leg} gives it REFER, and ends the old call when the destination has answered`, async (world) => {
        const callid = await world.connect('alice', 'bob');
        const mark = await world.mark();
        const destination = world.uri('carol');
        const messages = await world.run('CallBlindTransfer', { callid, leg, destination });
        inOrder(messages, TRANSFERRED);
        assert.deepEqual(dataOf(messages, 'Transferring'), { destination });
        const started = dataOf(messages, 'TransferStart');
        assert.notEqual(started.callid, callid);
        assert.match(started.destination, /^sip:carol[@-]/);
        assert.deepEqual(dataOf(messages, 'TransferSuccessful'), started);
        await world.expectTransfer(mark, { party, destination: 'carol', hungUp: [party, other], callid, leg });
        await world.end(started.callid);
      });
    }

    check(30, 'C an unknown Call-ID ends with 404; S a bad leg is refused', async (world) => {
      inOrder(await world.run('CallBlindTransfer', { callid: 'unknown', leg: 'callee', destination: world.uri('carol') }), ['Started', '404 Dialog not found', 'Ended']);
      const callid = await world.connect('alice', 'bob');
      const [refused] = await world.run('CallBlindTransfer', { callid, leg: 'both', destination: world.uri('carol') });
      assert.equal(refused.error.code, -32602);
      assert.match(refused.error.message, /^leg/);
      await world.end(callid);
    });

    check(31, 'S a busy target leaves the call as it was; a second transfer works, or says why not', async (world) => {
      const callid = await world.connect('alice', 'bob');
      const failed = await world.run('CallBlindTransfer', { callid, leg: 'callee', destination: world.uri('busy') });
      inOrder(failed, ['Started', 'Transferring', 'TransferStart', 'TransferPending*', 'failed to reach the destination: 486 Busy Here', 'Ended']);
      assert.equal((await world.info(callid)).state, 'up');
      const again = await world.run('CallBlindTransfer', { callid, leg: 'callee', destination: world.uri('carol') });
      inOrder(again, TRANSFERRED);
      await world.end(dataOf(again, 'TransferSuccessful').callid);
      await world.untilListed(0);
    });

    check(31, 'S a phone that does not follow REFER is transferred all the same, to somebody new and into a call that there is', async (world) => {
      for (const party of ['ignores603', 'ignores']) {
        const callid = await world.connect('dave', party);
        const blind = await world.run('CallBlindTransfer', { callid, leg: 'callee', destination: world.uri('erin') });
        inOrder(blind, TRANSFERRED);
        await world.end(dataOf(blind, 'TransferSuccessful').callid);
        await world.untilListed(0);
        const [first, second] = [await world.connect('dave', party), await world.connect('dave', 'erin')];
        const attended = await world.run('CallAttendedTransfer', { callidA: first, legA: 'callee', callidB: second, legB: 'callee' });
        inOrder(attended, TRANSFERRED);
        await world.end(dataOf(attended, 'TransferSuccessful').callid);
        await world.untilListed(0);
      }
    });

    check(32, 'C an attended transfer connects the two others and ends both old calls for who transferred', async (world) => {
      const [transferor, party, destination] = world.transferring;
      const [first, second] = [await world.connect(transferor, party), await world.connect(transferor, destination)];
      const mark = await world.mark();
      const messages = await world.run('CallAttendedTransfer', { callidA: first, legA: 'callee', callidB: second, legB: 'callee' });
      inOrder(messages, TRANSFERRED);
      const { callid } = dataOf(messages, 'TransferSuccessful');
      await world.expectAttendedTransfer(mark, { party, destination, transferor, calls: [first, second] });
      assert.deepEqual((await world.untilListed(1)).map((call) => call.callid), [callid]);
      await world.end(callid);
    });

    check(33, 'S an attended transfer to someone who is busy leaves both calls up', async (world) => {
      const [transferor, party] = world.transferring;
      const [first, second] = [await world.connect(transferor, party), await world.connect(transferor, 'occupied')];
      // With OpenSIPS the phone makes a new call, to which the target can be busy; the exchange asks the target within the call that it has.
      const others = world.isExchange ? {} : { destination: world.uri('busy') };
      const messages = await world.run('CallAttendedTransfer', { callidA: first, legA: 'callee', callidB: second, legB: 'callee', ...others });
      assert.match(told(messages).at(-2), /486 Busy Here/);
      assert.equal(told(messages).at(-1), 'Ended');
      for (const callid of [first, second]) {
        assert.equal((await world.info(callid)).state, 'up');
        await world.end(callid);
      }
    });

    check(35, 'C CallHold tells of both phones, each with a re-INVITE in which nothing flows', async (world) => {
      const callid = await world.connect('alice', 'bob');
      const mark = await world.mark();
      expectHeld(await world.run('CallHold', { callid }), 'CallHold');
      await world.expectDirections(mark, { alice: 'inactive', bob: 'inactive' });
      await world.end(callid);
    });

    check(36, 'C CallUnhold does the same the other way round', async (world) => {
      const callid = await world.connect('alice', 'bob');
      await world.run('CallHold', { callid });
      const mark = await world.mark();
      expectHeld(await world.run('CallUnhold', { callid }), 'CallUnhold');
      await world.expectDirections(mark, { alice: 'sendrecv', bob: 'sendrecv' });
      await world.end(callid);
    });

    check(37, 'C hold twice, unhold without hold, and a call that rings are refused', async (world) => {
      const callid = await world.connect('alice', 'bob');
      inOrder(await world.run('CallUnhold', { callid }), ['Started', '480 No dialog legs on hold', 'Ended']);
      await world.run('CallHold', { callid });
      inOrder(await world.run('CallHold', { callid }), ['Started', '480 Both dialog legs are on hold', 'Ended']);
      await world.end(callid);
      const ringing = await rings(world);
      inOrder(await world.run('CallHold', { callid: ringing.callid }), ['Started', '410 Dialog not ready', 'Ended']);
      await world.end(ringing.callid);
      await ringing.over();
    });

    check(38, 'S a phone that answers 488 is named, and the other one is taken back', async (world) => {
      const callid = await world.connect('alice', 'rigid');
      const mark = await world.mark();
      const messages = await world.run('CallHold', { callid });
      // OpenSIPS reports that a phone has refused, and not with which status.
      const names = told(messages).filter((name) => name !== 'CallHoldSuccessful');
      assert.deepEqual(names.slice(0, 4), ['Started', 'CallHolding', 'CallHoldStart', 'CallHoldStart']);
      assert.match(names[4], world.isExchange ? /^callee: 488 Not Acceptable Here$/ : /^callee: the phone has refused the re-INVITE/);
      assert.deepEqual(names.slice(5), ['Ended']);
      await world.expectDirections(mark, { alice: 'sendrecv' });
      await world.end(callid);
    });

    check(39, 'S two calls held at once from two connections do not mix; one leg alone is held', async (world) => {
      const [first, second] = [await world.connect('alice', 'bob'), await world.connect('dave', 'erin')];
      const other = await world.another();
      const both = await Promise.all([world.run('CallHold', { callid: first, cmd_id: 'one' }), world.run('CallHold', { callid: second, cmd_id: 'two' }, other)]);
      both.forEach((messages, index) => {
        expectHeld(messages, 'CallHold');
        assert.ok(messages.every(({ result, params }) => (result ?? params).cmd_id === ['one', 'two'][index]));
      });
      await world.end(second);
      await world.run('CallUnhold', { callid: first });
      const mark = await world.mark();
      const alone = await world.run('CallHold', { callid: first, leg: 'caller' });
      if (world.holdsOneParty) {
        expectHeld(alone, 'CallHold');
        await world.expectDirections(mark, { alice: 'sendonly', bob: 'recvonly' });
      } else {
        inOrder(alone, ['Started', '501 Not Implemented: OpenSIPS 3 holds both parties of a call; leave out leg, or use OpenSIPS 4', 'Ended']);
      }
      await world.end(first);
    });

    check(40, 'C CallEnd hangs up on both, cancels what rings, and names a call that there is not', async (world) => {
      const callid = await world.connect('alice', 'bob');
      let mark = await world.mark();
      await world.end(callid);
      await world.expectHungUpOn(mark, ['alice', 'bob'], callid);
      mark = await world.mark();
      const ringing = await rings(world);
      await world.end(ringing.callid);
      await world.expectCancelled(mark, 'silent', ringing.callid);
      await ringing.over();
      inOrder(await world.run('CallEnd', { callid: 'unknown' }), ['Started', '404 Requested Dialog not found', 'Ended']);
    });

    check(43, 'S new calls, a hang-up by a phone, and registrations are told to whoever asks, and calls are listed', async (world) => {
      const watcher = await world.another();
      watcher.request('Subscribe', {});
      await watcher.take(2);
      const callid = await world.connect('dave', 'erin');
      assert.deepEqual((await world.untilListed(1)).map((call) => [call.callid, call.state]), [[callid, 'up']]);
      assert.equal((await world.info(callid)).state, 'up');
      await world.hangUp(callid, 'dave');
      const names = await heard(watcher, ({ event, data }) => (data.callid === callid ? event : undefined), 'CallEnded');
      assert.deepEqual(names, ['CallStarted', ...(names.includes('CallRinging') ? ['CallRinging'] : []), 'CallAnswered', 'CallEnded']);
      await world.registers('nobody');
      await world.unregisters('nobody');
      assert.deepEqual(await heard(watcher, ({ event, data }) => (data.user === 'nobody' ? event : undefined), 'Unregistered'), ['Registered', 'Unregistered']);
    });

    check(44, 'S every command ends once, whatever goes wrong (a soak of 300 commands)', async (world) => {
      const { commands, problems } = await soak(world, { seed: 20200602, commands: 300, connections: 20 });
      assert.deepEqual(problems, []);
      assert.equal(commands, 300);
    });

    check(45, 'C callwright call prints all messages; its exit status is 0 behind Ended, 1 behind Error or an error answer', async (world) => {
      const call = (...args) => callwright('call', ...args, '--url', world.server.callApi);
      const started = await call('CallStart', `caller=${world.uri('dave')}`, `callee=${world.uri('erin')}`, '--json');
      assert.equal(started.code, 0, started.errors);
      const messages = started.lines.map((line) => JSON.parse(line));
      inOrder(messages, STARTED_WELL);
      await world.end(dataOf(messages, 'TransferStart').callid);
      assert.equal((await call('CallEnd', 'callid=unknown')).code, 1);
      assert.equal((await call('CallEnd')).code, 1);
      assert.equal((await call('Echo', 'text=a=b')).code, 0);
    });
  });
}

/** The exchange has no Management Interface, no subscriptions and no proxy behind it, so there is nothing like this. */
describe('acceptance with OpenSIPS, when something goes wrong with it', () => {
  const world = new OpenSips();
  const slow = new OpenSips();
  const alone = new OpenSips();
  const patient = { CALLWRIGHT_EXCHANGE_RING_TIMEOUT_MS: '20000', CALLWRIGHT_CALL_API_REFER_TIMEOUT_MS: '10000' };
  let late;
  let failedAt;
  before(async () => {
    await Promise.all([world.begin(patient), slow.begin({ ...patient, CALLWRIGHT_OPENSIPS_ANSWER_TIMEOUT_MS: '10000' }), alone.begin({ CALLWRIGHT_OPENSIPS_THIRD_PARTY: 'false' })]);
    // These take their time; the others run meanwhile.
    await slow.proxy.ask('x_faults', { answers_after_s: 5 });
    late = slow.start('alice', 'bob');
    late.catch(() => {});
    inOrder(await world.start('busy', 'bob'), ['Started', 'failed to establish initial call: 486 Busy Here', 'Ended']);
    failedAt = world.proxy.commands.length;
  });
  after(async () => {
    await Promise.all([world.leave(), slow.leave(), alone.leave()]);
  });

  test('check 20: S where there is no third-party call control, a REFER that is refused or not answered ends with Error and BYE', LIMIT, async () => {
    const mark = await alone.mark();
    const cmdId = alone.fresh();
    const messages = await alone.start('ignores', 'bob', { cmd_id: cmdId });
    inOrder(messages, ['Started', 'CallerAnswered', 'Transferring', 'failed to transfer the caller: 408 Request Timeout', 'Ended']);
    await alone.expectHungUp(mark, cmdId);
  });

  test('check 24: S answers that are lost are asked for again', LIMIT, async () => {
    await world.proxy.ask('x_faults', { lose_first: true });
    await world.end(await world.connect('alice', 'bob'));
  });

  test('check 24: S answers and events that come twice change nothing', LIMIT, async () => {
    await world.proxy.ask('x_faults', { duplication: 1 });
    await startsWell(world);
  });

  test('check 24: S answers and events in another order end well, too', LIMIT, async () => {
    await world.proxy.ask('x_faults', { max_delay_s: 0.1 });
    const messages = await world.start('alice', 'bob');
    assert.deepEqual(told(messages).slice(-2), ['CalleeAnswered', 'Ended']);
    await world.end(dataOf(messages, 'CalleeAnswered').callid);
  });

  test('check 41: S subscriptions are renewed, so that a connection works when the time of those of a failed command is over', LIMIT, async () => {
    await world.proxy.ask('x_faults', {});
    // 10 s here in the place of 120 s. The fourth renewal, one every 3.3 s, is behind that.
    const renewals = () => world.proxy.commands.slice(failedAt).filter(({ method, params }) => method === 'event_subscribe' && params.event === 'E_UL_CONTACT_INSERT').length;
    await world.proxy.until(failedAt, () => renewals() >= 4, 'subscriptions four times');
    await startsWell(world);
  });

  test('check 42: S a proxy that was restarted while nothing went on is subscribed to again', LIMIT, async () => {
    const { where } = world.proxy;
    await world.proxy.stop();
    world.proxy = await Proxy.start('udp', where);
    await world.proxy.ask('x_hang_up', { callid: 'x1' });
    await world.proxy.until(0, ({ method, params }) => method === 'event_subscribe' && params.event === 'E_CALL_TRANSFER', 'a subscription');
    await startsWell(world);
  });

  test('check 24: S while the proxy is away commands fail in time, and work when it is back', LIMIT, async () => {
    const { where } = world.proxy;
    await world.proxy.stop();
    const begun = performance.now();
    inOrder(await world.start('alice', 'bob'), ['Started', '503 OpenSIPS does not answer', 'Ended']);
    inOrder(await world.run('CallEnd', { callid: 'new1' }), ['Started', '503 OpenSIPS does not answer', 'Ended']);
    assert.ok(performance.now() - begun < 6000);
    world.proxy = await Proxy.start('udp', where);
    await world.proxy.ask('x_hang_up', { callid: 'x1' });
    await startsWell(world);
  });

  test('check 24: S answers may take five seconds', LIMIT, async () => {
    inOrder(await late, STARTED_WELL);
  });
});

if (program()) {
  test('checks 24 and 42: S a real OpenSIPS over Unix sockets that is away and comes back', LIMIT, async () => {
    const world = new Proxied('unix');
    await world.begin();
    try {
      await startsWell(world, world.client, ['dave', 'erin']);
      await world.proxy.end();
      inOrder(await world.start('dave', 'erin'), ['Started', '503 OpenSIPS does not answer', 'Ended']);
      await world.proxy.start();
      await world.phones.register('dave');
      await world.phones.register('erin');
      await startsWell(world, world.client, ['dave', 'erin']);
    } finally {
      await world.leave();
    }
  });
}

describe('acceptance of the command line', () => {
  test('check 45: S -v tells the version, and wrong usage and a server that is not there have a status of their own', LIMIT, async () => {
    for (const option of ['-v', '--version']) {
      const { code, lines } = await callwright(option);
      assert.equal(code, 0);
      assert.match(lines[0], /^callwright \d+\.\d+\.\d+$/);
    }
    assert.equal((await callwright('call')).code, 2);
    assert.equal((await callwright('call', 'Echo', '--url', 'ws://127.0.0.1:9/call-api')).code, 3);
  });

  // The tools of the OpenSIPS Call API look for call-api.yml; this server has a file of its own, and an order of its own (docs/configuration.md).
  test('check 45: S it starts on defaults without a file, else with that of the directory, else with the one that it is given', LIMIT, async () => {
    for (const [files, args, realm] of [[{}, [], 'callwright'], [{ 'callwright.toml': 'here' }, [], 'here'], [{ 'callwright.toml': 'here', 'other.toml': 'there' }, ['--config', 'other.toml'], 'there']]) {
      const server = await Server.start({ args, files: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, `[sip]\nrealm = "${text}"\n`])) });
      const phone = await Phone.connect('udp', server.sip, { user: 'alice', password: 'alice-demo', domain: server.sip });
      try {
        assert.equal(await realmOf(phone), realm);
      } finally {
        phone.close();
        assert.equal(await server.stop(), 0, server.output);
      }
    }
  });
});

/** The realm in the challenge to a REGISTER. */
async function realmOf(phone) {
  const call = { callId: 'realm', local: `<${phone.address}>;tag=1` };
  phone.request('REGISTER', `sip:${phone.domain}`, { call, cseq: 1, to: `<${phone.address}>` });
  const challenge = await phone.next((message) => message.status === 401, 'challenge');
  return /realm="([^"]*)"/.exec(challenge.header('WWW-Authenticate'))[1];
}

/** Starts `count` calls at once on one connection; gives their Call-IDs. */
async function startMany(world, client, count) {
  const byCommand = new Map();
  for (let index = 0; index < count; index += 1) {
    const cmdId = world.fresh();
    byCommand.set(cmdId, []);
    client.request('CallStart', { caller: world.uri('dave'), callee: world.uri('erin'), cmd_id: cmdId });
  }
  for (let ended = 0; ended < count;) {
    const message = await client.next();
    byCommand.get((message.result ?? message.params).cmd_id).push(message);
    ended += message.params?.event === 'Ended' ? 1 : 0;
  }
  return [...byCommand.values()].map((messages) => {
    inOrder(messages, STARTED_WELL);
    return dataOf(messages, 'TransferStart').callid;
  });
}

/** A CallStart of which the callee rings: { callid, over() }, where `over` checks that it fails and has ended. */
async function rings(world) {
  const client = await world.another();
  client.request('CallStart', { caller: world.uri('dave'), callee: world.uri('silent') });
  const messages = [];
  while (messages.at(-1)?.params?.event !== 'TransferStart') {
    messages.push(await client.next());
  }
  const over = async () => {
    messages.push(...(await client.untilEnded()));
    inOrder(messages, ['Started', 'CallerAnswered', 'Transferring', 'TransferStart', 'TransferPending*', /^failed to reach the callee: /, 'Ended']);
  };
  return { callid: dataOf(messages, 'TransferStart').callid, over };
}

/** What `watcher` hears of, as `name` has it, until `last`. */
async function heard(watcher, name, last) {
  const names = [];
  while (names.at(-1) !== last) {
    const found = name((await watcher.next()).params);
    if (found) {
      names.push(found);
    }
  }
  return names;
}
