// Makes callwright.d.rhai, the definitions of the API for editors that know Rhai, of callwright.d.ts: `node src/script/library/rhai_definitions.mjs > …/callwright.d.rhai`.
// A test compares the two.
import { readFileSync } from 'node:fs';
import { cut, readDefinitions } from './definitions_text.mjs';
import { ALWAYS_FLOAT } from './rhai/bridge.mjs';
import { HOST_FUNCTIONS } from './rhai/host_functions.mjs';
import { PROMPT_VERBS, toSnake } from './rhai/names.mjs';

const kHead = `/// The API of scenarios in Rhai. \`callwright definitions --rhai\` writes this file; put it beside the scenarios, where the language server finds it.
///
/// There is no \`await\`: what takes time is waited for, but for the verbs of an agent, whose outcome shows in its getters. \`State::Idle\`, \`State::Ringing\`
/// and \`State::Established\` are what the \`state\` of an agent is. () stands for what is not there.
module static;
`;

/** Of functions that Rhai alone has, or by another name; {name, parameters} name those that the tables of the host know by their types. */
const kOwn = {
  assert: { parameters: ['value'], result: 'Assertion', doc: 'What a value is to be; each matcher fails at its line when it is not, and gives the assertion again.' },
  describe: { parameters: ['assertion', 'label'], result: 'Assertion', doc: 'Names it in reports.' },
  value: { parameters: ['assertion'], result: '?', doc: 'What the assertion is about.' },
  equals: { parameters: ['assertion', 'wanted'], result: 'Assertion', doc: 'The same type and content.' },
  not_equals: { parameters: ['assertion', 'unwanted'], result: 'Assertion', doc: 'Another type or content.' },
  is_true: { parameters: ['assertion'], result: 'Assertion', doc: 'Just true.' },
  is_false: { parameters: ['assertion'], result: 'Assertion', doc: 'Just false.' },
  is_present: { parameters: ['assertion'], result: 'Assertion', doc: 'Anything but ().' },
  is_absent: { parameters: ['assertion'], result: 'Assertion', doc: 'Just ().' },
  is_empty: { parameters: ['assertion'], result: 'Assertion', doc: 'Of a string, an array or a map.' },
  is_not_empty: { parameters: ['assertion'], result: 'Assertion', doc: 'Of a string, an array or a map.' },
  contains: { parameters: ['assertion', 'part'], result: 'Assertion', doc: 'The value as text contains the part as text.' },
  matches: { parameters: ['assertion', 'pattern'], result: 'Assertion', doc: 'The value as text matches the regular expression.' },
  hears: { parameters: ['assertion', 'words', 'within'], result: 'Assertion', doc: 'Of an agent: the words, or what the regular expression is for, are said to it within 10s or the time given.' },
  does_not_hear: { parameters: ['assertion', 'words', 'within'], result: 'Assertion', doc: 'Of an agent: they are not said to it in all of that time.' },
  greater_than: { parameters: ['assertion', 'limit'], result: 'Assertion', doc: '' },
  at_least: { parameters: ['assertion', 'limit'], result: 'Assertion', doc: '' },
  less_than: { parameters: ['assertion', 'limit'], result: 'Assertion', doc: '' },
  at_most: { parameters: ['assertion', 'limit'], result: 'Assertion', doc: '' },
  header: { parameters: ['request', 'name'], result: 'String', doc: 'Of a request to a mock server, in any case.' },
  query: { parameters: ['request', 'name'], result: 'String', doc: 'A parameter of the query of a request to a mock server.' },
  json: { parameters: ['request', 'path'], result: '?', doc: 'The body of a request to a mock server, or what a dotted path leads to.' },
  agent: { parameters: ['name', 'config'], result: 'Agent', doc: 'A phone. It exists, and registers, from the moment it is made.', config: 'AgentConfig' },
  mock_server: { parameters: ['options'], result: 'MockServer', doc: 'An HTTP server of the scenario. `options`: `#{ address, port, certificate, key }`; the last two are PEM files: it speaks HTTPS then.' },
  silent: { parameters: [], result: 'AudioSource', doc: 'The same as `silence()`.' },
  await_until: { from: 'until', parameters: ['condition', 'within'], result: '?' },
  parallel: { parameters: ['tasks'], result: 'Array', doc: 'Runs closures side by side, each with copies of what it captured, and gives their values; fails when all have ended and one has failed.' },
  print: { parameters: ['value'], result: '()', doc: 'A line of the report.' },
  debug: { parameters: ['value'], result: '()', doc: 'A line of the report, with types told apart.' },
  sleep: { parameters: ['seconds'], result: '()', doc: 'Lets seconds pass, whatever calls do meanwhile.' },
  headers: { parameters: ['owner'], result: 'Map', doc: 'Header fields by name; of one that came several times the last value.' },
  to_json: { parameters: ['value'], result: 'String', doc: 'How an agent is, or what an object holds, as JSON.' },
  audio_delay: { from: 'audioDelay', parameters: ['speaker', 'listener'], result: 'float' }
};

