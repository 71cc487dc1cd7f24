// The world of the acceptance checks with the built-in exchange: what went over the wire is read from the server's capture.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { USERS } from './acceptance_phones.mjs';
import { WireWorld } from './acceptance_wire_world.mjs';
import { TIMES } from './acceptance_world.mjs';

export class Exchange extends WireWorld {
  static title = 'the exchange';
  isExchange = true;

  async begin() {
    const config = join(this.directory, 'callwright.toml');
    const capture = join(this.directory, 'sip.pcap');
    const accounts = USERS.map(({ user, password }) => `[[accounts]]\nusername = "${user}"\npassword = "${password}"\n`);
    writeFileSync(config, `[capture]\nfile = ${JSON.stringify(capture)}\n${accounts.join('')}`);
    await this.serve({ args: ['--config', config], env: { ...TIMES, CALLWRIGHT_SIP_T1_MS: '100' } });
    await this.watch(this.server.sip, capture);
  }

  /** The exchange itself has called the callee, without an offer, and then made the caller's phone an offer (RFC 3725 §4.4). */
  async expectThirdPartyControl(mark, { cmdId, callee }) {
    const all = await this.seen(mark, (one) => one.sent && one.request && one.method === 'INVITE');
    const toCallee = all.find((one) => one.peer === callee);
    assert.equal(toCallee.body, '');
    const toCaller = all.filter((one) => one.header('Call-ID') === cmdId);
    assert.equal(toCaller.length, 2, 'INVITE and re-INVITE');
    assert.match(toCaller[1].body, /^m=audio/m);
    assert.ok(all.indexOf(toCallee) < all.indexOf(toCaller[1]));
  }

  /** With an attended transfer the exchange is the other side of each leg: its REFER leads to itself, with a token in the place of Replaces. */
  async expectAttendedTransfer(mark, { party, destination, transferor, calls }) {
    await this.expectTransfer(mark, { party, destination, hungUp: [transferor] });
    const [refer] = await this.seen(mark, (one) => one.sent && one.request && one.method === 'REFER');
    assert.match(refer.header('Refer-To'), /;cw-command=\S+/);
    const ended = new Set((await this.seen(mark, (one) => one.sent && one.request && one.method === 'BYE' && one.peer === transferor)).map((one) => one.header('Call-ID')));
    for (const callid of calls) {
      assert.ok(ended.has(callid), `${transferor} is out of ${callid}`);
    }
  }
}
