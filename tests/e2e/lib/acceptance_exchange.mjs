// The world of the acceptance checks with the built-in exchange: alice, bob and carol are baresip, whoever is odd is a scripted phone, and what went over the
// wire is read from the server's capture.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Baresip } from '../../interop/lib/baresip.mjs';
import { ScriptedPhone } from '../../interop/lib/scripted_phone.mjs';
import { TIMES, World } from './acceptance_world.mjs';
import { Wire } from './wire.mjs';

const BARESIP = ['alice', 'bob', 'carol'];
/** Others, and what is odd about them. "nobody" has no phone. */
const SCRIPTED = {
  dave: {},
  erin: {},
  busy: { invite: '486 Busy Here' },
  silent: { invite: '180 Ringing' },
  norefer405: { refer: '405 Method Not Allowed' },
  norefer501: { refer: '501 Not Implemented' },
  ignores603: { refer: '603 Decline' },
  ignores: { refer: 'ignore' },
  mute: { notifies: false },
  quits: { quits: true },
  rigid: { reinvite: '488 Not Acceptable Here' },
  occupied: { reinvite: '486 Busy Here' },
};

const tagOf = (value) => /;tag=([^;>]+)/.exec(value)?.[1];
const numberOf = (message) => Number(message.header('CSeq').split(' ')[0]);
const uriIn = (value) => /<([^>]+)>/.exec(value)[1];
const directionOf = (message) => /a=(sendrecv|sendonly|recvonly|inactive)/.exec(message.body ?? '')?.[1] ?? 'sendrecv';

export class Exchange extends World {
  static title = 'the exchange';
  isExchange = true;
  phones = {};
  #directory = mkdtempSync(join(tmpdir(), 'callwright-acceptance-'));
  #wire;

