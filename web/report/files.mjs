import { bytesOf, h, offsetText, shown, sizeText } from './dom.mjs';

// The log, and the files to download.

const MAX_TEXT = 512 * 1024;

function textOf(artifact, attachment) {
  const bytes = bytesOf(attachment?.href);
  return bytes && h('details', {}, h('summary', {}, artifact.path.split('/').at(-1)), h('pre', { class: 'message', tabindex: '0' }, new TextDecoder().decode(bytes.subarray(0, MAX_TEXT))));
}

export function logPane(attempt, attachments) {
  const rank = { debug: 0, info: 1, warn: 2, error: 3 };
  const lines = attempt.events.filter((event) => event.event === 'log');
  const list = h('ol', { class: 'steps' });
  const draw = (least) => list.replaceChildren(...lines.filter((event) => rank[event.level ?? 'info'] >= least)
    .map((event) => h('li', { class: `step level-${event.level ?? 'info'}` }, h('span', { class: 'offset' }, offsetText(event.offset)), h('span', { class: 'level' }, event.level ?? 'info'), h('span', { class: 'what' }, shown(event.message)))));
  const level = h('select', { onchange: () => draw(Number(level.value)) }, Object.keys(rank).map((name) => h('option', { value: rank[name], selected: name === 'info' }, name)));
  draw(rank.info);
  const texts = attempt.artifacts.filter((artifact) => artifact.kind === 'log' || artifact.kind === 'journal').map((artifact) => textOf(artifact, attachments[artifact.path])).filter(Boolean);
  if (lines.length === 0 && texts.length === 0) return h('p', { class: 'nothing' }, 'No log');
  return h('div', {}, h('label', { class: 'choice' }, 'From level ', level), list, texts);
}

export function filesPane(attempt, attachments) {
  if (attempt.artifacts.length === 0) return h('p', { class: 'nothing' }, 'No files; --trace on keeps the capture of each scenario');
  return h('ul', { class: 'files' }, attempt.artifacts.map((artifact) => {
    const attachment = attachments[artifact.path];
    const name = artifact.path.split('/').at(-1);
    const what = h('span', { class: 'kind' }, artifact.kind, artifact.agent && ` of ${artifact.agent}`);
    if (!attachment || attachment.missing) return h('li', {}, what, ' ', h('span', { class: 'nothing' }, `${artifact.path} is not there any more`));
    return h('li', {}, what, ' ', h('a', { href: attachment.href, download: name }, name), ` ${sizeText(attachment.size)}`, !attachment.embedded && ' (beside the report)');
  }));
}
