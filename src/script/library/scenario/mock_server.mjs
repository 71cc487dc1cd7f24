// An HTTP server of the scenario, in the place of one that the system under test calls.
import { leaveLabel } from './assertions.mjs';
import { follow } from './http.mjs';
import { ask, emit } from './host.mjs';
import { run } from './run.mjs';
import { notifyChange } from './time.mjs';

const servers = new Map();

export class PathPattern {
  constructor(source) {
    this.source = source;
    this.expression = new RegExp(`^(?:${source})$`);
  }
  toString() {
    return `~^${this.source}$`;
  }
}

export const regex = (source) => new PathPattern(String(source));

export const jsonResponse = (body, status = 200) => ({ status, contentType: 'application/json', body: JSON.stringify(body) });
export const textResponse = (body, status = 200) => ({ status, contentType: 'text/plain', body: String(body) });

export class MockRequest {
  constructor(message) {
    const [path, query = ''] = message.target.split('?');
    this.method = message.method;
    this.path = path;
    this.body = message.body;
    this.headers = Object.fromEntries(message.headers.map(([name, value]) => [name.toLowerCase(), value]));
    this.query = Object.fromEntries(
      query
        .split('&')
        .filter((part) => part !== '')
        .map((part) => part.split('=').map((text) => decodeURIComponent(text.replace(/\+/g, ' '))))
        .map(([key, value = '']) => [key, value])
    );
  }

  header(name) {
    leaveLabel(`request header ${name}`);
    return this.headers[name.toLowerCase()];
  }
  json(path) {
    leaveLabel(`request ${path ?? 'body (JSON)'}`);
    const whole = this.body === '' ? null : JSON.parse(this.body);
    return path === undefined ? (whole ?? undefined) : follow(whole, path);
  }
}

const matches = (pattern, path) => (pattern instanceof PathPattern ? pattern.expression.test(path) : pattern === path);
const same = (one, other) => String(one) === String(other) && one instanceof PathPattern === other instanceof PathPattern;

export class MockServer {
  #routes = [];
  #requests = [];

  constructor(options = {}) {
    run.mayCreateAgents();
    const made = ask('mock.start', { address: options.address ?? '127.0.0.1', port: options.port ?? 0, certificate: options.certificate ?? '', key: options.key ?? '' });
    this.id = made.id;
    this.url = made.url;
    this.port = made.port;
    servers.set(this.id, this);
  }

  /** respond([method,] path, answer): `answer` is an object, or a function of the request that gives one. */
  respond(...given) {
    const [method, path, answer] = given.length === 2 ? ['*', ...given] : given;
    const route = { method: String(method).toUpperCase(), path, answer };
    const before = this.#routes.findIndex((known) => known.method === route.method && same(known.path, route.path));
    if (before >= 0) {
      this.#routes[before] = route;
    } else {
      this.#routes.push(route);
    }
    return this;
  }

  on(...given) {
    return this.respond(...given);
  }

  #routeFor(method, path) {
    const rank = (route) => (route.path instanceof PathPattern ? 0 : 2) + (route.method === '*' ? 0 : 1);
    let best;
    for (const route of this.#routes) {
      if ((route.method === '*' || route.method === method) && matches(route.path, path) && (best === undefined || rank(route) >= rank(best))) {
        best = route;
      }
    }
    return best;
  }

  requests(path) {
    leaveLabel(`mock requests to ${path}`);
    return this.#requests.filter((request) => path === undefined || matches(path, request.path));
  }
  requestCount(path) {
    const count = this.requests(path).length;
    leaveLabel(`mock requests to ${path}`);
    return count;
  }
  lastRequest(path) {
    return this.requests(path).at(-1);
  }

  stop() {
    servers.delete(this.id);
    ask('mock.stop', { id: this.id });
  }

  async take(message) {
    const request = new MockRequest(message);
    this.#requests.push(request);
    const route = this.#routeFor(request.method, request.path);
    emit({ event: 'mock_request', method: request.method, path: request.path, matched: route !== undefined });
    notifyChange();
    let answer = { status: 404, contentType: 'text/plain', body: `no mock route for ${request.method} ${request.path}` };
    try {
      if (route !== undefined) {
        answer = typeof route.answer === 'function' ? await route.answer(request) : route.answer;
      }
      ask('mock.answer', { server: this.id, request: message.request, ...written(answer) });
    } catch (error) {
      emit({ event: 'mock_error', method: request.method, path: request.path, error: String(error?.message ?? error) });
      ask('mock.answer', { server: this.id, request: message.request, status: 500, headers: [], body: '' });
    }
  }
}

function written(answer) {
  if (answer === null || typeof answer !== 'object') {
    throw new Error('A responder has to give an object such as { status: 200, body: "…" }, jsonResponse(…) or textResponse(…)');
  }
  const headers = Object.entries(answer.headers ?? {}).map(([name, value]) => [name, String(value)]);
  const text = typeof answer.body === 'string' ? answer.body : answer.body === undefined ? '' : JSON.stringify(answer.body);
  const type = answer.contentType ?? answer.content_type ?? (typeof answer.body === 'object' ? 'application/json' : undefined);
  return { status: answer.status ?? 200, headers: type === undefined ? headers : [['Content-Type', type], ...headers], body: text };
}

export const takeRequest = (message) => servers.get(message.server)?.take(message);

export function stopServers() {
  for (const server of [...servers.values()]) {
    server.stop();
  }
}
