// Reads callwright.d.ts: what is declared there, with its comments. No parser of TypeScript: the file keeps to one line for each member.

/** Cuts at the separators that stand in no bracket. */
export function cut(text, separator) {
  const parts = [];
  let depth = 0;
  let part = '';
  for (let index = 0; index < text.length; ++index) {
    const character = text[index];
    if (character === '>' && text[index - 1] === '=') part += character;
    else {
      if ('([{<'.includes(character)) ++depth;
      if (')]}>'.includes(character)) --depth;
      if (depth === 0 && character === separator) {
        parts.push(part.trim());
        part = '';
      } else part += character;
    }
  }
  return [...parts, part.trim()].filter((one) => one !== '');
}

/** `name: type` or `name?: type` */
function named(text) {
  const [, name, mark, type] = /^(?:readonly )?(\w+)(\??):\s*(.*)$/s.exec(text);
  return { name, optional: mark === '?', type };
}

/** `name(…): type`, also with type parameters; nothing for what is no function. */
function signature(text) {
  const [, name, rest] = /^(\w+)(?:<\w+>)?(\(.*)$/s.exec(text) ?? [];
  if (name === undefined) return undefined;
  let depth = 0;
  const end = [...rest].findIndex((character) => (depth += character === '(' ? 1 : character === ')' ? -1 : 0) === 0);
  return { name, parameters: cut(rest.slice(1, end), ',').map(named), result: rest.slice(end + 1).replace(/^:\s*/, '') };
}

const plain = (comment) => comment.replace(/^\s*\/\*\*|\*\/\s*$/g, '').split('\n').map((line) => line.replace(/^\s*\*\s?/, '').trim()).filter((line) => line !== '').join(' ');

/** What a block holds: {methods: [{name, parameters, result, doc}], properties: [{name, optional, type, readonly, doc}]}; a constructor is a method. */
function membersOf(body) {
  const members = { methods: [], properties: [] };
  for (const [, comment = '', text] of body.matchAll(/^ {2}(?:(\/\*\*(?:(?!\*\/)[^])*\*\/)\s+)?((?:readonly )?\w+.*);$/gm)) {
    const doc = plain(comment);
    const method = signature(text);
    if (method !== undefined) members.methods.push({ ...method, doc });
    else members.properties.push({ ...named(text), readonly: text.startsWith('readonly '), doc });
  }
  return members;
}

/** {functions: [{name, parameters, result, doc}], types: [{name, doc, methods, properties}], aliases: {name: text}} */
export function readDefinitions(definitions) {
  const functions = [];
  const types = [];
  for (const [, comment = '', name, body] of definitions.matchAll(/^(?:(\/\*\*(?:(?!\*\/)[^])*\*\/)\n)?(?:declare class|interface) (\w+) \{\n([^]*?)^\}/gm)) {
    types.push({ name, doc: plain(comment), ...membersOf(body) });
  }
  for (const [, comment = '', text] of definitions.matchAll(/^(?:(\/\*\*(?:(?!\*\/)[^])*\*\/)\n)?declare function (.*);$/gm)) {
    functions.push({ ...signature(text), doc: plain(comment) });
  }
  const aliases = Object.fromEntries([...definitions.matchAll(/^type (\w+) = (.*);$/gm)].map(([, name, text]) => [name, text]));
  return { functions, types, aliases };
}