  async begin() {
    const config = join(this.#directory, 'callwright.toml');
    const capture = join(this.#directory, 'sip.pcap');
    const accounts = [...BARESIP, ...Object.keys(SCRIPTED), 'nobody'].map((user) => `[[accounts]]\nusername = "${user}"\npassword = "${user}-demo"\n`);
    writeFileSync(config, `[capture]\nfile = ${JSON.stringify(capture)}\n${accounts.join('')}`);
    await this.serve({ args: ['--config', config], env: { ...TIMES, CALLWRIGHT_SIP_T1_MS: '100' } });
    this.#wire = new Wire(capture, this.server.sip);
    await Promise.all([
      ...BARESIP.map(async (user) => {
        this.phones[user] = await Baresip.start(user, `${user}-demo`, this.server.sip);
      }),
      ...Object.entries(SCRIPTED).map(async ([user, script]) => {
        this.phones[user] = await ScriptedPhone.start(user, `${user}-demo`, this.server.sip, script);
      }),
    ]);
    await this.open();
  }

  async leave() {
    for (const phone of Object.values(this.phones)) {
      await (phone instanceof Baresip ? phone.stop() : phone.close());
    }
    await this.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  uri(user) {
    return `sip:${user}@${this.server.sip}`;
  }

  /** From now on messages are lost on their way to phones, or no more. */
  async faults(on) {
    for (const phone of Object.values(this.phones)) {
      if (phone instanceof ScriptedPhone) phone.loseEach(on ? 13 : 0);
    }
  }

  mark() {
    return this.#wire.mark();
  }

  /** The messages since `mark` of the legs that these wanted are in, in order. */
  async #seen(mark, wanted) {
    return (await this.#wire.since(mark)).filter(wanted);
  }

  /** A first leg as it should be: black hole, then REFER behind ACK, then INVITE to the callee, then a BYE in that very dialog. */
  async expectFirstLeg(mark, { cmdId, caller, callee, callid }) {
    const bye = await this.#wire.until(mark, (one) => one.sent && one.method === 'BYE' && one.request && one.header('Call-ID') === cmdId, 'BYE to the first leg');
    const all = await this.#seen(mark, () => true);
    const leg = all.filter((one) => one.header('Call-ID') === cmdId);
    const [invite] = leg;
    assert.equal(invite.method, 'INVITE');
    assert.equal(invite.peer, caller);
    assert.match(invite.body, /^c=IN IP4 0\.0\.0\.0/m);
    const accepted = leg.find((one) => one.status === 200 && one.method === 'INVITE');
    const ack = leg.find((one) => one.sent && one.method === 'ACK');
    const refer = leg.find((one) => one.sent && one.method === 'REFER');
    assert.ok(leg.indexOf(accepted) < leg.indexOf(ack) && leg.indexOf(ack) < leg.indexOf(refer), 'REFER comes behind ACK');
    assert.match(refer.header('Refer-To'), new RegExp(`^<?sip:${callee}@`));
    const second = all.find((one) => one.sent && one.request && one.method === 'INVITE' && one.peer === callee);
    assert.match(second.header('From'), new RegExp(`sip:${caller}@`));
    assert.ok(all.indexOf(refer) < all.indexOf(second), 'the callee is called because of REFER');
    assert.equal(tagOf(bye.header('To')), tagOf(accepted.header('To')));
    assert.equal(tagOf(bye.header('From')), tagOf(invite.header('From')));
    assert.ok(numberOf(bye) > numberOf(refer), 'CSeq rises');
    assert.equal(bye.uri, uriIn(accepted.header('Contact')));
    assert.deepEqual(bye.addresses('Route'), accepted.addresses('Record-Route').reverse());
    assert.deepEqual((await this.untilListed(1)).map((call) => call.callid), [callid], 'one call is left');
  }

  /** How long after the callee's refusal the first leg was hung up, in ms. */
  async hungUpAfter(mark, { cmdId, status }) {
    const bye = await this.#wire.until(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.header('Call-ID') === cmdId, 'BYE to the first leg');
    const [refusal] = await this.#seen(mark, (one) => !one.sent && one.status === status && one.method === 'INVITE');
    return bye.time_ms - refusal.time_ms;
  }

  async expectHungUp(mark, cmdId) {
    await this.#wire.until(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.header('Call-ID') === cmdId, 'BYE to the first leg');
  }

  async expectNoReferral(mark) {
    assert.deepEqual((await this.#seen(mark, (one) => one.request && one.method === 'REFER')).map((one) => one.start), []);
  }

  async expectCancelled(mark, phone) {
    await this.#wire.until(mark, (one) => one.sent && one.request && one.method === 'CANCEL' && one.peer === phone, `CANCEL to ${phone}`);
    await this.#wire.until(mark, (one) => !one.sent && one.status === 487 && one.peer === phone, `487 of ${phone}`);
  }

  /** The phone has hung up itself; it is not hung up on again. */
  async expectNoHangUp(mark, cmdId) {
    assert.deepEqual((await this.#seen(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.header('Call-ID') === cmdId)).map((one) => one.start), []);
  }

  /** The exchange itself has called the callee, without an offer, and then made the caller's phone an offer (RFC 3725 §4.4). */
  async expectThirdPartyControl(mark, { cmdId, callee }) {
    const all = await this.#seen(mark, (one) => one.sent && one.request && one.method === 'INVITE');
    const toCallee = all.find((one) => one.peer === callee);
    assert.equal(toCallee.body, '');
    const toCaller = all.filter((one) => one.header('Call-ID') === cmdId);
    assert.equal(toCaller.length, 2, 'INVITE and re-INVITE');
    assert.match(toCaller[1].body, /^m=audio/m);
    assert.ok(all.indexOf(toCallee) < all.indexOf(toCaller[1]));
  }

  /** REFER goes to `party` and names `destination`; both old legs get BYE, after the destination has answered. */
  async expectTransfer(mark, { party, destination, hungUp }) {
    for (const user of hungUp) {
      await this.#wire.until(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.peer === user, `BYE to ${user}`);
    }
    const all = await this.#seen(mark, () => true);
    const refers = all.filter((one) => one.sent && one.request && one.method === 'REFER');
    assert.deepEqual(refers.map((one) => one.peer), [party]);
    assert.match(refers[0].header('Refer-To'), new RegExp(`^<?sip:${destination}@`));
    const answer = all.findIndex((one) => one.peer === destination && !one.sent && one.status === 200 && one.method === 'INVITE');
    const bye = all.findIndex((one) => one.sent && one.request && one.method === 'BYE');
    assert.ok(answer >= 0 && answer < bye, 'BYE comes behind the answer');
  }

  /** With an attended transfer the exchange is the other side of each leg: its REFER leads to itself, with a token in the place of Replaces. */
  async expectAttendedTransfer(mark, { party, destination, transferor, calls }) {
    await this.expectTransfer(mark, { party, destination, hungUp: [transferor] });
    const [refer] = await this.#seen(mark, (one) => one.sent && one.request && one.method === 'REFER');
    assert.match(refer.header('Refer-To'), /;cw-command=\S+/);
    const ended = new Set((await this.#seen(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.peer === transferor)).map((one) => one.header('Call-ID')));
    for (const callid of calls) {
      assert.ok(ended.has(callid), `${transferor} is out of ${callid}`);
    }
  }

  /** What the phones were told last by re-INVITE: { alice: "inactive" }. */
  async expectDirections(mark, directions) {
    for (const [user, direction] of Object.entries(directions)) {
      const offers = await this.#seen(mark, (one) => one.sent && one.request && one.method === 'INVITE' && one.peer === user && tagOf(one.header('To')));
      assert.ok(offers.length > 0, `${user} gets a re-INVITE`);
      assert.equal(directionOf(offers.at(-1)), direction, user);
    }
  }

  async expectHungUpOn(mark, users) {
    for (const user of users) {
      await this.#wire.until(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.peer === user, `BYE to ${user}`);
    }
  }

  /** One party hangs up by itself. */
  hangUp(callid, user) {
    return this.phones[user].hangUp(callid);
  }

  async registers(user) {
    this.phones[user] = await ScriptedPhone.start(user, `${user}-demo`, this.server.sip);
  }

  async unregisters(user) {
    await this.phones[user].leave();
    delete this.phones[user];
  }
}
