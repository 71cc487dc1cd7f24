import { colourOf, durationText, h, offsetText, shown } from './dom.mjs';

// What a scenario did, a line each, with times.

const ACTIONS = {
  dial: 'dials', accept: 'accepts', hangup: 'hangs up', hold: 'holds', resume: 'resumes', mute: 'toggles mute', 'dtmf-start': 'sending DTMF',
  'dtmf-done': 'sent DTMF', header: 'set header', 'send-audio': 'sends', register: 'registers',
};
/** What the author wrote; the rest is what happened then. */
const STEPS = new Set(['agent_started', 'action', 'wait', 'until', 'assertion', 'log', 'http', 'mock_request', 'mock_error']);

const WRITERS = {
  agent_started: (event) => ({ agent: event.name, text: `starts as ${event.aor}` }),
  action: (event) => ({ agent: event.agent, text: `${ACTIONS[event.kind] ?? event.kind} ${shown(event.detail ?? '')}`, bad: event.error }),
  wait: (event) => ({ text: `waits ${event.seconds} s` }),
  until: (event) => ({
    text: `${event.passed ? 'waited until it was so' : 'waited in vain'}, ${event.evaluations ?? '?'} checks`, mark: event.passed ? '✓' : '✗',
    took: event.duration_ms, tone: event.passed ? '' : 'bad',
  }),
  assertion: (event) => ({
    text: `${event.label ? `${event.label}: ` : ''}expect ${shown(event.expect)}`, mark: event.ok ? '✓' : '✗', tone: event.ok ? 'good' : 'bad',
    actual: event.actual === undefined ? undefined : shown(event.actual),
  }),
  log: (event) => ({ text: shown(event.message), tone: event.level === 'error' ? 'bad' : event.level === 'warn' ? 'warning' : 'plain' }),
  http: (event) => ({ text: `HTTP ${event.method} ${event.url} → ${event.status ?? 'no answer'}`, took: event.duration_ms, bad: event.error }),
  mock_request: (event) => ({ text: `mock ← ${event.method} ${event.path}${event.matched ? '' : ' (no route → 404)'}`, tone: event.matched ? '' : 'warning' }),
  mock_error: (event) => ({ text: `mock ← ${event.method} ${event.path}`, bad: event.error }),
  state: (event) => ({
    agent: event.agent, text: `is ${event.state}, ${event.registered ? 'registered' : 'not registered'}${event.reason ? `, ${event.status ?? ''} ${event.reason}` : ''}`, tone: 'faint',
  }),
  dtmf: (event) => ({ agent: event.agent, text: `hears the key ${event.key} (${durationText(event.duration_ms)}, ${event.by})`, tone: 'faint' }),
  audio: (event) => ({ agent: event.agent, text: `hears ${event.frequency_hz ? `${Math.round(event.frequency_hz)} Hz` : 'sound'} at ${Math.round(event.level_dbov)} dBov`, tone: 'faint' }),
  media: (event) => ({ agent: event.agent, text: `agrees on ${event.codec}/${event.rate}, ${event.direction}, ${event.encryption === 'none' ? 'not encrypted' : event.encryption}`, tone: 'faint' }),
  metric: (event) => ({ agent: event.agent, text: `quality: ${event.mos ? `MOS ${event.mos.toFixed(2)}` : 'no call'}`, tone: 'faint' }),
  sip: (event) => ({ agent: event.agent, text: `${event.direction === 'sent' ? '→' : '←'} ${shown(event.text).split(/\r?\n/, 1)[0]}`, tone: 'faint' }),
};

/** Agent, text and the like of an event; nothing for one that is not shown. */
export function stepOf(event) {
  return WRITERS[event.event]?.(event);
}

function stepRow(event, attempt) {
  const step = stepOf(event);
  const tone = step.bad ? 'bad' : step.tone ?? '';
  const agent = step.agent && h('span', { class: 'agent', style: `--agent: ${colourOf(attempt.agents.indexOf(step.agent))}` }, step.agent);
  const place = event.at && h('span', { class: 'place' }, event.at);
  return h('li', { class: `step ${tone} ${event.event}` },
    h('span', { class: 'offset' }, offsetText(event.offset)),
    h('span', { class: 'what' }, step.mark && h('span', { class: 'mark', 'aria-label': step.mark === '✓' ? 'passed' : 'failed' }, `${step.mark} `), agent, agent && ' ', step.text,
      step.took !== undefined && h('span', { class: 'took' }, ` ${durationText(step.took)}`),
      step.actual !== undefined && tone === 'bad' && h('span', { class: 'actual' }, ` — was ${step.actual}`),
      step.bad && h('span', { class: 'actual' }, ` — ${shown(step.bad)}`)),
    place);
}

/** The pane of steps; what happened besides is shown when asked for. */
export function stepsPane(attempt) {
  const list = h('ol', { class: 'steps' });
  const draw = (all) => {
    const events = attempt.events.filter((event) => WRITERS[event.event] && (all ? event.event !== 'sip' : STEPS.has(event.event)));
    list.replaceChildren(...events.map((event) => stepRow(event, attempt)));
    if (events.length === 0) list.append(h('li', { class: 'nothing' }, 'No steps'));
  };
  draw(false);
  const more = h('input', { type: 'checkbox', onchange: () => draw(more.checked) });
  return h('div', {}, h('label', { class: 'choice' }, more, ' States, media and what was heard as well'), list);
}
