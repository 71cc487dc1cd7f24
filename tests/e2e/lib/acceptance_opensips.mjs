// The world of the acceptance checks with an OpenSIPS, for which a stand-in with real sockets answers: what it was asked for takes the place of what went over
// the wire. There the proxy sends SIP.
import assert from 'node:assert/strict';
import { TIMES, World } from './acceptance_world.mjs';
import { Proxy } from './opensips.mjs';

/** Commands that only look. */
const LOOKING = ['event_subscribe', 'dlg_list', 'ul_dump', 'x_settle'];

export class OpenSips extends World {
  static title = 'OpenSIPS';
  isExchange = false;
  proxy;

  /** `env` are settings of this world. */
  async begin(env = {}) {
    this.proxy = await Proxy.start('udp', '127.0.0.1:0');
    await this.serveAt(this.proxy, env);
    await this.proxy.ask('x_hang_up', { callid: 'x1' });
  }

  /** A server of its own at a stand-in that there is already. */
  async serveAt(proxy, env = {}) {
    this.proxy = proxy;
    await this.serve({
      env: {
        ...TIMES,
        CALLWRIGHT_CALL_API_CONNECTOR: 'opensips',
        CALLWRIGHT_OPENSIPS_MI: `udp:${proxy.where}`,
        CALLWRIGHT_OPENSIPS_ANSWER_TIMEOUT_MS: '1500',
        CALLWRIGHT_OPENSIPS_SUBSCRIPTION_S: '10',
        ...env,
      },
    });
    await this.server.printed(/OpenSIPS answers/);
    await this.open();
  }

  async leave() {
    await this.close();
    await this.proxy?.stop();
  }

  uri(user) {
    return `sip:${user}@p`;
  }

  /**
   * From now on answers and events are lost, doubled and late, or no more. INVITE is not repeated: when the answer to it is lost the command ends after up to
   * 32 s (RFC 3261 timer B), which is more than a test may take.
   */
  async faults(on) {
    await this.proxy.ask('x_faults', on ? { loss: 0.02, duplication: 0.2, max_delay_s: 0.05, spares: ['t_uac_dlg'] } : {});
  }

  async mark() {
    await this.proxy.settle();
    return this.proxy.commands.length;
  }

  /** What it was told to do since `mark`. */
  async #done(mark) {
    await this.proxy.settle();
    return this.proxy.commands.slice(mark).filter(({ method }) => !LOOKING.includes(method));
  }

  #ended(mark, callid) {
    return this.proxy.until(mark, ({ method, params }) => method === 'dlg_end_dlg' && params.dialog_id === callid, `the end of ${callid}`);
  }

  async #dialogs() {
    return (await this.proxy.ask('dlg_list')).Dialogs.map((dialog) => dialog.callid);
  }

  async expectFirstLeg(mark, { cmdId, caller, callee, callid }) {
    await this.#ended(mark, cmdId);
    const done = await this.#done(mark);
    assert.deepEqual(done.map(({ method }) => method), ['t_uac_dlg', 'call_transfer', 'dlg_end_dlg']);
    const [invite, transfer] = done;
    assert.equal(invite.params.method, 'INVITE');
    assert.equal(invite.params.ruri, this.uri(caller));
    assert.match(invite.params.headers, new RegExp(`^Call-ID: ${cmdId}\r$`, 'm'));
    assert.match(invite.params.body, /^c=IN IP4 0\.0\.0\.0/m);
    assert.deepEqual(transfer.params, { callid: cmdId, leg: 'callee', destination: this.uri(callee) });
    assert.deepEqual(await this.#dialogs(), [callid], 'the proxy has one dialog');
  }

  async hungUpAfter(mark, { cmdId }) {
    const end = await this.#ended(mark, cmdId);
    return end.time_ms - (await this.#done(mark)).find(({ method }) => /call_transfer|ua_session/.test(method)).time_ms;
  }

  async expectHungUp(mark, cmdId) {
    await this.#ended(mark, cmdId);
  }

  async expectNoReferral(mark) {
    assert.ok(!(await this.#done(mark)).some(({ method }) => method === 'call_transfer'));
  }

  /** It sends CANCEL when a call is ended that rings. */
  async expectCancelled(mark, phone, callid) {
    await this.#ended(mark, callid);
  }

  async expectNoHangUp(mark) {
    assert.deepEqual((await this.#done(mark)).map(({ method, params }) => params.method ?? method), ['INVITE']);
  }

  async expectThirdPartyControl(mark, { cmdId, callee }) {
    const done = await this.#done(mark);
    const session = done.find(({ method }) => method === 'ua_session_client_start');
    assert.equal(session.params.ruri, this.uri(callee));
    const invites = done.filter(({ params }) => params.method === 'INVITE');
    assert.equal(invites.length, 2, 'INVITE and re-INVITE');
    assert.ok(invites.every(({ params }) => params.headers.includes(`Call-ID: ${cmdId}\r\n`)));
    assert.ok(done.indexOf(session) < done.indexOf(invites[1]));
  }

  async expectTransfer(mark, { destination, callid, leg }) {
    await this.#ended(mark, callid);
    const [transfer, end, ...others] = await this.#done(mark);
    assert.deepEqual([transfer.method, transfer.params], ['call_transfer', { callid, leg, destination: this.uri(destination) }]);
    assert.deepEqual([end.method, end.params], ['dlg_end_dlg', { dialog_id: callid }]);
    assert.deepEqual(others, []);
  }

  /** Of these OpenSIPS makes Refer-To with Replaces. */
  async expectAttendedTransfer(mark, { calls: [callid, other] }) {
    await this.#ended(mark, callid);
    const done = await this.#done(mark);
    assert.deepEqual(done.map(({ method }) => method), ['call_transfer', 'dlg_end_dlg']);
    assert.deepEqual(done[0].params, { callid, leg: 'callee', transfer_callid: other, transfer_leg: 'callee' });
    const left = await this.#dialogs();
    assert.ok(!left.includes(callid) && !left.includes(other));
  }

  /** The proxy makes the descriptions; it is told what to do, and for whom. */
  async expectDirections(mark, directions) {
    const wanted = Object.values(directions);
    const last = (await this.#done(mark)).filter(({ method }) => /^call_(un)?hold$/.test(method)).at(-1);
    assert.equal(last.method, wanted.includes('inactive') || wanted.includes('sendonly') ? 'call_hold' : 'call_unhold');
    assert.equal(last.params.leg, wanted.includes('sendonly') ? 'caller' : undefined);
  }

  async expectHungUpOn(mark, users, callid) {
    await this.#ended(mark, callid);
  }

  async hangUp(callid) {
    await this.proxy.ask('x_hang_up', { callid });
  }

  registers(user) {
    return this.proxy.ask('x_register', { user });
  }

  unregisters(user) {
    return this.proxy.ask('x_unregister', { user });
  }
}
