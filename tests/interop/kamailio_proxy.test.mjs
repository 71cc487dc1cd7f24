// Kamailio as the proxy in front of the built binary: phones know only Kamailio, which record-routes.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../e2e/lib/server.mjs';
import { Authority } from './lib/certificates.mjs';
import { Kamailio } from './lib/kamailio.mjs';
import { Phone, SDP } from './lib/phone.mjs';

const DOMAIN = 'pbx.test';

let authority;
let certificates;

/** How phones reach a proxy, and how it reaches the exchange and is reached from there. */
const WAYS = [
  { outside: 'udp', inside: 'udp' },
  { outside: 'tcp', inside: 'tcp' },
  { outside: 'tls', inside: 'tls' },
  { outside: 'ws', inside: 'udp' },
  { outside: 'udp', inside: 'tcp' },
];

const parameter = (transport) => (transport === 'udp' ? '' : `;transport=${transport}`);

/** A proxy that hands everything new from phones to the exchange and keeps itself on the way, into registrations with Path. */
const script = (exchange, inside) => (own) => `
request_route {
  route(ALIAS);
  if (is_method("CANCEL")) {
    if (t_check_trans()) t_relay();
    exit;
  }
  if (has_totag()) {
    if (loose_route()) {
      handle_ruri_alias();
      t_on_reply("REPLY");
      t_relay();
      exit;
    }
    if (is_method("ACK")) {
      if (t_check_trans()) t_relay();
      exit;
    }
    sl_send_reply("404", "Not here");
    exit;
  }
  t_check_trans();
  if (is_method("INVITE")) record_route();
  t_on_reply("REPLY");
  loose_route();
  if ($du != $null) {
    # From the exchange, along the Path of a registration, which says where the phone is.
    t_relay();
    exit;
  }
  if (is_method("REGISTER")) append_hf("Path: <sip:${inside === 'tls' ? own.tls : own.address}${parameter(inside)};lr;received=sip:$si:$sp%3Btransport=$(proto{s.tolower})>\\r\\n");
  $du = "sip:${exchange}${parameter(inside)}";
  t_relay();
}
route[ALIAS] {
  # The way back to a phone that only its connection leads to.
  if ($ct =~ "[.]invalid") add_contact_alias();
}
onreply_route[REPLY] {
  route(ALIAS);
}
event_route[xhttp:request] {
  if ($hdr(Upgrade) =~ "websocket" && $hdr(Sec-WebSocket-Protocol) =~ "sip" && ws_handle_handshake()) exit;
  xhttp_reply("404", "Not Found", "", "");
}
`;

async function registered(proxy, transport, user) {
  const address = transport === 'tls' ? proxy.tls : proxy.address;
  const phone = await Phone.connect(transport, address, { user, password: `${user}-secret`, domain: DOMAIN, ca: authority.pem });
  const accepted = await phone.register();
  assert.equal(accepted.status, 200, accepted.start);
  assert.match(accepted.header('Path'), /;lr;received=/);
  return phone;
}

async function startExchange() {
  const config = join(authority.directory, 'callwright.toml');
  const accounts = ['alice', 'bob'].map((user) => `[[accounts]]\nusername = "${user}"\npassword = "${user}-secret"\n`).join('');
  writeFileSync(
    config,
    `[sip]\ndomains = ["${DOMAIN}"]\ntls_ca_file = "${authority.file}"\n${accounts}` +
      `[[listeners]]\ntransport = "tls"\naddress = "127.0.0.1:0"\n[[certificates]]\nchain = "${certificates.chain}"\nkey = "${certificates.key}"\n`,
  );
  return Server.start({ args: ['--config', config], env: { CALLWRIGHT_SIP_T1_MS: '100' } });
}

for (const { outside, inside } of WAYS) {
  describe(`Kamailio between phones over ${outside} and the exchange over ${inside}`, () => {
    let server;
    let proxy;
    let alice;
    let bob;

    /** A call from one to the other, talking: [caller's side, callee's side]. */
    async function connected(caller, callee, user) {
      const out = await caller.call(user);
      const into = await callee.incoming();
      await into.answer();
      assert.equal((await out.final()).status, 200);
      return [out, into];
    }

    before(async () => {
      authority = new Authority();
      certificates = authority.issue('IP:127.0.0.1');
      server = await startExchange();
      proxy = await Kamailio.start(script(server.transports[inside], inside), { modules: ['xhttp', 'websocket'], certificates });
      alice = await registered(proxy, outside, 'alice');
      bob = await registered(proxy, outside, 'bob');
    });
    after(async () => {
      const left = await Promise.all([alice, bob].map((phone) => phone?.leave()));
      await proxy?.stop();
      authority.remove();
      assert.equal(await server?.stop(), 0);
      left.forEach((gone) => assert.equal(gone.status, 200));
    });

    test('a call takes the proxy both ways and the caller hangs up', async () => {
      const [out, into] = await connected(alice, bob, 'bob');
      // The proxy stands in both dialogs, twice where the transport changes.
      const count = outside === inside ? 1 : 2;
      assert.equal(out.routes.length, count, out.routes.join());
      assert.equal(into.routes.length, count, into.routes.join());
      const hangUp = out.hangUp();
      const bye = await into.ok('BYE');
      assert.equal(bye.all('Via').length, 2, 'the BYE did not come through the proxy');
      assert.equal((await hangUp).status, 200);
    });

    test('the callee hangs up', async () => {
      const [out, into] = await connected(bob, alice, 'alice');
      const hangUp = into.hangUp();
      await out.ok('BYE');
      assert.equal((await hangUp).status, 200);
    });

    test('re-INVITE, UPDATE and INFO within the dialog go along it, from either side', async () => {
      const [out, into] = await connected(alice, bob, 'bob');
      for (const [from, to] of [[out, into], [into, out]]) {
        const hold = from.request('INVITE', { body: `${SDP}a=sendonly\r\n` });
        const offered = await to.expect('INVITE');
        assert.match(offered.body, /a=sendonly/);
        await to.accept(offered, `${SDP}a=recvonly\r\n`);
        const held = await hold;
        assert.equal(held.status, 200);
        assert.match(held.body, /a=recvonly/);
        const update = from.request('UPDATE', { body: SDP });
        to.respond('200 OK', { to: await to.expect("UPDATE"), body: SDP });
        assert.equal((await update).status, 200);
        const digit = from.request('INFO', { body: 'Signal=5\r\nDuration=160\r\n', type: 'application/dtmf-relay' });
        await to.ok('INFO');
        assert.equal((await digit).status, 200);
      }
      const hangUp = out.hangUp();
      await into.ok('BYE');
      assert.equal((await hangUp).status, 200);
    });

    test('CANCEL reaches the ringing phone and both get 487', async () => {
      const out = await alice.call('bob');
      const into = await bob.incoming();
      into.respond('180 Ringing');
      await out.response(180);
      out.cancel();
      await into.ok('CANCEL');
      into.respond('487 Request Terminated');
      assert.equal((await out.next((message) => message.status >= 200 && message.method === 'INVITE')).status, 487);
    });

    test('a busy phone is heard through the proxy', async () => {
      const out = await alice.call('bob');
      const into = await bob.incoming();
      into.respond('486 Busy Here');
      assert.equal((await out.final()).status, 486);
    });
  });
}
