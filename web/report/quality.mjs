import { colourOf, h, s } from './dom.mjs';

// Plots of what was measured of the media of each agent.

const MEASURES = [
  { name: 'mos', title: 'MOS', unit: '', digits: 2, from: 1, to: 4.5 },
  { name: 'jitter_ms', title: 'Jitter', unit: ' ms', digits: 1, from: 0 },
  { name: 'packet_loss_pct', title: 'Packet loss', unit: ' %', digits: 1, from: 0 },
  { name: 'rtt_ms', title: 'Round trip', unit: ' ms', digits: 1, from: 0 },
];
const PLOT_WIDTH = 300;
const PLOT_HEIGHT = 120;
const PLOT_LEFT = 34;
const PLOT_BOTTOM = 18;

function plot(measure, metrics, attempt) {
  const points = metrics.filter((event) => typeof event[measure.name] === 'number');
  if (points.length === 0) return undefined;
  const top = measure.to ?? Math.max(1, ...points.map((event) => event[measure.name])) * 1.15;
  const x = (offset) => PLOT_LEFT + 6 + ((PLOT_WIDTH - PLOT_LEFT - 14) * offset) / attempt.length;
  const y = (value) => 8 + ((PLOT_HEIGHT - PLOT_BOTTOM - 8) * (top - value)) / (top - measure.from);
  const agents = [...new Set(points.map((event) => event.agent))];
  const lines = agents.map((agent) => {
    const own = points.filter((event) => event.agent === agent);
    const colour = colourOf(attempt.agents.indexOf(agent));
    const path = own.map((event, index) => `${index === 0 ? 'M' : 'L'}${x(event.offset).toFixed(1)} ${y(event[measure.name]).toFixed(1)}`).join(' ');
    return s('g', { style: `color: ${colour}` }, own.length > 1 && s('path', { class: 'curve', d: path }),
      own.map((event) => s('circle', { class: 'dot', cx: x(event.offset), cy: y(event[measure.name]), r: 4 }, s('title', {}, `${agent}: ${event[measure.name].toFixed(measure.digits)}${measure.unit}`))));
  });
  const values = agents.map((agent) => {
    const last = points.filter((event) => event.agent === agent).at(-1);
    return h('li', {}, h('i', { class: 'swatch', style: `background: ${colourOf(attempt.agents.indexOf(agent))}` }), `${agent} ${last[measure.name].toFixed(measure.digits)}${measure.unit}`);
  });
  const levels = [measure.from, (measure.from + top) / 2, top];
  return h('figure', { class: 'plot' }, h('figcaption', {}, measure.title),
    s('svg', { viewBox: `0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}`, role: 'img', 'aria-label': measure.title },
      levels.map((level) => s('g', { class: 'tick' }, s('path', { d: `M${PLOT_LEFT} ${y(level)} H${PLOT_WIDTH - 4}` }), s('text', { x: PLOT_LEFT - 4, y: y(level) + 4, 'text-anchor': 'end' }, level.toFixed(level < 10 ? 1 : 0)))), lines),
    h('ul', { class: 'legend' }, values));
}

export function qualityPane(attempt) {
  const metrics = attempt.events.filter((event) => event.event === 'metric');
  const plots = MEASURES.map((measure) => plot(measure, metrics, attempt)).filter(Boolean);
  if (plots.length === 0) return h('p', { class: 'nothing' }, 'Nothing was measured; --metrics does');
  const cell = (event, name, digits, unit) => (typeof event[name] === 'number' ? `${event[name].toFixed(digits)}${unit}` : '–');
  const rows = metrics.map((event) => h('tr', {}, h('td', {}, event.agent), h('td', {}, event.codec ?? '–'), MEASURES.map((measure) => h('td', {}, cell(event, measure.name, measure.digits, measure.unit))), h('td', {}, event.rx_lost ?? '–')));
  const head = ['agent', 'codec', ...MEASURES.map((measure) => measure.title), 'lost packets'];
  return h('div', {}, h('div', { class: 'plots' }, plots),
    h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, head.map((name) => h('th', { scope: 'col' }, name)))), h('tbody', {}, rows))));
}
