// The border between scripts and the host: names, values and places.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { run } from '../../src/script/library/rhai.mjs';
import { AssertionError, FakeHost } from './lib/fake_host.mjs';
import { failure, place, value } from './lib/rhai.mjs';

const AGENT = 'let a = agent("A", #{ username: "a", domain: "d", display_name: "Alice", metadata: #{ x: 1.0, keepCase: [1] } });';
const PAIR = `${AGENT} let b = agent("B", #{ username: "b", domain: "d" });`;

describe('names', () => {
  test('methods and properties in the spelling of Rhai reach those of the host', async () => {
    const host = new FakeHost();
    host.thing = { howMany: 3, doThat: (a, b) => a + b };
    host.getThing = () => Object.create(host.thing);
    assert.equal(await value('let t = get_thing(); [t.how_many, t.do_that(1, 2)]', { host }), '[3, 3]');
  });

  test('functions of the host that no table knows can be called', async () => {
    const host = new FakeHost();
    host.somethingNew = async (a, b) => ({ sumOf: a + b });
    assert.equal(await value('something_new(1, 2).sum_of', { host }), '3');
  });

  test('what the host has for front ends is no function of scripts', async () => {
    assert.equal((await failure('take_label()')).message, 'Function not found: take_label ()');
    assert.equal((await failure('report(#{})')).message, 'Function not found: report (map)');
    assert.equal((await failure('constructor()')).message, 'Function not found: constructor ()');
    assert.equal((await failure(`${AGENT} a.constructor`)).message, "Unknown property 'constructor' - a getter is not registered for type 'Agent'");
    assert.equal((await failure(`${AGENT} a.value_of()`)).message, 'Function not found: value_of (Agent)');
  });

  test('properties of handles can be set, methods are not properties', async () => {
    const host = new FakeHost();
    host.shared = Object.assign(Object.create({ method() {} }), { someValue: 1 });
    host.get = () => host.shared;
    await value('let t = get(); t.some_value = 2.5;', { host });
    assert.equal(host.shared.someValue, 2.5);
    assert.match((await failure('let t = get(); t.other = 1;', { host })).message, /^No writable property 'other' - a setter/);
    assert.match((await failure(`${AGENT} a.register`)).message, /^Unknown property 'register' - a getter/);
  });

  test('members that handles do not have are named', async () => {
    assert.equal((await failure(`${AGENT} a.hangpu()`)).message, 'Function not found: hangpu (Agent)');
    assert.equal((await failure(`${AGENT} a.stat`)).message, "Unknown property 'stat' - a getter is not registered for type 'Agent'");
  });
});

