// Which agent a command is for.

/** The name of an agent: its address of record without display name, brackets and parameters. */
export function aliasOf(text) {
  const bracketed = /<([^>]*)>?/.exec(text);
  return (bracketed ? bracketed[1] : text).split(';')[0].trim();
}

/**
 * `ua1:dial x` → {alias, command, offset}. The text before the last colon of the first word names the agent when there is one of that name
 * (`known`); otherwise the active agent gets all of the text, and `claimed` is what the text before the colon might have been meant for.
 */
export function splitTarget(text, known) {
  const word = /^\S+/.exec(text)?.[0] ?? '';
  const colon = word.lastIndexOf(':');
  if (colon < 0) return { command: text, offset: 0 };
  const alias = aliasOf(word.slice(0, colon));
  const rest = text.slice(colon + 1);
  const command = rest.trimStart();
  if (known(alias)) return { alias, command, offset: colon + 1 + rest.length - command.length };
  return { command: text, offset: 0, claimed: alias };
}

/** The first word, in lower case as the commands are written, and the rest with single blanks. */
export function splitCommand(text) {
  const [name = '', ...words] = text.trim().split(/\s+/);
  return { name: name.toLowerCase(), params: words.join(' ') };
}
