// `_include`: a script that looks at the events of a run and says whether they are as they should be.
import { StepFailure } from './problems.mjs';
import { fileOf, folderOf, join } from './paths.mjs';

/** The places where the script may be; whatever folders its name has are cut off, so that nothing else can be read. */
export function scriptPlaces(name, path, { dataFolder = 'data' } = {}) {
  const file = fileOf(name);
  if (file === '' || file === '.' || file === '..') return [];
  return [join(join(folderOf(path), 'scripts'), file), join(join(dataFolder, 'scripts'), file)];
}

export const findScript = (name, path, { fileExists, dataFolder }) => scriptPlaces(name, path, { dataFolder }).find((place) => fileExists(place));

/** Scripts that print what they caught print the message alone. */
class Failed extends Error {
  toString() {
    return this.message;
  }
}

function assertions(run) {
  const say = (ok, message) => run.emit({ event: 'assertion', expect: message, ok });
  return {
    assert(...given) {
      const [condition, message = 'assertion failed'] = given;
      say(Boolean(condition), String(message));
      if (!condition) throw new Failed(String(message));
    },
    fail(message = 'test explicitly failed') {
      say(false, String(message));
      throw new Failed(String(message));
    },
  };
}

function show(value) {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

function consoleOf(run) {
  const at = (level) => (...values) => run.emit({ event: 'log', message: values.map(show).join(' '), ...(level && { level }) });
  return { log: at(), info: at(), debug: at('debug'), warn: at('warn'), error: at('error') };
}

function countsOf(events) {
  const counts = {};
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/** Runs the script over the records; throws a StepFailure when it does not pass. */
export async function judgeByScript({ name, line, column }, path, records, run) {
  const { host, secrets, dataFolder } = run;
  const at = `${path}:${line}:${column}`;
  const script = findScript(name, path, { fileExists: (place) => host.fileExists(place), dataFolder });
  if (script === undefined) throw new StepFailure(`failed to read include script ${fileOf(name)}: it is not in the folder scripts`, { at });
  let source;
  try {
    source = host.readFile(script);
  } catch (error) {
    throw new StepFailure(`failed to read include script ${script}: ${error.message}`, { at });
  }
  const events = records.map(({ event }) => event);
  const globals = { events, stats: { events: countsOf(events) }, telefonist: assertions(run), console: consoleOf(run) };
  try {
    await host.evaluate(source, script, globals);
  } catch (error) {
    throw new StepFailure(secrets.mask(`JS evaluation failed: ${error}`), { at });
  }
}
