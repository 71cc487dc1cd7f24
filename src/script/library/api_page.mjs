// Makes docs/testing/api.md of callwright.d.ts: `node src/script/library/api_page.mjs > docs/testing/api.md`. A test compares the two.
import { readFileSync } from 'node:fs';

const kHead = `# The API of scenarios

Made of \`callwright.d.ts\`, which \`callwright definitions\` writes for your editor (with \`--rhai\` in the words of Rhai). \`Promise\` means that the outcome can be awaited; what is wrong with a call of
a verb itself is thrown at once, at its line. The same in Rhai: names with underscores (\`a.send_audio(tone(440))\`), and no \`await\`.
`;

/** Headings are the comments that begin with '#'; what stands between them is shown as it is. */
export function apiPage(definitions) {
  const [, ...sections] = definitions.split(/^\/\/ # /m);
  const first = definitions.split(/^\/\/ # /m)[0].replace(/^\/\/.*\n/gm, '').trim();
  const block = (text) => `\`\`\`ts\n${text.trim()}\n\`\`\`\n`;
  const parts = sections.map((section) => {
    const end = section.indexOf('\n');
    return `## ${section.slice(0, end)}\n\n${block(section.slice(end))}`;
  });
  return `${kHead}\n${block(first)}\n${parts.join('\n')}`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  process.stdout.write(apiPage(readFileSync(new URL('callwright.d.ts', import.meta.url), 'utf8')));
}
