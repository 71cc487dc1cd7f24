// The world of the acceptance checks with an OpenSIPS as it is, and real phones: what went over the wire is read from a capture of loopback.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { WireWorld } from './acceptance_wire_world.mjs';
import { TIMES } from './acceptance_world.mjs';
import { RealOpenSips, version } from './real_opensips.mjs';

export class Proxied extends WireWorld {
  static title = 'a real OpenSIPS';
  isExchange = false;
  holdsOneParty = version() >= 4;
  /** The phone itself makes INVITE with Replaces, which baresip 1.0 cannot. */
  transferring = ['dave', 'erin', 'mute'];
  proxy;
  #kind;

  /** Commands and events go over sockets of this kind, "udp" or "unix". */
  constructor(kind = 'udp') {
    super();
    this.#kind = kind;
  }

  async begin() {
    this.proxy = await RealOpenSips.start(this.directory, this.#kind);
    await this.serve({
      env: {
        ...TIMES,
        CALLWRIGHT_CALL_API_CONNECTOR: 'opensips',
        CALLWRIGHT_OPENSIPS_MI: this.proxy.management,
        CALLWRIGHT_OPENSIPS_EVENTS: this.#kind === 'unix' ? `unix:${join(this.directory, 'events.sock')}` : 'udp:127.0.0.1:0',
        CALLWRIGHT_OPENSIPS_SIP_URI: `sip:${this.proxy.sip}`,
      },
    });
    await this.server.printed(/OpenSIPS answers/);
    await this.watch(this.proxy.sip, join(this.directory, 'sip.pcap'));
  }

  async leave() {
    await super.leave();
    await this.proxy?.stop();
  }

  /** OpenSIPS has called the callee with what the caller's phone had answered, and the phone is then offered what the callee has answered. */
  async expectThirdPartyControl(mark, { cmdId, callee }) {
    const all = await this.seen(mark, (one) => one.sent && one.request && one.method === 'INVITE');
    const toCallee = all.find((one) => one.peer === callee);
    assert.match(toCallee.body, /^m=audio/m);
    const toCaller = all.filter((one) => one.header('Call-ID') === cmdId);
    assert.equal(toCaller.length, 2, 'INVITE and re-INVITE');
    assert.ok(all.indexOf(toCallee) < all.indexOf(toCaller[1]));
  }

  /** The party calls the destination with Replaces; call A is ended, and the phone that was replaced ends call B itself. */
  async expectAttendedTransfer(mark, { party, destination, transferor, calls }) {
    await this.expectTransfer(mark, { party, destination, hungUp: [transferor] });
    const [refer] = await this.seen(mark, (one) => one.sent && one.request && one.method === 'REFER');
    assert.match(refer.header('Refer-To'), /[?&]Replaces=/);
    for (const callid of calls) {
      await this.wire.until(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.peer === transferor && one.header('Call-ID') === callid, `the end of ${callid}`);
    }
  }
}
