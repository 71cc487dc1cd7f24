import { colourOf, h, offsetText, pressable, s, shown } from './dom.mjs';
import { diffView } from './diff.mjs';

// The SIP messages of an attempt, with a lifeline for each agent and each host.

const ROW = 34;
const HEAD = 44;
const NARROW = matchMedia('(max-width: 760px)').matches;
const TIMES = NARROW ? 48 : 62;
const LANE = NARROW ? 132 : 190;
const LANE_HEAD = LANE - (NARROW ? 12 : 42);

const keyOf = (event) => `${event.source} ${event.destination} ${event.call_id} ${event.cseq} ${shown(event.text).split(/\r?\n/, 1)[0]}`;

function labelOf(text) {
  const first = text.split(/\r?\n/, 1)[0];
  const response = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(first);
  const sdp = /^content-type: *application\/sdp/im.test(text) || /^c: *application\/sdp/im.test(text) ? ' (SDP)' : '';
  return response ? { text: `${response[1]} ${response[2]}${sdp}`, status: Number(response[1]) } : { text: `${first.split(' ', 1)[0]}${sdp}`, status: 0 };
}

function toneOf(status) {
  if (status === 0) return 'request';
  if (status < 200) return 'provisional';
  return status < 300 ? 'success' : status < 400 ? 'redirect' : 'refusal';
}

/** Messages with the lanes that they go between, in the order in which they come into play. One that went between two agents was seen twice, and is shown once. */
export function ladderOf(attempt) {
  const events = attempt.events.filter((event) => event.event === 'sip');
  const owners = new Map(events.map((event) => [event.direction === 'sent' ? event.source : event.destination, event.agent]));
  const lanes = [];
  const laneOf = (address, owner) => {
    const name = owner ?? owners.get(address) ?? address;
    let index = lanes.findIndex((lane) => lane.name === name);
    if (index < 0) index = lanes.push({ name, agent: attempt.agents.includes(name) }) - 1;
    return index;
  };
  const open = new Map();
  const messages = [];
  for (const event of events) {
    const sent = event.direction === 'sent';
    const key = keyOf(event);
    if (!sent && open.get(key)?.length > 0) {
      open.get(key).shift();
      continue;
    }
    const text = shown(event.text);
    const message = {
      from: laneOf(event.source, sent ? event.agent : undefined), to: laneOf(event.destination, sent ? undefined : event.agent), text, label: labelOf(text),
      offset: event.offset, transport: event.transport, source: event.source, destination: event.destination,
    };
    messages.push(message);
    if (sent && owners.has(event.destination)) open.set(key, [...(open.get(key) ?? []), message]);
  }
  return { lanes, messages };
}

function arrow(message, y) {
  const from = TIMES + LANE * message.from + LANE / 2;
  const to = TIMES + LANE * message.to + LANE / 2;
  if (from === to) return s('path', { class: 'line', d: `M${from} ${y - 6} h26 v12 h-22 m7 -4 l-7 4 l7 4` });
  const side = to > from ? -1 : 1;
  return [s('path', { class: 'line', d: `M${from} ${y} H${to + 2 * side}` }), s('path', { class: 'arrow-head', d: `M${to} ${y} l${9 * side} -4.5 v9 z` })];
}

function messageRow(message, index, ladder, select) {
  const y = HEAD + ROW * index + ROW / 2;
  const names = `${ladder.lanes[message.from].name} to ${ladder.lanes[message.to].name}`;
  const middle = TIMES + (LANE * (message.from + message.to)) / 2 + LANE / 2 + (message.from === message.to ? 70 : 0);
  return s('g', { class: `message-row ${toneOf(message.label.status)}`, 'data-index': index, 'aria-label': `${message.label.text}, ${names}`, ...pressable(() => select(index)) },
    s('rect', { class: 'hit', x: 0, y: y - ROW / 2, width: TIMES + LANE * ladder.lanes.length, height: ROW }),
    s('text', { class: 'time', x: 4, y: y + 4 }, offsetText(message.offset)),
    arrow(message, y),
    s('text', { class: 'label', x: middle, y: y - 5, 'text-anchor': 'middle' }, message.label.text));
}

