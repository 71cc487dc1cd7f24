import { durationText, h, shown } from './dom.mjs';
import { filesPane, logPane } from './files.mjs';
import { ladderOf, ladderPane } from './ladder.mjs';
import { mediaPane } from './media.mjs';
import { MARKS } from './model.mjs';
import { qualityPane } from './quality.mjs';
import { recordingsPane } from './recordings.mjs';
import { stepsPane } from './steps.mjs';

// One scenario: what failed, and tabs with all there is of an attempt.

const count = (attempt, kind) => attempt.events.filter((event) => event.event === kind).length;
const TABS = [
  { key: 'steps', title: 'Steps', pane: stepsPane },
  { key: 'sip', title: 'SIP', pane: ladderPane, size: (attempt) => ladderOf(attempt).messages.length },
  { key: 'media', title: 'Media', pane: mediaPane, size: (attempt) => count(attempt, 'audio') + count(attempt, 'dtmf') + count(attempt, 'media') },
  { key: 'quality', title: 'Quality', pane: qualityPane, size: (attempt) => count(attempt, 'metric') },
  { key: 'recordings', title: 'Recordings', pane: recordingsPane, size: (attempt) => attempt.artifacts.filter((artifact) => artifact.kind === 'recording').length },
  { key: 'log', title: 'Log', pane: logPane, size: (attempt) => count(attempt, 'log') },
  { key: 'files', title: 'Files', pane: filesPane, size: (attempt) => attempt.artifacts.length },
];

function agentTable(agents) {
  const row = (agent) => h('tr', {}, h('th', { scope: 'row' }, agent.agent), h('td', {}, agent.registered ? 'registered' : 'not registered'), h('td', {}, agent.state), h('td', {}, agent.calls ?? '–'), h('td', {}, [agent.status, agent.reason].filter((part) => part !== undefined).join(' ')));
  return h('div', { class: 'scroll' }, h('table', { class: 'agents' }, h('caption', {}, 'The agents at that moment'),
    h('thead', {}, h('tr', {}, ['agent', 'registration', 'state', 'calls', 'reason'].map((name) => h('th', { scope: 'col' }, name)))), h('tbody', {}, agents.map(row))));
}

function failureBox(attempt) {
  if (attempt.passed !== false) return undefined;
  const { failure } = attempt;
  return h('section', { class: 'failure', 'aria-label': 'What failed' },
    h('p', { class: 'error' }, attempt.error ?? 'failed'), attempt.at && h('p', { class: 'place' }, `at ${attempt.at}`),
    failure && h('dl', {}, h('dt', {}, 'expected'), h('dd', {}, `${failure.label ? `${failure.label}: ` : ''}${shown(failure.expect)}`),
      failure.actual !== undefined && [h('dt', {}, 'actual'), h('dd', { class: 'was' }, shown(failure.actual))]),
    failure?.agents?.length > 0 && agentTable(failure.agents),
    attempt.stack && h('details', {}, h('summary', {}, 'Stack'), h('pre', {}, attempt.stack)));
}

/** Arrow keys go from tab to tab, as people know it. */
function tabList(attempt, active, open) {
  const buttons = TABS.map((tab) => {
    const size = tab.size?.(attempt);
    return h('button', {
      type: 'button', role: 'tab', id: `tab-${tab.key}`, 'aria-selected': String(tab.key === active), tabindex: tab.key === active ? '0' : '-1', 'aria-controls': 'pane',
      onclick: () => open(tab.key),
    }, tab.title, size > 0 && h('span', { class: 'size' }, ` ${size}`));
  });
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = (TABS.findIndex((tab) => tab.key === active) + step + TABS.length) % TABS.length;
    open(TABS[at].key);
    document.getElementById(`tab-${TABS[at].key}`)?.focus();
  };
  return h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Views', onkeydown: move }, buttons);
}

function attemptChoice(scenario, active, open) {
  if (scenario.attempts.length < 2) return undefined;
  return h('div', { class: 'attempts', role: 'group', 'aria-label': 'Attempts' }, scenario.attempts.map((attempt, index) => h('button', { type: 'button', 'aria-pressed': String(index === active), onclick: () => open(index) },
    `${attempt.passed ? '✓' : '✗'} Attempt ${index + 1}`)));
}

function heading(scenario) {
  return h('div', { class: 'heading' }, h('a', { class: 'back', href: '#' }, '← All scenarios'),
    h('h2', {}, h('span', { class: `mark ${scenario.status}` }, MARKS[scenario.status]), ' ', scenario.name),
    h('p', { class: 'place' }, scenario.at ?? scenario.path, ' · ', scenario.status, scenario.reason && ` (${scenario.reason})`, scenario.duration_ms > 0 && ` · ${durationText(scenario.duration_ms)}`,
      scenario.tags.map((tag) => h('span', { class: 'tag' }, tag))));
}

/** `go` changes what is shown: { scenario, attempt, tab }. */
export function detailOf(run, scenario, view, go) {
  const attempt = scenario.attempts[view.attempt] ?? scenario.attempts.at(-1);
  if (!attempt) return [heading(scenario)];
  const tab = TABS.find((one) => one.key === view.tab) ?? TABS[0];
  const file = run.files.find((one) => one.path === scenario.path);
  return [
    heading(scenario), attemptChoice(scenario, scenario.attempts.indexOf(attempt), (index) => go({ attempt: index })), failureBox(attempt),
    file?.dropped > 0 && h('p', { class: 'hint' }, `${file.dropped} events of this file were left out, since there were too many.`),
    tabList(attempt, tab.key, (key) => go({ tab: key })), h('div', { id: 'pane', role: 'tabpanel', 'aria-labelledby': `tab-${tab.key}` }, tab.pane(attempt, run.attachments)),
  ].filter(Boolean);
}
