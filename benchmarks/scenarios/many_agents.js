// A thousand agents that register, in one process.
const begun = Date.now();
const agents = Array.from({ length: Number(globalThis.count ?? 1000) }, (_, index) => new Agent(`a${index}`, { username: `user${index}`, domain: 'pbx.example', password: 'p' }));
await until(() => expect(agents.every((agent) => agent.isRegistered)).toBe(true), '20s');
log(`registered ${Date.now() - begun}`);
