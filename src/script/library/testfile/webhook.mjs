// `_webhook`: one message for each repetition, in the form of a card for Microsoft Teams.
import { fileOf } from './paths.mjs';

const GREEN = '008000';
const RED = 'FF0000';

/** `result`: {passed, error?, hash, run}; `file`: {path, project?} */
export function card({ passed, error, hash, run }, { path, project = '' }) {
  const name = fileOf(path).replace(/\.test$/, '');
  const word = passed ? 'PASS' : 'FAIL';
  const reason = error === undefined ? '' : `, Reason: ${error}`;
  return {
    '@context': 'http://schema.org/extensions',
    '@type': 'MessageCard',
    themeColor: passed ? GREEN : RED,
    summary: `Test Run ${name}: ${word}`,
    sections: [
      {
        activityTitle: `Test Run: **${name}**`,
        markdown: true,
        text: `--- Finished: ${name} [${word}] --- Project: ${project}, Hash: ${hash}, Run: ${run}${reason}`,
      },
    ],
  };
}
