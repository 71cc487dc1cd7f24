// HTTP requests of a scenario.
import { AssertionError, leaveLabel, report } from './assertions.mjs';
import { ask, emit, now } from './host.mjs';
import { here } from './position.mjs';
import { outcome } from './verbs.mjs';

const kOptions = ['headers', 'body'];
const waiting = new Map();
let next = 1;

/** Follows a dotted path: "a.b.0.c". Errors name the segment. */
export function follow(value, path) {
  let at = value;
  for (const segment of path.split('.')) {
    if (Array.isArray(at) && /^\d+$/.test(segment) && Number(segment) < at.length) {
      at = at[Number(segment)];
    } else if (at !== null && typeof at === 'object' && !Array.isArray(at) && Object.hasOwn(at, segment)) {
      at = at[segment];
    } else {
      throw new Error(`JSON path "${path}": there is no "${segment}"${at === null || typeof at !== 'object' ? ` in ${JSON.stringify(at)}` : ''}`);
    }
  }
  return at === null ? undefined : at;
}

export class HttpResponse {
  #answer;

  constructor(answer) {
    this.#answer = answer;
  }

  get status() {
    leaveLabel('HTTP status');
    return this.#answer.status;
  }
  get body() {
    leaveLabel('HTTP body');
    return this.#answer.body;
  }
  header(name) {
    leaveLabel(`HTTP header ${name}`);
    return this.#answer.headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  }
  json(path) {
    leaveLabel(path === undefined ? 'HTTP body (JSON)' : `HTTP ${path}`);
    const text = this.#answer.body;
    let whole = null;
    if (text !== '') {
      try {
        whole = JSON.parse(text);
      } catch (error) {
        throw new Error(`The HTTP body is no JSON: ${error.message}`);
      }
    }
    return path === undefined ? (whole ?? undefined) : follow(whole, path);
  }
  expectStatus(code) {
    const status = this.#answer.status;
    if (status !== code) {
      throw new AssertionError(`expected status ${code}, got ${status}`, { label: 'HTTP status', expect: `equals ${code}`, actual: String(status) });
    }
    report({ label: 'HTTP status', expect: `equals ${code}`, actual: String(status), ok: true });
    return this;
  }
}

/** Non-2xx is no error; no answer is. */
export async function http(method, url, options = {}) {
  for (const key of Object.keys(options)) {
    if (!kOptions.includes(key)) {
      throw new Error(`http: unknown option ${key}; there are ${kOptions.join(', ')}`);
    }
  }
  const body = options.body === undefined ? '' : typeof options.body === 'string' ? options.body : JSON.stringify(options.body);
  const headers = Object.entries(options.headers ?? {});
  const id = next++;
  const answered = outcome();
  waiting.set(id, answered);
  const begun = now();
  const at = here();
  ask('http.begin', { id, method: String(method), url: String(url), headers, body });
  const answer = await answered.promise;
  // A password in it is for the server alone.
  const shown = String(url).replace(/(\/\/[^/@\s:]*:)[^/@\s]*@/, '$1***@');
  const event = { event: 'http', method, url: shown, duration_ms: now() - begun, at };
  if (answer.error) {
    emit({ ...event, error: answer.error });
    throw new Error(`HTTP ${method} ${shown}: ${answer.error}`);
  }
  emit({ ...event, status: answer.status });
  return new HttpResponse(answer);
}

/** An answer of the native side. */
export function takeAnswer(message) {
  waiting.get(message.id)?.resolve(message);
  waiting.delete(message.id);
}

/** The part of the web's fetch that scripts use. */
export async function fetch(url, options = {}) {
  const response = await http(options.method ?? 'GET', url, { headers: options.headers ?? {}, ...(options.body === undefined ? {} : { body: options.body }) });
  const status = response.status;
  const text = response.body;
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => response.header(name) ?? null },
    text: async () => text,
    json: async () => JSON.parse(text)
  };
}
