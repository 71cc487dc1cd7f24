// deploy/opensips/opensips.cfg has what the connector relies on, and docs/opensips.md names it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');
/** Without comments. */
const config = read('deploy/opensips/opensips.cfg').replace(/^\s*#.*$/gm, '');
const loaded = [...config.matchAll(/^loadmodule "(\w+)\.so"$/gm)].map(([, name]) => name);
/** The lines of a route, in order. */
const route = (name) => new RegExp(`^route\\[${name}\\] \\{\n(.*?)^\\}`, 'ms').exec(config)[1];

test('loads a module for every command that the connector sends, and says which in its errors', () => {
  const modules = [...read('src/opensips/mi_client.cpp').matchAll(/\{"\w+", "(\w+):[\w:]+", "([\w ]+)"\}/g)];
  assert.equal(modules.length, 13);
  for (const [, prefix, named] of modules) {
    assert.equal(named, prefix === 'evi' ? 'the core' : prefix);
    assert.ok(prefix === 'evi' || loaded.includes(prefix), prefix);
  }
});

test('loads what carries commands and events, each module after those that it needs', () => {
  const needs = { callops: ['tm', 'dialog'], dialog: ['tm', 'rr'], registrar: ['usrloc', 'signaling'], b2b_entities: ['tm'], mi_datagram: [], event_datagram: [] };
  for (const [module, before] of Object.entries(needs)) {
    assert.ok(loaded.includes(module), module);
    before.forEach((needed) => assert.ok(loaded.indexOf(needed) >= 0 && loaded.indexOf(needed) < loaded.indexOf(module), `${needed} before ${module}`));
  }
});

test('raises every event that the connector subscribes to', () => {
  const owners = { E_CALL_TRANSFER: 'callops', E_CALL_HOLD: 'callops', E_DLG_STATE_CHANGED: 'dialog', E_UA_SESSION: 'b2b_entities', E_UL_CONTACT_INSERT: 'usrloc', E_UL_CONTACT_DELETE: 'usrloc' };
  const source = read('src/opensips/connector.cpp');
  const list = /events_of\(.*?\n\}/s.exec(source)[0];
  const subscribed = [...list.matchAll(/"(E_\w+)"/g)].map(([, name]) => name);
  assert.ok(subscribed.length >= 4);
  subscribed.forEach((event) => assert.ok(loaded.includes(owners[event]), event));
});

test('makes a dialog of each INVITE before it is relayed', () => {
  const lines = route('INVITE');
  const order = ['record_route()', 'create_dialog()', 'lookup("location")', 'route(RELAY)'].map((call) => lines.indexOf(call));
  assert.ok(order.every((at, index) => at >= 0 && (index === 0 || at > order[index - 1])), String(order));
});

test('answers the first NOTIFY of a REFER itself, drops the others, and ends the first leg of CallStart', () => {
  const lines = route('IN_DIALOG');
  const first = lines.indexOf('$rb =~ "^SIP/2.0 100"');
  const routed = lines.indexOf('if (loose_route())');
  const drop = lines.indexOf('if (is_method("NOTIFY") && $hdr(Event) =~ "^refer")\n\t\texit;');
  const own = lines.indexOf('$rU == "callwright"');
  assert.ok(first >= 0 && first < routed && routed < drop && drop < own, String([first, routed, drop, own]));
  assert.match(read('src/opensips/caller_leg.cpp'), /contact\.user = "callwright"/);
});

test('listens where the defaults of the configuration look, and on loopback alone', () => {
  const defaults = read('src/app/config_opensips.cpp');
  const [, management] = /modparam\("mi_datagram", "socket_name", "([^"]+)"\)/.exec(config);
  assert.ok(defaults.includes(`OpenSipsAddress::parse("${management}")`), management);
  const [, sip] = /^socket = udp:(\S+)$/m.exec(config);
  assert.ok(read('src/opensips/settings.hpp').includes(`"sip:${sip}"`), sip);
  assert.match(config, new RegExp(`"advertised_contact", "sip:${sip.replaceAll('.', '\\.')}"`));
  assert.deepEqual([...new Set(config.match(/\d+\.\d+\.\d+\.\d+/g))], ['127.0.0.1']);
  assert.match(config, /"pass_provisional_replies", 0\)/);
});

test('is explained', () => {
  const page = read('docs/opensips.md');
  for (const module of ['dialog', 'callops', 'b2b_entities', 'mi_datagram', 'event_datagram']) {
    assert.ok(page.includes(`\`${module}\``), module);
  }
});
