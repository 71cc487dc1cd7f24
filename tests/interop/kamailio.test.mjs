// Kamailio as a registrar that the built binary calls through, forking to several phones, and as what chooses between two exchanges.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { Kamailio } from './lib/kamailio.mjs';
import { Phone } from './lib/phone.mjs';

const ENV = { CALLWRIGHT_SIP_T1_MS: '100' };

/** What belongs to a call that has been routed goes its way, whoever sends it. */
const KNOWN_CALLS = `\
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
`;

/** A registrar with digest for REGISTER and, as a trunk has it, for INVITE of the exchange ("exchange", "trunk-secret"); several phones of a user ring at once. */
const REGISTRAR = () => `
request_route {
${KNOWN_CALLS}  if (is_method("REGISTER")) {
    $var(secret) = $tU + "-secret";
    if (!pv_www_authenticate("kamailio.test", "$var(secret)", "0")) {
      www_challenge("kamailio.test", "1");
      exit;
    }
    save("location");
    exit;
  }
  if (!pv_proxy_authenticate("kamailio.test", "trunk-secret", "0")) {
    proxy_challenge("kamailio.test", "1");
    exit;
  }
  record_route();
  if (!lookup("location")) {
    sl_send_reply("404", "Not Found");
    exit;
  }
  t_relay();
}
`;

/** Sends every request to the first of two exchanges, and to the second when that one is silent or unavailable. */
const FAIL_OVER = (first, second) => () => `
request_route {
${KNOWN_CALLS}  record_route();
  $du = "sip:${first}";
  t_on_failure("SECOND");
  t_relay();
}
failure_route[SECOND] {
  if (t_is_canceled()) exit;
  if (t_branch_timeout() || t_check_status("503")) {
    $du = "sip:${second}";
    t_relay();
  }
}
`;

describe('Kamailio as the registrar that the exchange has a route to', () => {
  let directory;
  let kamailio;
  let server;
  let alice;
  let phones = [];

  /** A phone that is registered at Kamailio. */
  async function registered(user, password = `${user}-secret`) {
    const phone = await Phone.connect('udp', kamailio.address, { user, password, domain: kamailio.address });
    const accepted = await phone.register();
    phones.push(phone);
    return { phone, status: accepted.status };
  }

  /** Two phones that ring at once for a call of alice's to `team`. */
  async function ringing() {
    const [one, other] = [(await registered('team')).phone, (await registered('team')).phone];
    const out = await alice.call('team');
    const calls = [await one.incoming(), await other.incoming()];
    calls.forEach((call) => call.respond('180 Ringing'));
    await out.response(180);
    return [out, ...calls];
  }

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'callwright-route-'));
    kamailio = await Kamailio.start(REGISTRAR, { modules: ['usrloc', 'registrar', 'auth'], parameters: ['registrar append_branches 1', 'usrloc db_mode 0'] });
    const config = join(directory, 'callwright.toml');
    writeFileSync(config, `[[routes]]\nuser = "*"\ntarget = "sip:${kamailio.address}"\nusername = "exchange"\npassword = "trunk-secret"\n`);
    server = await Server.start({ args: ['--config', config], env: ENV });
    alice = await Phone.connect('udp', server.sip, { user: 'alice', password: 'alice-demo', domain: server.sip });
  });
  afterEach(async () => {
    const left = await Promise.all(phones.splice(0).map((phone) => phone.leave()));
    left.forEach((gone) => assert.ok(gone.status === 200 || gone.status === 401));
  });
  after(async () => {
    alice?.close();
    rmSync(directory, { recursive: true, force: true });
    await kamailio?.stop();
    assert.equal(await server?.stop(), 0);
  });

  test('a call goes there with the credentials of the route, and either side hangs up', async () => {
    const { phone, status } = await registered('dave');
    assert.equal(status, 200);
    assert.equal((await registered('eve', 'wrong')).status, 401);
    for (const last of ['caller', 'callee']) {
      const out = await alice.call('dave');
      const into = await phone.incoming();
      assert.match(into.invite.header('Proxy-Authorization'), /username="exchange"/);
      await into.answer();
      assert.equal((await out.final()).status, 200);
      const [from, to] = last === 'caller' ? [out, into] : [into, out];
      const hangUp = from.hangUp();
      await to.ok('BYE');
      assert.equal((await hangUp).status, 200);
    }
  });

  test('a user that it does not know gets 404', async () => {
    const out = await alice.call('nobody');
    assert.equal((await out.final()).status, 404);
  });

  test('of two phones that ring, the one that does not answer is cancelled', async () => {
    const [out, one, other] = await ringing();
    const accepted = one.accept();
    await other.ok('CANCEL');
    other.respond('487 Request Terminated');
    assert.equal((await out.final()).status, 200);
    await accepted;
    const hangUp = out.hangUp();
    await one.ok('BYE');
    assert.equal((await hangUp).status, 200);
  });

  test('of two phones that answer at once, one gets ACK and BYE, and the call goes on with the other', async () => {
    const [out, one, other] = await ringing();
    const accepted = [one.accept(), other.accept()];
    assert.equal((await out.final()).status, 200);
    await Promise.all(accepted);
    // Whoever the exchange did not choose is hung up; the caller's BYE is the other's.
    const ended = [one, other].map((call) => call.ok('BYE').then(() => call));
    const loser = await Promise.race(ended);
    const winner = loser === one ? other : one;
    const digit = winner.request('INFO', { body: 'Signal=1\r\n', type: 'application/dtmf-relay' });
    await out.ok('INFO');
    assert.equal((await digit).status, 200);
    const hangUp = out.hangUp();
    await Promise.all(ended);
    assert.equal((await hangUp).status, 200);
  });

  test('a caller who gives up cancels all that ring', async () => {
    const [out, one, other] = await ringing();
    out.cancel();
    for (const call of [one, other]) {
      await call.ok('CANCEL');
      call.respond('487 Request Terminated');
    }
    assert.equal((await out.next((message) => message.status >= 200 && message.method === 'INVITE')).status, 487);
  });
});

