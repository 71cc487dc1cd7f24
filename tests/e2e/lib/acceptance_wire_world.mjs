// What the acceptance checks see of a world with real phones, whose SIP goes through a server that can be watched: messages on the wire.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Phones } from './acceptance_phones.mjs';
import { World } from './acceptance_world.mjs';
import { Wire } from './wire.mjs';

const tagOf = (value) => /;tag=([^;>]+)/.exec(value)?.[1];
const numberOf = (message) => Number(message.header('CSeq').split(' ')[0]);
const uriIn = (value) => /<([^>]+)>/.exec(value)[1];
const directionOf = (message) => /a=(sendrecv|sendonly|recvonly|inactive)/.exec(message.body ?? '')?.[1] ?? 'sendrecv';

export class WireWorld extends World {
  directory = mkdtempSync(join(tmpdir(), 'callwright-acceptance-'));
  phones = new Phones();
  /** Where the phones are registered: "127.0.0.1:5060". */
  registrar;
  wire;

  /** Registers the phones at `registrar`, whose messages `capture` has. */
  async watch(registrar, capture) {
    this.registrar = registrar;
    this.wire = new Wire(capture, registrar);
    await this.phones.start(registrar);
    await this.open();
  }

  async leave() {
    await this.phones.stop();
    await this.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  uri(user) {
    return `sip:${user}@${this.registrar}`;
  }

  /** From now on messages are lost on their way to phones, or no more. */
  async faults(on) {
    this.phones.lose(on);
  }

  mark() {
    return this.wire.mark();
  }

  /** The messages since `mark` of the legs that these wanted are in, in order. */
  async seen(mark, wanted) {
    return (await this.wire.since(mark)).filter(wanted);
  }

  /** A first leg as it should be: black hole, then REFER behind ACK, then INVITE to the callee, then a BYE in that very dialog. */
  async expectFirstLeg(mark, { cmdId, caller, callee, callid }) {
    const bye = await this.wire.until(mark, (one) => one.sent && one.method === 'BYE' && one.request && one.header('Call-ID') === cmdId, 'BYE to the first leg');
    const all = await this.seen(mark, () => true);
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
    // A proxy that hangs up by itself takes itself out of the route.
    const others = accepted.addresses('Record-Route').filter((address) => !address.includes(this.registrar));
    assert.deepEqual(bye.addresses('Route'), others.reverse());
    assert.deepEqual((await this.untilListed(1)).map((call) => call.callid), [callid], 'one call is left');
  }

  /** How long after the callee's refusal the first leg was hung up, in ms. */
  async hungUpAfter(mark, { cmdId, status }) {
    const bye = await this.wire.until(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.header('Call-ID') === cmdId, 'BYE to the first leg');
    const [refusal] = await this.seen(mark, (one) => !one.sent && one.status === status && one.method === 'INVITE');
    return bye.time_ms - refusal.time_ms;
  }

  async expectHungUp(mark, cmdId) {
    await this.wire.until(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.header('Call-ID') === cmdId, 'BYE to the first leg');
  }

  async expectNoReferral(mark) {
    assert.deepEqual((await this.seen(mark, (one) => one.request && one.method === 'REFER')).map((one) => one.start), []);
  }

  async expectCancelled(mark, phone) {
    await this.wire.until(mark, (one) => one.sent && one.request && one.method === 'CANCEL' && one.peer === phone, `CANCEL to ${phone}`);
    await this.wire.until(mark, (one) => !one.sent && one.status === 487 && one.peer === phone, `487 of ${phone}`);
  }

  /** The phone has hung up itself; it is not hung up on again. */
  async expectNoHangUp(mark, cmdId) {
    assert.deepEqual((await this.seen(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.header('Call-ID') === cmdId)).map((one) => one.start), []);
  }

  /** REFER goes to `party` and names `destination`; both old legs get BYE, after the destination has answered. */
  async expectTransfer(mark, { party, destination, hungUp }) {
    for (const user of hungUp) {
      await this.wire.until(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.peer === user, `BYE to ${user}`);
    }
    const all = await this.seen(mark, () => true);
    const refers = all.filter((one) => one.sent && one.request && one.method === 'REFER');
    assert.deepEqual(refers.map((one) => one.peer), [party]);
    assert.match(refers[0].header('Refer-To'), new RegExp(`^<?sip:${destination}@`));
    const answer = all.findIndex((one) => one.peer === destination && !one.sent && one.status === 200 && one.method === 'INVITE');
    const bye = all.findIndex((one) => one.sent && one.request && one.method === 'BYE');
    assert.ok(answer >= 0 && answer < bye, 'BYE comes behind the answer');
  }

  /** What the phones were told last by re-INVITE: { alice: "inactive" }. */
  async expectDirections(mark, directions) {
    for (const [user, direction] of Object.entries(directions)) {
      const offers = await this.seen(mark, (one) => one.sent && one.request && one.method === 'INVITE' && one.peer === user && tagOf(one.header('To')));
      assert.ok(offers.length > 0, `${user} gets a re-INVITE`);
      assert.equal(directionOf(offers.at(-1)), direction, user);
    }
  }

  async expectHungUpOn(mark, users) {
    for (const user of users) {
      await this.wire.until(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.peer === user, `BYE to ${user}`);
    }
  }

  /** One party hangs up by itself. */
  hangUp(callid, user) {
    return this.phones.hangUp(callid, user);
  }

  registers(user) {
    return this.phones.register(user);
  }

  unregisters(user) {
    return this.phones.unregister(user);
  }
}
