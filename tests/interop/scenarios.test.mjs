// The examples of scenarios, with Kamailio as registrar and proxy in the place of the built-in exchange: mode P of most telephone systems, in which nobody but the
// phones themselves transfers and follows redirections.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { outcomes, runFile } from '../script/lib/run_file.mjs';
import { Kamailio } from './lib/kamailio.mjs';

const script = () => `
request_route {
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
  if (is_method("REGISTER")) {
    save("location");
    exit;
  }
  if (is_method("INVITE|SUBSCRIBE")) record_route();
  if (!lookup("location")) {
    sl_send_reply("404", "Not Found");
    exit;
  }
  t_relay();
}
`;

describe('scenarios against Kamailio', () => {
  let kamailio;
  before(async () => {
    kamailio = await Kamailio.start(script, { modules: ['usrloc', 'registrar'] });
  });
  after(() => kamailio?.stop());

  const folder = new URL('../../examples/scenarios/', import.meta.url).pathname;
  const run = (name, select) => runFile(folder + name, { exchange: false, select, timeout_ms: 20_000 }, undefined, { DOMAIN: kamailio.address });

  for (const name of ['call.js', 'suite.js', 'hold.js', 'transfer.js', 'forwarding.js', 'keys.js', 'messages.js', 'text.js', 'quality.ts', 'encrypted.js']) {
    test(name, async () => {
      const { events, status, stderr } = await run(name);
      assert.deepEqual(Object.values(outcomes(events)).filter((outcome) => outcome !== true), [], stderr);
      assert.equal(status, 0, `${stderr}${kamailio.output}`);
    });
  }
});