function lifelines(ladder, agents, height) {
  return ladder.lanes.map((lane, index) => {
    const x = TIMES + LANE * index + LANE / 2;
    const colour = lane.agent ? colourOf(agents.indexOf(lane.name)) : 'var(--faint)';
    return s('g', {},
      s('rect', { class: 'lane-head', x: x - LANE_HEAD / 2, y: 6, width: LANE_HEAD, height: 26, rx: 5, style: `stroke: ${colour}` }),
      s('text', { class: 'lane-name', x, y: 23, 'text-anchor': 'middle' }, lane.name.length > LANE_HEAD / 7 ? `${lane.name.slice(0, LANE_HEAD / 7 - 1)}…` : lane.name), s('title', {}, lane.name),
      s('path', { class: 'lifeline', d: `M${x} 32 V${height}`, style: `stroke: ${colour}` }));
  });
}

/** Where an assertion failed, between the messages before and after it. */
function failureLines(attempt, ladder, width) {
  const failed = attempt.events.filter((event) => event.event === 'assertion' && !event.ok);
  return failed.slice(-1).map((event) => {
    const before = ladder.messages.filter((message) => message.offset <= event.offset).length;
    const y = HEAD + ROW * before - 3;
    return s('g', { class: 'failed-here' }, s('path', { d: `M${TIMES - 4} ${y} H${width}` }), s('title', {}, `${event.label ?? 'an assertion'} failed here`));
  });
}

function messagePanel(ladder, selected, start) {
  const [first, second] = selected.map((index) => ladder.messages[index]);
  if (!first) return h('p', { class: 'hint' }, 'Choose a message to read it.');
  const title = (message) => `${message.label.text} — ${message.source} → ${message.destination}, ${message.transport}, ${offsetText(message.offset)} s`;
  if (second) {
    return h('div', {}, h('h3', {}, 'Difference'), h('p', { class: 'place' }, '− ', title(first)), h('p', { class: 'place' }, '+ ', title(second)), diffView(first.text, second.text));
  }
  return h('div', {}, h('h3', {}, title(first)), h('button', { type: 'button', class: 'compare', onclick: start }, 'Compare with another message'),
    h('pre', { class: 'message', tabindex: '0' }, first.text.replaceAll('\r\n', '\n')));
}

export function ladderPane(attempt) {
  const ladder = ladderOf(attempt);
  if (ladder.messages.length === 0) return h('p', { class: 'nothing' }, 'No SIP messages');
  const width = TIMES + LANE * ladder.lanes.length;
  const height = HEAD + ROW * ladder.messages.length + 12;
  const panel = h('div', { class: 'message-panel', 'aria-live': 'polite' });
  let selected = [];
  let comparing = false;
  const picture = s('svg', { class: 'ladder', width, height, viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': 'SIP messages' });
  const show = () => {
    picture.querySelectorAll('.message-row').forEach((row) => row.classList.toggle('selected', selected.includes(Number(row.dataset.index))));
    panel.replaceChildren(messagePanel(ladder, selected, () => {
      comparing = true;
      panel.append(h('p', { class: 'hint' }, 'Now choose the other message.'));
    }));
  };
  const select = (index) => {
    selected = comparing && selected.length === 1 && selected[0] !== index ? [selected[0], index] : [index];
    comparing = false;
    show();
  };
  picture.append(
    ...lifelines(ladder, attempt.agents, height), ...failureLines(attempt, ladder, width), ...ladder.messages.map((message, index) => messageRow(message, index, ladder, select)));
  show();
  return h('div', { class: 'ladder-pane' }, h('div', { class: 'scroll', tabindex: '0', 'aria-label': 'Ladder' }, picture), panel);
}
