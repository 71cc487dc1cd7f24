// Functions of the scenario API whose name or parameters in Rhai differ from those of the host. All others are found by their name (bridge.mjs).
import { ASSERTIONS } from './assertions.mjs';
import { debug, display } from './display.mjs';
import { fault } from './errors.mjs';
import { toJson } from './packages/json.mjs';
import { TYPE, own, typeBit, typeName } from './values.mjs';

/** Calls the host; `name` says how its result is to be read. */
function through(environment, call, name) {
  return environment.run.bridge.invoke(environment.at, call, name);
}

/** The same for what gives nothing back. */
function tell(environment, call) {
  return environment.run.bridge.crossing(environment.at, call, () => undefined);
}

/** What the host gives is kept as it is and goes back to it later. */
const handle = (environment, call) => environment.run.bridge.crossing(environment.at, call);

const host = (environment, value) => (value instanceof Map ? environment.run.bridge.options(value) : environment.run.bridge.toHost(value));

/** The same function of the host with its result unread. */
function maker(name) {
  return function make(...values) {
    return handle(this, () => this.host[name](...values.map((value) => this.run.bridge.toHost(value))));
  };
}

function registerScenario(environment, name, options, body) {
  const { bridge } = environment.run;
  const { at } = environment;
  bridge.requireFunction(body, at, 'The body of a scenario', 1);
  return handle(environment, () => environment.host.scenario(name, options, bridge.callable(body)));
}

const SCENARIO_OPTIONS = [
  ['tags', TYPE.array | TYPE.string, 'an array of strings'],
  ['skip', TYPE.bool | TYPE.string, 'true, false or a reason'],
  ['only', TYPE.bool, 'true or false'],
];

function scenarioOptions({ at, run }, map) {
  for (const [name, types, text] of SCENARIO_OPTIONS) {
    const value = map.get(name);
    if (value !== undefined && (typeBit(value) & types) === 0) throw fault('runtime', `${name} must be ${text}, not ${typeName(value)}`, at);
  }
  const options = run.bridge.options(map);
  const tags = map.get('tags');
  if (tags !== undefined) options.tags = [tags].flat().filter((tag) => typeof tag === 'string');
  return options;
}

/** Steps around scenarios. What they return is the context of the scenario, the very map and no copy. */
function step(name) {
  return function register(body) {
    const { bridge } = this.run;
    bridge.requireFunction(body, this.at, `The body of ${name}`, 1);
    const camel = { before_all: 'beforeAll', after_all: 'afterAll' }[name] ?? name;
    return handle(this, () => this.host[camel](bridge.callable(body, (value) => bridge.shared(value))));
  };
}

async function waitUntil(environment, condition, within) {
  const { bridge } = environment.run;
  const { at } = environment;
  bridge.requireFunction(condition, at, 'A condition', 0);
  let value;
  const attempt = async () => {
    try {
      value = await condition.invoke(at, undefined, []);
    } catch (error) {
      throw bridge.whileWaiting(error);
    }
  };
  await bridge.crossing(at, () => environment.host.until(attempt, ...(within === undefined ? [] : [within])));
  return value;
}

/** Each task has copies of what it captured. All of them end before the first failure is told. */
async function parallel(environment, tasks) {
  const { at, run } = environment;
  for (const task of tasks) run.bridge.requireFunction(task, at, 'A task of parallel', 0);
  const results = await Promise.allSettled(tasks.map((task) => task.fork().invoke(at, undefined, [])));
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return results.map(({ value }) => value);
}

/** In Rhai a header that came several times has its last value. */
function headerMap(value) {
  if (!(value instanceof Map)) return value;
  return new Map([...value].map(([name, values]) => [name, Array.isArray(values) ? values.at(-1) : values]));
}

/** A member of a request or of another map of data by a path such as `a.b.0`. */
function memberAt(root, path) {
  let current = root;
  for (const part of path.split('.')) {
    const known = current instanceof Map ? current.has(part) : Array.isArray(current) && /^\d+$/.test(part) && Number(part) < current.length;
    if (!known) throw fault('runtime', `There is no '${part}' in '${path}'`);
    current = current instanceof Map ? current.get(part) : current[Number(part)];
  }
  return own(current);
}

/** A request that a mock server got. Where it is a map of its parts, these read it as they read the handle of a request. */
const REQUESTS = {
  'header(map, string)': (request, name) => request.get('headers')?.get(name.toLowerCase()) ?? request.get('headers')?.get(name),
  'query(map, string)': (request, name) => request.get('query')?.get(name),
  'query(native, string)'(request, name) {
    return through(this, () => (typeof request.query === 'function' ? request.query(name) : request.query?.[name]), 'query');
  },
  'json(map, string?)'(request, path) {
    const body = request.get('body');
    const value = typeof body === 'string' && body !== '' ? this.run.bridge.fromHost(JSON.parse(body), 'json') : undefined;
    return path === undefined ? value : memberAt(value, path);
  },
};

export const HOST_FUNCTIONS = {
  ...ASSERTIONS,
  ...REQUESTS,
  'agent(string, map)'(name, config) {
    return handle(this, () => new this.host.Agent(name, host(this, config)));
  },
  'mock_server(map?)'(options = new Map()) {
    return handle(this, () => new this.host.MockServer(host(this, options)));
  },
  'tone(number)': maker('tone'),
  'file(string)': maker('file'),
  'speech(string, map?)': maker('speech'),
  'silent()': maker('silence'),
  'silence()': maker('silence'),
  'regex(string)': maker('regex'),
  'json_response(any, int?)': maker('jsonResponse'),
  'text_response(any, int?)': maker('textResponse'),
  'http(string, string, map?)'(method, url, options = new Map()) {
    return handle(this, () => this.host.http(method, url, host(this, options)));
  },
  'scenario(string, fn)'(name, body) {
    return registerScenario(this, name, {}, body);
  },
  'scenario(string, map, fn)'(name, options, body) {
    return registerScenario(this, name, scenarioOptions(this, options), body);
  },
  'setup(fn)': step('setup'),
  'teardown(fn)': step('teardown'),
  'before_all(fn)': step('before_all'),
  'after_all(fn)': step('after_all'),
  'await_until(fn, string?)'(condition, within) {
    return waitUntil(this, condition, within);
  },
  'parallel(array)'(tasks) {
    return parallel(this, tasks);
  },
  'log(any)'(message) {
    return tell(this, () => this.host.log(display(message)));
  },
  'print(any?)'(value = '') {
    return tell(this, () => this.host.print(display(value)));
  },
  'debug(any)'(value) {
    return tell(this, () => this.host.print(debug(value)));
  },
  'sleep(number)'(seconds) {
    return tell(this, () => this.host.sleep(Number(host(this, seconds)) * 1000));
  },
  'headers(native)'(owner) {
    return this.run.bridge.crossing(this.at, () => (typeof owner.headers === 'function' ? owner.headers() : owner.headers), (value) =>
      headerMap(this.run.bridge.fromHost(value ?? {}, 'headers')),
    );
  },
  'to_json(native)'(owner) {
    const { bridge } = this.run;
    return bridge.crossing(this.at, () => (typeof owner.info === 'function' ? owner.info() : owner), (value) => toJson(bridge.fromHost(value, 'info')));
  },
  'audio_delay(native, native)'(speaker, listener) {
    return through(this, () => this.host.audioDelay(speaker, listener), 'delay');
  },
  'verify_audio_connection(native, native)'(one, other) {
    return through(this, () => this.host.verifyAudioConnection(one, other));
  },
};
