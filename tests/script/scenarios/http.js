import { phones } from './prelude.mjs';

scenario('59: an answer is read by parts', async () => {
  const server = new MockServer();
  server.respond('GET', '/a', jsonResponse({ a: { b: [{ c: 7 }] }, none: null }));
  server.respond('POST', '/echo', (request) => jsonResponse({ got: JSON.parse(request.body), type: request.headers['content-type'] }, 201));
  server.respond('DELETE', '/gone', { status: 204 });
  const answer = await http('GET', `${server.url}/a?x=1`, { headers: { 'X-Who': 'me' } });
  expect(answer.status).toBe(200);
  expect(answer.json('a.b.0.c')).toBe(7);
  expect(answer.json('none')).toBeUndefined();
  expect(answer.header('CONTENT-TYPE')).toBe('application/json');
  let missing;
  try {
    answer.json('a.b.1.c');
  } catch (error) {
    missing = error.message;
  }
  expect(missing).toContain('"1"');
  const posted = await http('POST', `${server.url}/echo`, { body: { n: 1 }, headers: { 'Content-Type': 'application/json' } });
  expect(posted.status).toBe(201);
  expect(posted.json('got.n')).toBe(1);
  expect((await http('DELETE', `${server.url}/gone`)).json()).toBeUndefined();
  let wrong;
  try {
    (await http('GET', `${server.url}/nothing`)).expectStatus(200);
  } catch (error) {
    wrong = error.message;
  }
  expect(wrong).toContain('expected status 200, got 404');
  expect(server.lastRequest('/a').header('x-who')).toBe('me');
  expect(server.lastRequest('/a').query.x).toBe('1');
  server.stop();
  let refused;
  await http('GET', `${server.url}/a`).catch((error) => {
    refused = error.message;
  });
  expect(refused).toContain('HTTP GET');
});

scenario('60: which answer a mock server gives', async () => {
  const server = new MockServer();
  server.respond(regex('/calls/.*'), textResponse('any of them'));
  server.respond('/calls/1', textResponse('just this'));
  server.respond('PUT', '/calls/1', textResponse('put'));
  server.respond('*', '/star', textResponse('star'));
  server.respond('/broken', () => {
    throw new Error('no answer');
  });
  const text = async (method, path) => (await http(method, server.url + path)).body;
  expect(await text('GET', '/calls/2')).toBe('any of them');
  expect(await text('GET', '/calls/1')).toBe('just this');
  expect(await text('PUT', '/calls/1')).toBe('put');
  expect(await text('PATCH', '/star')).toBe('star');
  server.respond('/calls/1', textResponse('instead'));
  expect(await text('GET', '/calls/1')).toBe('instead');
  const broken = await http('GET', `${server.url}/broken`);
  expect(broken.status).toBe(500);
  expect(broken.body).toBe('');
  const unknown = await http('GET', `${server.url}/who`);
  expect(unknown.status).toBe(404);
  expect(unknown.body).toBe('no mock route for GET /who');
  expect(server.requestCount('/calls/1')).toBe(3);
  expect(server.requests(regex('/calls/.*')).length).toBe(4);
});

for (const time of ['first', 'second']) {
  scenario(`60: a fixed port is free again for the ${time} scenario`, async () => {
    const server = new MockServer({ port: Number(env('MOCK_PORT')) });
    server.respond('/', textResponse(time));
    expect((await fetch(server.url)).ok).toBe(true);
  });
}

scenario('a hook is called while a phone rings', async () => {
  const server = new MockServer();
  server.respond('POST', '/voice', jsonResponse({ type: 'answer' }));
  const [a] = await phones(1);
  http('POST', `${server.url}/voice`, { body: { caller: a.aor } });
  await until(() => expect(server.requestCount('/voice')).toBe(1));
  expect(server.lastRequest('/voice').json('caller')).toBe(a.aor);
});
