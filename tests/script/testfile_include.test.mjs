import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails, passes, TWO } from './testfile_world.mjs';

const CALL = `_include judge.js\n${TWO}ua1:dial ua2|2s|ua2:accept|12s|ua1:hangup\n`;
const judged = (source, folder = 'suite/scripts') => ({ files: { [`${folder}/judge.js`]: source } });

test('an assertion that does not hold fails the test with its text', async () => {
  await fails(CALL, /^JS evaluation failed: x$/, judged('telefonist.assert(false, "x")'));
  await fails(CALL, /assertion failed/, judged('telefonist.assert()'));
  await passes(CALL, judged('telefonist.assert(true)'));
});

test('fail fails, with or without a text', async () => {
  await fails(CALL, /test explicitly failed/, judged('telefonist.fail()'));
  await fails(CALL, /: not good$/, judged('telefonist.fail("not good")'));
});

test('whatever is thrown fails the test, unless the script catches it', async () => {
  await fails(CALL, /Error: e/, judged('throw new Error("e")'));
  await fails(CALL, /text/, judged('throw "text"'));
  await passes(CALL, judged('try { telefonist.fail("x") } catch (caught) { if (String(caught) !== "x") throw caught }'));
});

test('a script that cannot be read as JavaScript, or at all, fails the test', async () => {
  await fails(CALL, /SyntaxError/, judged('let = ='));
  await fails(CALL, /failed to read include script judge\.js/);
});

test('a script may be in the folder of the data, too', async () => {
  await fails(CALL, /: here$/, { ...judged('telefonist.fail("here")', 'store/scripts'), options: { dataFolder: 'store' } });
});

test('with a script the hash is not judged', async () => {
  await passes(`_hash abc\n${CALL}`, judged('telefonist.assert(true)'));
});

test('scripts see the events of all agents', async () => {
  await passes(CALL, judged(`
    const closed = events.filter(e => e.type === "CALL_CLOSED");
    telefonist.assert(closed.length === 2, \`\${closed.length} closed\`);
    telefonist.assert(closed.some(({ param }) => param === "Rejected by user") && closed.some(({ param }) => /reset by peer \\[104\\]/.test(param)));
    telefonist.assert(events.find(e => e.type === "SIP" && e.param.includes("INVITE sip:")), "no INVITE");
    telefonist.assert(events.every(e => e.event === true && typeof e._agent === "string"));
    telefonist.assert(stats.events.CALL_CLOSED === 2);`));
});

test('SIP events have what scripts look for', async () => {
  await passes(CALL, judged(`
    const invite = events.find(e => e.type === "SIP" && e.direction === "OUT" && e.method === "INVITE" && e.status === undefined);
    const ringing = events.find(e => e.type === "SIP" && e.direction === "IN" && e.status === 180);
    telefonist.assert(invite && ringing, "no INVITE or no 180");
    const delay = ringing.time - invite.time;
    telefonist.assert(typeof delay === "number" && delay > 0 && delay < 1000, "delay " + delay);
    telefonist.assert(invite.callId === ringing.callId && invite.callId === invite.headers["Call-ID"]);
    telefonist.assert(invite.headers.Via.startsWith("SIP/2.0/UDP"), JSON.stringify(invite.headers));
    telefonist.assert(/^\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\|TX\\nUDP 127\\.0\\.0\\.1:5060 -> 127\\.0\\.0\\.1:5070\\nINVITE /.test(invite.param), invite.param);`));
});

test('scripts see RTCP reports, with their numbers in microseconds', async () => {
  await passes(CALL, judged(`
    const reports = events.filter(e => e.type === "CALL_RTCP" && e._agent.includes("alice"));
    telefonist.assert(reports.length === 2, reports.length + " reports");
    const { rtt, tx, rx } = reports[0].rtcp_stats;
    telefonist.assert(rtt === 900 && tx.sent === 250 && rx.lost === 0 && rx.jit === 120);
    telefonist.assert(reports[1].time - reports[0].time === 5000);`));
});

test('what a script prints goes into the log, and its assertions are told', async () => {
  const { host } = await passes(CALL, judged('console.log("calls:", events.length > 0, {a: 1}); telefonist.assert(1, "one")'));
  assert.ok(host.all('log').some(({ message }) => message === 'calls: true {"a":1}'));
  assert.deepEqual(host.all('assertion'), [{ event: 'assertion', expect: 'one', ok: true }]);
});

test('a script without an end is stopped, and the next repetition runs', async () => {
  const { verdict } = await fails(`_run 2\n${CALL}`, /took longer than/, judged('while (true) {}'));
  assert.equal(verdict.repetitions.length, 2);
});