describe('values', () => {
  test('numbers become integers or floats by what they are, measurements always floats', async () => {
    const host = new FakeHost();
    host.numbers = () => ({ whole: 3, part: 0.5, mos: 4, jitter: 1, rtt: 2, packetLoss: 0, none: null, list: [1, 2.5] });
    assert.equal(await value('numbers()', { host }), '#{"jitter": 1.0, "list": [1, 2.5], "mos": 4.0, "none": (), "packet_loss": 0.0, "part": 0.5, "rtt": 2.0, "whole": 3}');
    assert.equal(await value(`${PAIR} a.quality`), '#{"jitter": 1.5, "mos": 4.0, "packet_loss": 0.0, "rtt": 2.0}');
  });

  test('what is () is left out of options and null in data', async () => {
    const host = new FakeHost();
    const got = [];
    host.http = (method, url, options) => void got.push(options);
    host.jsonResponse = (body) => void got.push(body);
    await value('http("GET", "/", #{ headers: (), body: #{ a: () } }); json_response(#{ a: (), b: [()] });', { host });
    assert.deepEqual(got, [{ body: { a: null } }, { a: null, b: [null] }]);
  });

  test('what a script gives arrives as ordinary values', async () => {
    const host = new FakeHost();
    let got;
    host.take = (...values) => void (got = values);
    await value('take(1, 2.0, "s", \'c\', [1, ()], #{ b: 1.5, a: #{ c: State::Idle } }, true); ', { host });
    assert.deepEqual(got, [1, 2, 's', 'c', [1, null], { a: { c: 'idle' }, b: 1.5 }, true]);
  });

  test('a state is no text, and compares with states', async () => {
    assert.equal(await value(`${AGENT} [a.state == State::Idle, a.state == "Idle", a.state, type_of(a.state)]`), '[true, false, Idle, "CallState"]');
    const host = new FakeHost();
    host.legs = () => [{ state: 'ringing', callId: 1 }, { state: 'unknown' }];
    assert.equal(await value('let legs = legs(); [legs[0].state == State::Ringing, legs[0].call_id, legs[1].state]', { host }), '[true, 1, "unknown"]');
    assert.equal((await failure('State::Busy')).message, 'Variable not found: State::Busy');
  });

  test('info has the keys of Rhai and the state as a word', async () => {
    assert.equal(await value(`${AGENT} a.info()`), '#{"aor": "sip:a@d", "calls": 0, "name": "A", "peer": (), "reason": (), "registered": false, "state": "Idle", "status_code": ()}');
    assert.equal(await value(`${AGENT} parse_json(a.to_json()) == a.info()`), 'true');
  });

  test('what is absent is (), also of a peer that is not there', async () => {
    assert.equal(await value(`${AGENT} [a.reason, a.status_code, a.peer.uri, a.header("X")]`), '[(), (), (), ()]');
  });

  test('metadata comes back as it was given', async () => assert.equal(await value(`${AGENT} a.metadata`), '#{"keepCase": [1], "x": 1.0}'));

  test('headers are a map of the last values', async () => {
    const source = `let a = agent("A", #{ username: "a", domain: "d", headers: #{ "X-Foo": "bar", H: ["1", "2"] } }); let b = agent("B", #{ username: "b", domain: "d" });
      a.dial(b); await_until(|| assert(b.state).equals(State::Ringing)); [b.headers()["X-Foo"], b.headers().H, b.header("x-foo"), b.peer.name]`;
    assert.equal(await value(source), '["bar", "2", "bar", ()]');
  });

  test('handles print as the host says, and are shared, not copied', async () => {
    assert.equal(await value(`${AGENT} let same = a; same.register(); [\`\${a}\`, "" + tone(440), a == same, type_of(a)]`), '["Agent A", "tone 440 Hz", true, "Agent"]');
    assert.equal(await value('`${mock_server()}`'), '"MockServer"');
    const host = new FakeHost();
    host.Agent = class Special extends host.Agent {};
    assert.equal((await failure(`${AGENT} a.nothing()`, { host })).message, 'Function not found: nothing (Agent)');
  });

  test('closures arrive as functions with as many parameters', async () => {
    const host = new FakeHost();
    let got;
    host.keep = (call) => void (got = call);
    await value('keep(|a, b| #{ sum: a + b });', { host });
    assert.equal(got.length, 2);
    assert.deepEqual(await got(1, 2, 3), { sum: 3 });
  });

  test('sounds, answers and patterns are made by the host and given back to it', async () => {
    const host = new FakeHost();
    await value(`${AGENT} for sound in [tone(440), file("a.wav"), silent(), silence()] { a.send_audio(sound); }`, { host });
    assert.deepEqual(host.eventsOf('action').map(({ detail }) => detail), ['tone 440 Hz', 'file a.wav', 'silence', 'silence']);
    const source = 'let m = mock_server(#{ port: 4 }); m.respond("GET", regex("/a.*"), text_response("hi", 201)); let r = http("GET", m.url + "/abc"); [m.port, r.status, r.body]';
    assert.equal(await value(source, { host }), '[4, 201, "hi"]');
  });

  test('steps before and after all scenarios are registered', async () => {
    const host = new FakeHost();
    const got = [];
    host.beforeAll = (body) => got.push(body);
    host.afterAll = (body) => got.push(body);
    await value('before_all(|| #{ a: 1 }); after_all(|ctx| log(ctx.a));', { host });
    await got[1](await got[0]());
    assert.equal(host.eventsOf('log')[0].message, '1');
  });

  test('functions of the host may give promises anywhere', async () => {
    const host = new FakeHost();
    host.later = async (x) => x;
    host.lazy = { get slow() { return Promise.resolve(5); } };
    host.thing = () => Object.create(host.lazy);
    assert.equal(await value('let t = thing(); later(1) + if later(true) { later(2) } else { 0 } + [later(3)][0] + t.slow', { host }), '11');
  });
});

