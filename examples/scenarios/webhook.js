// A system that asks a web service what to do with a call; here, the test is that service.
scenario('the hook is asked once', async () => {
  const service = new MockServer();
  service.respond('POST', '/calls', (request) => jsonResponse({ action: 'answer', to: JSON.parse(request.body).to }, 201));

  const answer = await http('POST', `${service.url}/calls`, { headers: { 'Content-Type': 'application/json' }, body: { to: 'bob' } });
  answer.expectStatus(201);
  expect(answer.json('action')).toBe('answer');
  expect(service.requestCount('/calls')).toBe(1);
  expect(service.lastRequest('/calls').json('to')).toBe('bob');
});
