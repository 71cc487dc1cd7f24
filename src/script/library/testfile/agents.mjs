// The agents of a run: created and closed, and their events brought to the session.
import { Agent } from './agent.mjs';
import { StepFailure } from './problems.mjs';

const CLOSE_LIMIT_MS = 2000;

export class Agents {
  #agents = new Map();
  #run;

  /** `run`: {host, secrets, sleep(ms), onRecord(record, agent), onGone(agent, error), position()} */
  constructor(run) {
    this.#run = run;
  }

  [Symbol.iterator]() {
    return this.#agents.values();
  }

  has(alias) {
    return this.#agents.has(alias);
  }

  names() {
    return [...this.#agents.keys()];
  }

  /** The living agent of that name; fails when there is none. */
  need(alias) {
    const agent = this.#agents.get(alias);
    if (agent === undefined) {
      const names = this.names().join(', ');
      throw new StepFailure(`there is no agent ${alias}${names === '' ? '; uanew creates one' : `; there are ${names}`}`);
    }
    if (!agent.alive) throw new StepFailure(`the agent ${alias} is gone: ${agent.error}`);
    return agent;
  }

  snapshots() {
    return [...this].map((agent) => agent.snapshot());
  }

  /** One of the same name is ended first. */
  async create(account, context) {
    const earlier = this.#agents.get(account.alias);
    if (earlier !== undefined) await this.close(earlier);
    const { source, password, username, domain, authUser } = account.options;
    this.#run.secrets.add(password, `${username} ${domain} ${authUser}`);
    const options = source?.kind === 'file' ? { ...account.options, source: { ...source, path: context.audioFile(source.path) } } : account.options;
    const agent = this.#start({ ...account, options: { ...this.#run.defaults, ...options } });
    context.scope.active = agent;
    for (const name of account.withoutEffect) context.log(`uanew: ${name} has no effect here`, 'debug');
    if (agent.options.regint > 0) agent.phone.register();
  }

  #start(account) {
    const { host } = this.#run;
    const agent = new Agent(account, this.#run.position());
    // What happens while the phone is made comes behind CREATE.
    let early = [];
    agent.phone = host.createPhone(agent.alias, agent.options, (event) => (early ? early.push(event) : this.#event(agent, event)));
    this.#agents.set(agent.alias, agent);
    host.emit({ event: 'agent_started', name: agent.alias, aor: agent.alias });
    this.#record(agent, { type: 'CREATE', class: 'ua', param: agent.alias });
    const events = early;
    early = undefined;
    for (const event of events) this.#event(agent, event);
    return agent;
  }

  #event(agent, event) {
    if (event.type === 'failed') {
      agent.alive = false;
      agent.error = this.#run.secrets.mask(event.error?.message ?? event.error ?? 'no reason given');
      this.#run.onGone(agent);
      return;
    }
    const timed = { ...event, time: event.time ?? this.#run.host.now() };
    if (event.type === 'log') timed.text = this.#run.secrets.mask(event.text);
    for (const record of agent.mapper.map(timed)) this.#run.onRecord(record, agent);
  }

  #record(agent, fields) {
    this.#run.onRecord(agent.mapper.record(fields, this.#run.host.now()), agent);
  }

  log(agent, text) {
    this.#event(agent, { type: 'log', text });
  }

  /** Two branches may want it at the same time. */
  close(agent, { exit = true } = {}) {
    agent.closing ??= Promise.resolve().then(() => this.#close(agent, exit));
    return agent.closing;
  }

  async #close(agent, exit) {
    if (agent.alive) {
      this.#record(agent, { type: 'SHUTDOWN', class: 'ua' });
      for (const call of agent.calls()) call.givenReason ??= 'User-Agent deleted';
      // A registrar that does not answer must not hold the test up.
      const closing = Promise.resolve().then(() => agent.phone.close()).catch((error) => this.log(agent, `close: ${error.message}`));
      await Promise.race([closing, this.#run.sleep(CLOSE_LIMIT_MS).catch(() => {})]);
      if (exit) this.#record(agent, { type: 'EXIT', class: 'application' });
    }
    agent.alive = false;
    if (this.#agents.get(agent.alias) === agent) this.#agents.delete(agent.alias);
  }

  async closeAll() {
    for (const agent of [...this]) await this.close(agent);
  }
}