describe('places', () => {
  test('the host knows the call that is being made', async () => {
    const host = new FakeHost();
    await value('log("one");\n  log("two");', { host });
    assert.deepEqual(host.eventsOf('log').map(({ at }) => at), ['test.rhai:1:1', 'test.rhai:2:3']);
  });

  test('errors of the host get the place of the call, and stay what they are', async () => {
    const thrown = await run('let x = 1;\nassert(x).equals(2);', 'test.rhai', new FakeHost()).catch((error) => error);
    assert.ok(thrown instanceof AssertionError);
    assert.equal(place(thrown), 'test.rhai:2:11');
    assert.equal(place(await failure('let a =\n  env("NOPE");')), 'test.rhai:2:3');
  });

  test('an error in a closure names its own line, not that of the call', async () => {
    assert.equal(place(await failure('let f = |x|\n  1 / x;\n[0].map(f);')), 'test.rhai:2:5');
  });
});

describe('HTTP', () => {
  test('answers are read, and the label of what was read is reported', async () => {
    const source = 'let m = mock_server(); m.respond("/x", #{ body: #{ a: [#{ b: 1.5 }] }, headers: #{ "X-A": "1" } }); let r = http("GET", m.url + "/x");';
    assert.equal(await value(`${source} [r.status, r.json(), r.json("a.0.b"), r.header("x-a"), r.header("none")]`), '[200, #{"a": [#{"b": 1.5}]}, 1.5, "1", ()]');
    assert.equal((await failure(`${source} assert(r.status).equals(404)`)).message, 'HTTP status: expected equals 404, but was 200');
    assert.equal((await failure(`${source} r.expect_status(404)`)).message, 'HTTP status: expected status 404, but was 200');
    assert.equal((await failure(`${source} r.json("a.c")`)).message, "no 'c' in 'a.c'");
  });

  test('a request may be a handle as well', async () => {
    const host = new FakeHost();
    class Request {
      method = 'GET';
      query = { k: 'v' };
      headers = { 'x-a': 'y' };
      header(name) {
        return this.headers[name.toLowerCase()];
      }
    }
    host.request = () => new Request();
    assert.equal(await value('let r = request(); [r.query("k"), r.query("none"), r.query.k, r.header("X-A"), r.headers()["x-a"], r.method]', { host }), '["v", (), "v", "y", "y", "GET"]');
  });

  test('a closure that answers gets the request, and its failure is an answer too', async () => {
    const host = new FakeHost();
    const source = `let m = mock_server(); m.on("/x", |req| { let n = req.json("n"); if n > 1 { throw "too many" } json_response(#{ q: req.query("k"), h: req.header("X-H"), m: req.method }) });
      let send = |n| http("POST", m.url + "/x?k=v", #{ headers: #{ "X-H": "y" }, body: #{ n: n } });
      [send.call(1).json(), send.call(2).status, m.requests("/x").len(), m.last_request("/x").json("n")]`;
    assert.equal(await value(source, { host }), '[#{"h": "y", "m": "POST", "q": "v"}, 500, 2, 2]');
    assert.equal(host.eventsOf('mock_error')[0].error, 'Runtime error: too many');
    assert.match((await failure(source.replace('req.json("n")', 'req.json("a.b")').replace('.json(),', '.expect_status(200),'), { host })).message, /but was 500/);
  });
});
