import { durationText, h } from './dom.mjs';
import { MARKS, STATUSES } from './model.mjs';

// All scenarios with filters.

/** Whether a scenario is shown with this filter. */
export function matches(scenario, filter) {
  const text = `${scenario.path} ${scenario.name} ${scenario.tags.join(' ')}`.toLowerCase();
  return (filter.status === '' || scenario.status === filter.status) && (filter.tag === '' || scenario.tags.includes(filter.tag))
    && filter.text.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function rowOf(scenario, selected) {
  return h('li', {}, h('a', { href: `#${scenario.id}`, class: `row ${scenario.status}`, 'aria-current': scenario === selected ? 'true' : undefined },
    h('span', { class: `mark ${scenario.status}`, 'aria-label': scenario.status }, MARKS[scenario.status]), h('span', { class: 'name' }, scenario.name), h('span', { class: 'took' }, scenario.duration_ms > 0 ? durationText(scenario.duration_ms) : '')));
}

function fileGroup(file, filter, selected) {
  const own = file.scenarios.filter((scenario) => matches(scenario, filter));
  return own.length > 0 && h('section', {}, h('h2', {}, file.path), h('ul', {}, own.map((scenario) => rowOf(scenario, selected))));
}

function statusButtons(run, filter, change) {
  const all = [['', 'all', run.scenarios.length], ...STATUSES.map((status) => [status, status, run.counts[status]])];
  return h('div', { class: 'chips', role: 'group', 'aria-label': 'Status' }, all.filter(([status, , number]) => number > 0 || status === '').map(([status, name, number]) => h('button', {
    type: 'button', class: status, 'aria-pressed': String(filter.status === status), onclick: () => change({ status }),
  }, `${name} ${number}`)));
}

/** Fills `place`; `draw` shows another selection. */
export function listOf(place, run) {
  const filter = { status: '', tag: '', text: '' };
  let selected;
  const chips = h('div', {});
  const groups = h('div', { class: 'groups' });
  const search = h('input', { type: 'search', placeholder: 'Search (press /)', 'aria-label': 'Search', oninput: () => change({ text: search.value.trim() }) });
  const tags = h('select', { 'aria-label': 'Tag', onchange: () => change({ tag: tags.value }) }, h('option', { value: '' }, 'any tag'), run.tags.map((tag) => h('option', { value: tag }, tag)));
  function draw() {
    chips.replaceChildren(statusButtons(run, filter, change));
    const shownGroups = run.files.map((file) => fileGroup(file, filter, selected)).filter(Boolean);
    groups.replaceChildren(...(shownGroups.length > 0 ? shownGroups : [h('p', { class: 'nothing' }, 'No scenario matches.')]));
  }
  function change(what) {
    Object.assign(filter, what);
    draw();
  }
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !event.target.closest('input, select, textarea')) {
      event.preventDefault();
      search.focus();
    }
  });
  place.append(h('div', { class: 'filters' }, search, run.tags.length > 0 && tags, chips), groups);
  draw();
  return (scenario) => {
    selected = scenario;
    draw();
  };
}
