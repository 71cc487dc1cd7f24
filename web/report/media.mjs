import { colourOf, h, offsetText, s } from './dom.mjs';

// What each agent was and heard over time: state, sound, silence within a call, keys.

const TIMELINE_WIDTH = 900;
const NAMES_WIDTH = 84;
const LANE_HEIGHT = 78;
const AXIS = 24;
/** Below this level there is nothing to hear, in dBov. */
const SILENCE = -60;

/** Spans between changes; `of` gives what an event says, or nothing when it is about something else. */
function spans(events, length, of) {
  const out = [];
  for (const event of events) {
    const value = of(event);
    if (value === undefined) continue;
    if (out.length > 0) out.at(-1).end = event.offset;
    out.push({ start: event.offset, end: length, ...value });
  }
  return out;
}

function stateOf(event) {
  if (event.event !== 'state') return undefined;
  return { kind: event.state ?? 'idle', registered: event.registered };
}

function soundOf(event) {
  // A call that has ended is not heard any more.
  if (event.event === 'state' && event.state === 'idle') return { kind: 'none' };
  if (event.event !== 'audio') return undefined;
  if (!(event.level_dbov > SILENCE)) return { kind: 'gap', text: 'silence' };
  return event.frequency_hz > 0 ? { kind: 'tone', text: `${Math.round(event.frequency_hz)} Hz` } : { kind: 'sound', text: 'sound' };
}

/** All that is drawn of one agent. */
export function mediaOf(attempt, agent) {
  const events = attempt.events.filter((event) => event.agent === agent);
  return {
    agent,
    states: spans(events, attempt.length, stateOf),
    sounds: spans(events, attempt.length, soundOf).filter((span) => span.kind !== 'none'),
    keys: events.filter((event) => event.event === 'dtmf'),
    media: events.filter((event) => event.event === 'media'),
  };
}

function ticks(length) {
  const step = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000].find((size) => length / size <= 9) ?? length / 8;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step);
}

function bar(span, x, y, height, title) {
  const width = Math.max(2, x(span.end) - x(span.start));
  return s('g', { class: `span ${span.kind}` }, s('rect', { x: x(span.start), y, width, height, rx: 3 }),
    width > title.length * 7 && s('text', { x: x(span.start) + 5, y: y + height / 2 + 4 }, title), s('title', {}, `${title}, ${offsetText(span.start)}–${offsetText(span.end)} s`));
}

function lane(track, index, x, colour) {
  const top = AXIS + LANE_HEIGHT * index + 6;
  return s('g', {},
    s('text', { class: 'lane-name', x: 4, y: top + 14, style: `fill: ${colour}` }, track.agent.length > 10 ? `${track.agent.slice(0, 9)}…` : track.agent, s('title', {}, track.agent)),
    track.states.map((span) => bar(span, x, top, 18, span.kind)),
    track.sounds.map((span) => bar(span, x, top + 23, 18, span.text)),
    track.media.map((event) => s('g', { class: 'codec' }, s('path', { d: `M${x(event.offset)} ${top} v46` }),
      s('title', {}, `${event.codec}/${event.rate}, ${event.direction}, ${event.encryption}, at ${offsetText(event.offset)} s`))),
    track.keys.map((event) => s('g', { class: 'key' }, s('circle', { cx: x(event.offset), cy: top + 56, r: 9 }), s('text', { x: x(event.offset), y: top + 60, 'text-anchor': 'middle' }, event.key),
      s('title', {}, `key ${event.key}, ${event.duration_ms} ms, by ${event.by}, at ${offsetText(event.offset)} s`))));
}

function failures(attempt, x, height) {
  return attempt.events.filter((event) => event.event === 'assertion' && !event.ok).slice(-1)
    .map((event) => s('g', { class: 'failed-here' }, s('path', { d: `M${x(event.offset)} ${AXIS} V${height}` }), s('title', {}, 'an assertion failed here')));
}

export function mediaPane(attempt) {
  const tracks = attempt.agents.map((agent) => mediaOf(attempt, agent)).filter((track) => track.states.length + track.sounds.length + track.keys.length > 0);
  if (tracks.length === 0) return h('p', { class: 'nothing' }, 'No states and no media');
  const height = AXIS + LANE_HEIGHT * tracks.length;
  const x = (offset) => NAMES_WIDTH + ((TIMELINE_WIDTH - NAMES_WIDTH - 8) * offset) / attempt.length;
  const picture = s('svg', { class: 'timeline', width: TIMELINE_WIDTH, height, viewBox: `0 0 ${TIMELINE_WIDTH} ${height}`, role: 'img', 'aria-label': 'States and media over time' },
    ticks(attempt.length).map((tick) => s('g', { class: 'tick' }, s('path', { d: `M${x(tick)} ${AXIS - 6} V${height}` }), s('text', { x: x(tick), y: 13, 'text-anchor': 'middle' }, `${tick / 1000} s`))),
    tracks.map((track, index) => lane(track, index, x, colourOf(attempt.agents.indexOf(track.agent)))), failures(attempt, x, height));
  const legend = [['registered', 'idle'], ['ringing', 'ringing'], ['established', 'established'], ['tone', 'tone'], ['sound', 'speech or other sound'], ['gap', 'silence, or no RTP'], ['key', 'DTMF']];
  const agreed = tracks.flatMap((track) => track.media.map((event) => h('tr', {}, h('td', {}, track.agent), h('td', {}, offsetText(event.offset)), h('td', {}, `${event.codec}/${event.rate}`), h('td', {}, event.direction), h('td', {}, event.encryption))));
  return h('div', {}, h('div', { class: 'scroll', tabindex: '0', 'aria-label': 'Timeline' }, picture),
    h('ul', { class: 'legend' }, legend.map(([kind, text]) => h('li', {}, h('i', { class: `swatch ${kind}` }), text))),
    agreed.length > 0 && h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, ['agent', 'at (s)', 'codec', 'direction', 'encryption'].map((name) => h('th', { scope: 'col' }, name)))), h('tbody', {}, agreed))));
}