/** Parameters that may be an int or a float. */
const FRACTIONS = new Set(['seconds', 'value', 'tolerance', 'frequency', 'hz']);

const kHostTypes = {
  any: '?', native: '?', assertion: 'Assertion', string: 'String', map: 'Map', array: 'Array', fn: 'Fn', int: 'int', number: '?'
};

/** `statusCode` in a comment is `status_code` here, and an object a map. */
const inRhai = (doc) =>
  doc
    .replace(/`([^`]*)`/g, (_, code) => `\`${code.replace(/'([^']*)'/g, '"$1"').replace(/(?<!#)\{ /g, '#{ ').replace(/\b[a-z]+[A-Z]\w*/g, toSnake)}\``)
    .replace(/\bundefined( or null)?\b/g, '()');

/** Nobody waits for the verbs of an agent. */
const withoutOutcome = (doc) => doc.replace(/(?:^|; )\bends when [^.;]*(?:; fails [^.]*)?(?=\.)/i, '').replace(/^\.$/, '');

class Writer {
  constructor(definitions) {
    Object.assign(this, readDefinitions(definitions));
    // What scripts give as a map: nothing of it is read-only, and nothing can be called.
    this.maps = new Map(this.types.filter(({ methods, properties }) => methods.length === 0 && properties.every(({ readonly }) => !readonly)).map((type) => [type.name, type]));
    this.handles = this.types.filter(({ name }) => !this.maps.has(name));
    this.lines = [kHead];
  }

