// Five hundred calls at once, in each of which both sides hear the other.
const begun = Date.now();
const agents = Array.from({ length: 1000 }, (_, index) =>
  new Agent(`a${index}`, { username: `user${index}`, domain: 'pbx.example', password: 'p', codecs: ['PCMU'], answer: index % 2 === 1 ? 'auto' : 'manual' }));
await until(() => expect(agents.every((agent) => agent.isRegistered)).toBe(true), '20s');
agents.forEach((agent, index) => agent.sendAudio(tone(index % 2 === 1 ? 660 : 440)));
await Promise.all(agents.filter((_, index) => index % 2 === 0).map((agent, pair) => agent.dial(agents[2 * pair + 1])));
await Promise.all(agents.map((agent, index) => agent.verifyAudio(index % 2 === 1 ? 440 : 660, '8s')));
log(`heard ${Date.now() - begun}`);
