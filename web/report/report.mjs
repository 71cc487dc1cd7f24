import { detailOf } from './detail.mjs';
import { counted, durationText, h } from './dom.mjs';
import { listOf } from './list.mjs';
import { fold, MARKS, STATUSES } from './model.mjs';

// The page: a summary, the list, and one scenario. What is shown is in the address: #SCENARIO/ATTEMPT/TAB.

function readAddress() {
  const [scenario, attempt, tab] = location.hash.slice(1).split('/');
  return { scenario: scenario === '' ? undefined : Number(scenario), attempt: attempt ? Number(attempt) - 1 : undefined, tab };
}

function addressOf(view) {
  return `#${view.scenario}/${view.attempt === undefined ? '' : view.attempt + 1}/${view.tab ?? ''}`;
}

function summaryOf(run) {
  const verdict = run.interrupted ? 'interrupted' : run.passed ? 'passed' : 'failed';
  const started = run.started ? new Date(run.started).toLocaleString() : '';
  const bar = h('div', { class: 'bar', 'aria-hidden': 'true' }, STATUSES.filter((status) => run.counts[status] > 0).map((status) => h('i', { class: status, style: `flex-grow: ${run.counts[status]}` })));
  return [
    h('h1', {}, h('span', { class: `verdict ${verdict}` }, verdict), ' Callwright'),
    h('p', { class: 'counts' }, STATUSES.filter((status) => run.counts[status] > 0).map((status) => h('span', { class: status }, `${MARKS[status]} ${run.counts[status]} ${status}`))),
    h('p', { class: 'place' }, [counted(run.files.length, 'file'), durationText(run.duration_ms), started, run.seed && `seed ${run.seed}`, `version ${run.version}`].filter(Boolean).join(' · ')),
    bar,
  ];
}

function show(run, selectInList) {
  const view = readAddress();
  // Without an address the first failure is what one wants to see; on a small screen the list comes first.
  const scenario = view.scenario === undefined ? run.scenarios.find((one) => one.status === 'failed') ?? run.scenarios[0] : run.scenarios[view.scenario];
  document.body.classList.toggle('chosen', view.scenario !== undefined);
  selectInList(scenario);
  const place = document.getElementById('detail');
  if (!scenario) {
    place.replaceChildren(h('p', { class: 'nothing' }, 'There were no scenarios.'));
    return;
  }
  const go = (change) => {
    history.replaceState(undefined, '', addressOf({ ...view, scenario: scenario.id, ...change }));
    show(run, selectInList);
  };
  place.replaceChildren(...detailOf(run, scenario, view, go));
  place.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

const run = fold(JSON.parse(document.getElementById('run').textContent));
document.title = `${run.passed ? '✓' : '✗'} Callwright report`;
document.getElementById('summary').append(...summaryOf(run));
const selectInList = listOf(document.getElementById('list'), run);
window.addEventListener('hashchange', () => {
  show(run, selectInList);
  document.getElementById('detail').focus({ preventScroll: true });
  window.scrollTo(0, 0);
});
show(run, selectInList);