  typeOf(text, name) {
    const type = this.aliases[text] ?? text;
    const promised = /^Promise<(.*)>$/.exec(type);
    if (promised) return this.typeOf(promised[1], name);
    const choices = cut(type, '|').filter((one) => one !== 'undefined');
    if (text === 'CallState') return 'CallState';
    if (cut(type, '&').length > 1) return 'Map';
    // A string once the call is over.
    if (name === 'state' && type.includes("'established'")) return '?';
    if (choices.every((one) => /^'.*'$/.test(one))) return 'String';
    if (choices.length > 1) return '?';
    const [only] = choices;
    if (/\[\]$/.test(only)) return 'Array';
    if (/=>/.test(only)) return 'Fn';
    if (/^(?:Record<|\{)/.test(only) || this.maps.has(only)) return 'Map';
    if (only === 'number') return ALWAYS_FLOAT.has(name) ? 'float' : 'int';
    const known = { string: 'String', boolean: 'bool', void: '()', never: '()', any: '?', unknown: '?', T: '?' };
    return known[only] ?? (this.aliases[only] === undefined ? only : this.typeOf(only, name));
  }

  doc(text, parameters = []) {
    const lines = text === '' ? [] : [inRhai(text)];
    for (const { name, type } of parameters) {
      const keys = this.keysOf(type);
      if (keys.length > 0) lines.push(...(lines.length > 0 ? [''] : []), `\`${toSnake(name)}\` is a map of`, ...keys);
    }
    return lines.map((line) => `/// ${line}`.trimEnd());
  }

  /** Those of a map that is given, each with what is said of it. */
  keysOf(type) {
    return cut(type ?? '', '&').flatMap((part) => {
      const known = this.maps.get(part)?.properties;
      const inline = /^\{(.*)\}$/s.exec(part);
      const keys = known ?? (inline ? cut(inline[1], ';').map((text) => ({ ...this.#named(text), doc: '' })) : []);
      return keys.map(({ name, type: value, doc }) => `- \`${toSnake(name)}\`: ${this.#choices(value) ?? this.typeOf(value, name)}${doc === '' ? '' : `. ${inRhai(doc)}`}`);
    });
  }

  /** The words that it may be. */
  #choices(type) {
    const words = cut(this.aliases[type] ?? type, '|').filter((one) => one !== 'undefined');
    return words.length > 1 && words.every((word) => /^'.*'$/.test(word)) ? words.join(' | ').replaceAll("'", '"') : undefined;
  }

  #named(text) {
    const [, name, type] = /^(\w+)\??:\s*(.*)$/s.exec(text);
    return { name, type };
  }

  /** One line for each number of parameters that it takes. */
  function(name, parameters, result, doc) {
    const least = parameters.filter(({ optional }) => !optional).length;
    for (let count = least; count <= parameters.length; ++count) {
      const given = parameters.slice(0, count).map((one) => `${toSnake(one.name)}: ${one.rhai ?? (FRACTIONS.has(one.name) ? '?' : this.typeOf(one.type, one.name))}`);
      this.lines.push(...this.doc(doc, parameters.slice(0, count)), `fn ${name}(${given.join(', ')})${result === '()' ? '' : ` -> ${result}`};`, '');
    }
  }

  hostFunction(key) {
    const [, name, list] = /^(\w+)\((.*)\)$/.exec(key);
    const types = list === '' ? [] : list.split(', ');
    const own = kOwn[name];
    const declared = this.functions.find((one) => toSnake(one.name) === name || one.name === own?.from);
    if (own === undefined && declared === undefined) {
      throw new Error(`${name} of host_functions.mjs: say in callwright.d.ts, or in kOwn, what it is`);
    }
    const names = own?.parameters ?? this.functions.find((one) => toSnake(one.name) === name && one.parameters.length === types.length)?.parameters.map((one) => one.name) ?? declared.parameters.map((one) => one.name);
    const parameters = types.map((type, index) => ({
      name: names[index],
      optional: type.endsWith('?'),
      rhai: kHostTypes[type.replace('?', '')],
      type: names[index] === 'config' ? own?.config : declared?.parameters.find((one) => one.name === names[index])?.type
    }));
    this.function(name, parameters, own?.result ?? this.typeOf(declared.result, name), own?.doc ?? declared.doc);
  }

  handle({ name: type, doc, methods, properties }) {
    const self = { name: type[0].toLowerCase() + type.slice(1), rhai: type };
    this.lines.push(`// # ${type}${doc === '' ? '' : `: ${inRhai(doc)}`}`, '');
    for (const { name, type: value, doc: said } of properties) {
      const absent = /\| undefined$/.test(value);
      this.lines.push(...this.doc(`${said}${absent ? `${said === '' || said.endsWith('.') ? '' : '.'} () when there is none.` : ''}`.trim()), `fn get ${toSnake(name)}(${toSnake(self.name)}: ${type}) -> ${this.typeOf(value, name)};`, '');
    }
    for (const { name, parameters, result, doc: said } of methods) {
      if (name === 'constructor') continue;
      const prompt = type === 'Agent' && PROMPT_VERBS.includes(name);
      for (const rhaiName of name === 'respond' ? ['on', 'respond'] : [toSnake(name)]) {
        this.function(rhaiName, [self, ...parameters], prompt ? '()' : this.typeOf(result, name), prompt ? withoutOutcome(said) : said);
      }
    }
  }

  text() {
    const inHost = new Set(Object.keys(HOST_FUNCTIONS).map((key) => key.split('(')[0]));
    const renamed = new Set(Object.values(kOwn).map(({ from }) => from));
    this.lines.push('// # Functions', '');
    for (const key of Object.keys(HOST_FUNCTIONS)) this.hostFunction(key);
    for (const { name, parameters, result, doc } of this.functions) {
      if (!inHost.has(toSnake(name)) && !renamed.has(name)) this.function(toSnake(name), parameters, this.typeOf(result, name), doc);
    }
    this.handles.forEach((type) => this.handle(type));
    return `${this.lines.join('\n').trimEnd()}\n`;
  }
}

/** The text of callwright.d.rhai. */
export const rhaiDefinitions = (definitions) => new Writer(definitions).text();

if (process.argv[1] === new URL(import.meta.url).pathname) {
  process.stdout.write(rhaiDefinitions(readFileSync(new URL('callwright.d.ts', import.meta.url), 'utf8')));
}
