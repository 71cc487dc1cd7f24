// Mock servers and the HTTP client of the fake host: requests are handed over in memory.
const matches = (route, path) => (route?.kind === 'regex' ? route.pattern.test(path) : route === path);

export class FakeMockServer {
  constructor(host, { port = 8000 + host.servers.length } = {}) {
    Object.assign(this, { host, port, routes: [], received: [] });
    host.servers.push(this);
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  respond(...values) {
    const answer = values.pop();
    const path = values.pop();
    this.routes.unshift({ method: values[0] ?? '*', path, answer });
  }

  requests(route) {
    return this.received.filter(({ path }) => matches(route, path));
  }
  requestCount(route) {
    this.host.label(`mock requests to ${route}`);
    return this.requests(route).length;
  }
  lastRequest(route) {
    return this.requests(route).at(-1);
  }

  stop() {
    this.host.servers = this.host.servers.filter((server) => server !== this);
  }

  async serve(request) {
    const route = this.routes.find(({ method, path }) => (method === '*' || method === request.method) && matches(path, request.path));
    this.received.push(request);
    this.host.event('mock_request', { method: request.method, path: request.path, matched: route !== undefined });
    if (!route) return { status: 404, body: `no mock route for ${request.method} ${request.path}` };
    if (typeof route.answer !== 'function') return route.answer;
    try {
      return await route.answer(request);
    } catch (error) {
      this.host.event('mock_error', { method: request.method, path: request.path, error: error.message });
      return { status: 500, body: '' };
    }
  }
}

class FakeResponse {
  constructor(host, { status = 200, body = '', headers = {} }) {
    Object.assign(this, { host, answer: { status, headers }, text: typeof body === 'string' ? body : JSON.stringify(body) });
  }

  get status() {
    this.host.label('HTTP status');
    return this.answer.status;
  }
  get body() {
    this.host.label('HTTP body');
    return this.text;
  }

  header(name) {
    return Object.entries(this.answer.headers).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  }

  json(path) {
    this.host.label(path ? `HTTP ${path}` : 'HTTP body (JSON)');
    const value = this.text === '' ? null : JSON.parse(this.text);
    return path === undefined ? value : path.split('.').reduce((current, part) => this.member(current, part, path), value);
  }

  member(value, part, path) {
    if (value === null || typeof value !== 'object' || !(part in value)) throw new Error(`no '${part}' in '${path}'`);
    return value[part];
  }

  expectStatus(status) {
    this.host.report({ label: 'HTTP status', expect: `status ${status}`, actual: this.answer.status, ok: status === this.answer.status });
  }
}

export async function respond(host, method, url, { headers = {}, body = '' }) {
  const { port, pathname, searchParams } = new URL(url);
  const server = host.servers.find((candidate) => candidate.port === Number(port));
  if (!server) throw new Error(`HTTP ${method} ${url}: connection refused`);
  const lower = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]));
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new FakeResponse(host, await server.serve({ method, path: pathname, query: Object.fromEntries(searchParams), headers: lower, body: text }));
}
