// The page of the HTML report with a run in it that has one of everything.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The page as the build makes it, without a run. */
function template() {
  const folder = mkdtempSync(join(tmpdir(), 'callwright-report-'));
  const output = join(folder, 'page.cpp');
  const made = spawnSync('cmake', [`-DFOLDER=${ROOT}web/report`, `-DOUTPUT=${output}`, '-P', `${ROOT}cmake/report_page.cmake`], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  const [, page] = /R"callwright\((.*)\)callwright"/s.exec(readFileSync(output, 'utf8'));
  rmSync(folder, { recursive: true });
  return page;
}

export function pageOf(data) {
  return template().replace('/*RUN*/', () => JSON.stringify(data).replaceAll('<', '\\u003c'));
}

const BEGIN = Date.parse('2026-03-01T12:00:00.000Z');

/** Events of one file, at times in milliseconds. */
class Story {
  constructor(path) {
    this.path = path;
    this.events = [];
    this.dropped = 0;
  }

  at(time, event, fields = {}) {
    this.events.push({ event, ts: new Date(BEGIN + time).toISOString(), path: this.path, ...fields });
    return this;
  }

  sip(time, agent, direction, from, to, cseq, text) {
    return this.at(time, 'sip', { agent, direction, transport: 'UDP', source: from, destination: to, call_id: 'c1@host', cseq, text });
  }
}

const A = '127.0.0.1:40001';
const B = '127.0.0.1:40002';
const PBX = '192.0.2.10:5060';
const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 41000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n';

function message(first, cseq, body = '') {
  const type = body === '' ? '' : 'Content-Type: application/sdp\r\n';
  return `${first}\r\nVia: SIP/2.0/UDP ${A};branch=z9hG4bK${cseq.replaceAll(' ', '')}\r\nFrom: <sip:alice@example.com>;tag=a1\r\nTo: <sip:bob@example.com>\r\nCall-ID: c1@host\r\nCSeq: ${cseq}\r\n${type}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function dialog(story, begin) {
  const invite = message('INVITE sip:bob@example.com SIP/2.0', '1 INVITE', SDP);
  const ok = message('SIP/2.0 200 OK', '1 INVITE', SDP);
  return story.sip(begin + 40, 'A', 'sent', A, PBX, '1 INVITE', invite)
    .sip(begin + 42, 'A', 'received', PBX, A, '1 INVITE', message('SIP/2.0 100 Trying', '1 INVITE'))
    .sip(begin + 50, 'B', 'received', PBX, B, '1 INVITE', invite)
    .at(begin + 51, 'state', { agent: 'B', registered: true, state: 'ringing', call: 1 })
    .sip(begin + 55, 'B', 'sent', B, PBX, '1 INVITE', message('SIP/2.0 180 Ringing', '1 INVITE'))
    .sip(begin + 60, 'A', 'received', PBX, A, '1 INVITE', message('SIP/2.0 180 Ringing', '1 INVITE'))
    .at(begin + 61, 'state', { agent: 'A', registered: true, state: 'ringing', call: 1 })
    .at(begin + 300, 'action', { agent: 'B', kind: 'accept', at: 'tests/calls.js:9:5' })
    .sip(begin + 305, 'B', 'sent', B, PBX, '1 INVITE', ok)
    .sip(begin + 312, 'A', 'received', PBX, A, '1 INVITE', ok)
    .sip(begin + 315, 'A', 'sent', A, PBX, '1 ACK', message('ACK sip:bob@example.com SIP/2.0', '1 ACK'))
    .at(begin + 316, 'state', { agent: 'A', registered: true, state: 'established', call: 1 })
    .at(begin + 318, 'state', { agent: 'B', registered: true, state: 'established', call: 1 })
    .at(begin + 320, 'media', { agent: 'A', call: 1, codec: 'PCMA', rate: 8000, direction: 'sendrecv', encryption: 'none' })
    .at(begin + 322, 'media', { agent: 'B', call: 1, codec: 'PCMA', rate: 8000, direction: 'sendrecv', encryption: 'none' });
}

function media(story, begin) {
  return story.at(begin + 400, 'audio', { agent: 'B', call: 1, frequency_hz: 440, level_dbov: -12.1, since_start_ms: 90 })
    .at(begin + 900, 'audio', { agent: 'B', call: 1, frequency_hz: 0, level_dbov: -90, since_start_ms: 590 })
    .at(begin + 1100, 'audio', { agent: 'B', call: 1, frequency_hz: 0, level_dbov: -24, since_start_ms: 790 })
    .at(begin + 500, 'dtmf', { agent: 'A', call: 1, key: '5', duration_ms: 120, by: 'event' })
    .at(begin + 700, 'dtmf', { agent: 'A', call: 1, key: '#', duration_ms: 120, by: 'event' });
}

function suite() {
  const story = new Story('tests/calls.js');
  story.at(0, 'file_started').at(5, 'file_loaded', { kind: 'suite', scenarios: [] });
  story.at(100, 'scenario_started', { name: 'bob answers and hears a tone', tags: ['smoke'], at: 'tests/calls.js:3:1', attempt: 1 })
    .at(110, 'agent_started', { name: 'A', aor: 'sip:alice@example.com' }).at(115, 'agent_started', { name: 'B', aor: 'sip:bob@example.com' })
    .at(130, 'action', { agent: 'A', kind: 'dial', detail: 'sip:bob@example.com', at: 'tests/calls.js:7:5' });
  media(dialog(story, 100), 100);
  story.at(1400, 'assertion', { label: 'B state', expect: 'equals Established', actual: 'Established', ok: true, at: 'tests/calls.js:11:5' })
    .at(1500, 'log', { message: 'all is well' })
    .at(1600, 'metric', { scenario: 'bob answers and hears a tone', agent: 'A', registered: true, mos: 4.38, jitter_ms: 1.2, packet_loss_pct: 0, rtt_ms: 0.4, codec: 'PCMA' })
    .at(1600, 'metric', { scenario: 'bob answers and hears a tone', agent: 'B', registered: true, mos: 4.31, jitter_ms: 2.6, packet_loss_pct: 0.8, rtt_ms: 0.5, codec: 'PCMA', rx_lost: 3 })
    .at(1650, 'scenario_finished', { name: 'bob answers and hears a tone', attempt: 1, passed: true, duration_ms: 1550, artifacts: [{ kind: 'recording', path: 'out/B-recv.wav', agent: 'B' }, { kind: 'pcap', path: 'out/a.pcap' }, { kind: 'recording', path: 'out/gone.wav', agent: 'A' }] });
  failing(story, 2000);
  story.at(5000, 'scenario_started', { name: 'sometimes late', tags: ['slow'], attempt: 1 }).at(5010, 'log', { message: 'first', level: 'warn' })
    .at(5200, 'scenario_finished', { name: 'sometimes late', attempt: 1, passed: false, duration_ms: 200, error: 'not satisfied within 200ms', retried: true })
    .at(5300, 'scenario_started', { name: 'sometimes late', tags: ['slow'], attempt: 2 })
    .at(5400, 'scenario_finished', { name: 'sometimes late', attempt: 2, passed: true, duration_ms: 100 })
    .at(5500, 'scenario_skipped', { name: 'needs a trunk', reason: 'no trunk here', tags: ['slow'] })
    .at(5600, 'suite_finished', { total: 4, passed: 2, skipped: 1 }).at(5700, 'file_finished', { passed: false, duration_ms: 5700 });
  return story;
}

function failing(story, begin) {
  const name = '<img src=x onerror=alert(1)> a busy phone is told so';
  story.at(begin, 'scenario_started', { name, tags: ['smoke', 'slow'], at: 'tests/calls.js:20:1', attempt: 1 })
    .at(begin + 5, 'agent_started', { name: 'A', aor: 'sip:alice@example.com' }).at(begin + 6, 'agent_started', { name: 'B', aor: 'sip:bob@example.com' })
    .at(begin + 10, 'state', { agent: 'A', registered: true, state: 'idle' }).at(begin + 11, 'state', { agent: 'B', registered: true, state: 'idle' })
    .at(begin + 30, 'action', { agent: 'A', kind: 'dial', detail: 'sip:bob@example.com', at: 'tests/calls.js:23:5' });
  media(dialog(story, begin), begin);
  story.at(begin + 1500, 'until', { within_ms: 1000, passed: false, duration_ms: 1002.5, evaluations: 41, at: 'tests/calls.js:27:3' })
    .at(begin + 1502, 'assertion', { label: 'A status code', expect: 'equals 486', actual: '200', ok: false, at: 'tests/calls.js:27:19' })
    .sip(begin + 1600, 'A', 'sent', A, PBX, '2 BYE', message('BYE sip:bob@example.com SIP/2.0', '2 BYE'))
    .sip(begin + 1604, 'A', 'received', PBX, A, '2 BYE', message('SIP/2.0 200 OK', '2 BYE'))
    .at(begin + 1605, 'state', { agent: 'A', registered: true, state: 'idle', call: 1, reason: 'hung up here' })
    .at(begin + 1606, 'state', { agent: 'B', registered: true, state: 'idle', call: 1, reason: 'hung up by the other side' })
    .at(begin + 1700, 'scenario_finished', {
      name, attempt: 1, passed: false, duration_ms: 1700, error: 'not satisfied within 1s: A status code: expected equals 486, but was 200', at: 'tests/calls.js:27:19',
      stack: 'tests/calls.js:27:19\ntests/calls.js:20:1', artifacts: [{ kind: 'pcap', path: 'out/a.pcap' }],
      failure: { label: 'A status code', expect: 'equals 486', actual: '200', agents: [{ agent: 'A', registered: true, state: 'established', calls: 1 }, { agent: 'B', registered: false, state: 'idle', calls: 0, reason: 'Busy Here', status: 486 }] },
    });
}

/** Half a second of 440 Hz, mono, 8 kHz, 16 bits. */
function wav() {
  const samples = 4000;
  const bytes = Buffer.alloc(44 + samples * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + samples * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(8000, 24);
  bytes.writeUInt32LE(16_000, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(samples * 2, 40);
  for (let index = 0; index < samples; index += 1) bytes.writeInt16LE(Math.round(12_000 * Math.sin((index / samples) * 6) * Math.sin((2 * Math.PI * 440 * index) / 8000)), 44 + index * 2);
  return bytes;
}

export function exampleRun() {
  const crash = new Story('tests/crash.js').at(0, 'file_started').at(1, 'file_loaded', { kind: 'suite', scenarios: [] })
    .at(2, 'scenario_started', { name: 'goes on', tags: [], attempt: 1 }).at(30, 'file_finished', { passed: false, duration_ms: 30, error: 'crashed: SIGSEGV (Segmentation fault)' });
  const single = new Story('tests/registers.test').at(0, 'file_started').at(5, 'log', { message: 'one' }).at(8, 'file_loaded', { kind: 'single', scenarios: [] })
    .at(900, 'finished', { passed: true, duration_ms: 900 }).at(910, 'file_finished', { passed: true, duration_ms: 910 });
  const wave = wav();
  return {
    run: '00000000-0000-4000-8000-000000000001', version: '0.1.0', seed: '7', started: '2026-03-01T12:00:00.000Z', duration_ms: 6400, interrupted: false, passed: false,
    attachments: {
      'out/B-recv.wav': { href: `data:audio/wav;base64,${wave.toString('base64')}`, size: wave.length, embedded: true, missing: false },
      'out/a.pcap': { href: 'data:application/vnd.tcpdump.pcap;base64,1MOyoQ==', size: 4, embedded: true, missing: false },
      'out/gone.wav': { href: '', size: 0, embedded: false, missing: true },
    },
    files: [suite(), single, crash].map(({ path, events, dropped }) => ({ path, events, dropped })),
  };
}