describe('Kamailio in front of two exchanges', () => {
  const servers = [];
  let kamailio;
  let alice;
  const bobs = [];

  /** A call of alice's that `bob` answers: [alice's side, bob's side]. */
  async function connected(bob) {
    const out = await alice.call('bob');
    const into = await bob.incoming();
    await into.answer();
    assert.equal((await out.final()).status, 200);
    return [out, into];
  }

  async function hungUp([out, into]) {
    const hangUp = out.hangUp();
    await into.ok('BYE');
    assert.equal((await hangUp).status, 200);
  }

  before(async () => {
    for (const _ of ['first', 'second']) {
      const server = await Server.start({ env: { ...ENV, CALLWRIGHT_SIP_DOMAINS: 'pbx.test' } });
      servers.push(server);
      const bob = await Phone.connect('udp', server.sip, { user: 'bob', password: 'bob-demo', domain: 'pbx.test' });
      assert.equal((await bob.register()).status, 200);
      bobs.push(bob);
    }
    kamailio = await Kamailio.start(FAIL_OVER(servers[0].sip, servers[1].sip), { parameters: ['tm fr_timer 500', 'tm failure_reply_mode 3'] });
    alice = await Phone.connect('udp', kamailio.address, { user: 'alice', password: 'alice-demo', domain: 'pbx.test' });
  });
  after(async () => {
    [alice, ...bobs].forEach((phone) => phone?.close());
    await kamailio?.stop();
    for (const server of servers) {
      assert.equal(await server.stop(), 0);
    }
  });

  test('calls go to the first, to the second while the first finishes its calls, and when it is gone', async () => {
    const [first] = servers;
    const before = await connected(bobs[0]);
    const stopped = first.stop();
    await first.printed(/^stopping/);
    await hungUp(await connected(bobs[1]));
    // The call in progress was not disturbed.
    await hungUp(before);
    assert.equal(await stopped, 0);
    await hungUp(await connected(bobs[1]));
  });
});
