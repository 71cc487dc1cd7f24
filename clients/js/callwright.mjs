// A client of the Call API (docs/call-api.md) for browsers and Node. No dependencies: WebSocket is the platform's, or the one that is given.

/** A command that did not work, was refused, or was cut off. `code` is that of JSON-RPC where the server refused it. */
export class CallError extends Error {
  constructor(message, code) {
    super(message);
    this.name = 'CallError';
    this.code = code;
  }
}

/** Hands values over to whoever iterates, in order. What nobody takes is kept, so bound what you do not read. */
class Channel {
  #values = [];
  #takers = [];
  #end;

  push(value) {
    const taker = this.#takers.shift();
    if (taker) {
      taker.resolve({ value, done: false });
    } else if (!this.#end) {
      this.#values.push(value);
    }
  }

  /** With an error, whoever iterates gets it behind the values that are left. */
  end(error) {
    this.#end ??= { error };
    for (const taker of this.#takers.splice(0)) {
      this.#settle(taker);
    }
  }

  next() {
    if (this.#values.length > 0) {
      return Promise.resolve({ value: this.#values.shift(), done: false });
    }
    return new Promise((resolve, reject) => {
      const taker = { resolve, reject };
      if (this.#end) {
        this.#settle(taker);
      } else {
        this.#takers.push(taker);
      }
    });
  }

  #settle(taker) {
    if (this.#end.error) {
      taker.reject(this.#end.error);
      this.#end.error = undefined; // Once; then it is just over.
    } else {
      taker.resolve({ value: undefined, done: true });
    }
  }
}

/** A command that runs. Iterate over its events, or await `done`. */
class Command {
  #api;
  #channel = new Channel();
  #events = [];
  #error;
  #settle;

  constructor(api, method, id) {
    this.#api = api;
    this.method = method;
    this.id = id;
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.done.catch(() => {}); // Whoever iterates hears of it there.
  }

  /** Gives it up; `done` tells how it ended. */
  cancel() {
    return this.#api.command('CommandCancel', { target: this.id }).done;
  }

  [Symbol.asyncIterator]() {
    return { next: () => this.#channel.next(), return: () => Promise.resolve({ value: undefined, done: true }) };
  }

  /** For CallApi. */
  receive({ event, data }) {
    if (event === 'Error') {
      this.#error = new CallError(data);
    } else if (event === 'Ended') {
      this.end(this.#error);
    } else {
      this.#events.push({ event, data });
      this.#channel.push({ event, data });
    }
  }

  /** For CallApi. */
  end(error) {
    if (error) {
      this.#settle.reject(error);
    } else {
      this.#settle.resolve(this.#events);
    }
    this.#channel.end(error);
  }
}

/** Events of the exchange, also of those that happened while the connection was lost. Iterate over it; leaving the loop ends it. */
class Subscription {
  #api;
  #filter;
  #channel = new Channel();
  #position;
  #closed = false;

  constructor(api, filter) {
    this.#api = api;
    this.#filter = filter;
  }

  get closed() {
    return this.#closed;
  }

  close() {
    if (!this.#closed) {
      this.#closed = true;
      this.#channel.end();
      this.#api.forget(this);
    }
  }

  [Symbol.asyncIterator]() {
    return {
      next: () => this.#channel.next(),
      return: () => {
        this.close();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }

  /** For CallApi. */
  params() {
    return { ...this.#filter, ...this.#position };
  }

  /** For CallApi. */
  receive({ event, data }) {
    if (event === 'Subscribed') {
      // Without a position of ours yet, it begins here.
      this.#position = this.#position?.feed === data.feed ? this.#position : { feed: data.feed, after: this.#position ? 0 : data.seq };
      return;
    }
    if (data?.seq !== undefined && this.#position) {
      this.#position.after = data.seq;
    }
    this.#channel.push({ event, data });
  }

  /** For CallApi: the server has ended it, or refused it. */
  end(error) {
    this.#closed = true;
    this.#channel.end(error);
  }
}

/** A connection to the Call API. */
export class CallApi {
  #url;
  #options;
  #socket;
  #commands = new Map();
  #subscriptions = new Map();
  #number = 0;
  #prefix = Math.random().toString(36).slice(2, 10);
  #closing = false;
  #retry;

  /**
   * Connects. Options: `token`; `WebSocket`, where the platform has none (Node before 22: that of the package ws); `reconnect_ms`, how long to wait before
   * a lost connection is made anew (1000; 0: never).
   */
  static async connect(url, options = {}) {
    const api = new CallApi(url, options);
    await api.#open();
    return api;
  }

  constructor(url, options) {
    this.#url = new URL(url);
    this.#url.searchParams.set('dialect', 'current');
    if (options.token) {
      this.#url.searchParams.set('token', options.token);
    }
    this.#options = { WebSocket: globalThis.WebSocket, reconnect_ms: 1000, ...options };
    if (!this.#options.WebSocket) {
      throw new CallError('this platform has no WebSocket; give one: CallApi.connect(url, { WebSocket })');
    }
  }

  /** Starts a command, `command('CallHold', { callid })`; docs/call-api.md has them all. */
  command(method, params = {}) {
    const id = params.cmd_id || `${this.#prefix}-${++this.#number}`;
    const command = new Command(this, method, id);
    if (this.#socket?.readyState !== 1 || this.#commands.has(id)) {
      command.end(new CallError(this.#commands.has(id) ? `cmd_id ${id} is in use` : 'not connected'));
      return command;
    }
    this.#commands.set(id, command);
    this.#send(id, method, { ...params, cmd_id: id });
    return command;
  }

  /** Connects two phones; gives the Call-ID of their call when they talk. */
  async start(caller, callee) {
    const events = await this.command('CallStart', { caller, callee }).done;
    return events.find(({ event }) => event === 'CalleeAnswered').data.callid;
  }

  /** The calls that there are: `{ calls, total, … }`. */
  calls(params = {}) {
    return this.#reply('CallList', params);
  }

  call(callid) {
    return this.#reply('CallInfo', { callid });
  }

  registrations(params = {}) {
    return this.#reply('RegistrationList', params);
  }

  /** `for await (const { event, data } of api.subscribe({ what: 'calls' })) …` */
  subscribe(filter = {}) {
    const subscription = new Subscription(this, filter);
    const id = `${this.#prefix}-${++this.#number}`;
    this.#subscriptions.set(id, subscription);
    this.#resume(id, subscription);
    return subscription;
  }

  /** Closes the connection. What runs at the server goes on as is configured there. */
  close() {
    this.#closing = true;
    clearTimeout(this.#retry);
    this.#socket?.close(1000);
    for (const subscription of this.#subscriptions.values()) {
      subscription.end();
    }
    this.#subscriptions.clear();
  }

  /** For Subscription. */
  forget(subscription) {
    for (const [id, known] of this.#subscriptions) {
      if (known === subscription) {
        this.#subscriptions.delete(id);
        this.command('Unsubscribe', { target: id });
      }
    }
  }

  async #reply(method, params) {
    const events = await this.command(method, params).done;
    return events.find(({ event }) => event === 'Reply').data;
  }

  #send(id, method, params) {
    this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  }

  #resume(id, subscription) {
    if (this.#socket?.readyState === 1) {
      this.#send(id, 'Subscribe', { ...subscription.params(), cmd_id: id });
    }
  }

  #open() {
    return new Promise((resolve, reject) => {
      const socket = new this.#options.WebSocket(this.#url.href);
      socket.addEventListener('open', () => {
        if (this.#closing) {
          socket.close(1000);
          reject(new CallError('closed'));
          return;
        }
        this.#socket = socket;
        for (const [id, subscription] of this.#subscriptions) {
          this.#resume(id, subscription);
        }
        resolve();
      });
      socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(data)));
      socket.addEventListener('error', () => reject(new CallError(`no connection to ${this.#url.origin}${this.#url.pathname}`)));
      socket.addEventListener('close', () => {
        if (this.#socket === socket) {
          this.#lose();
        }
      });
    });
  }

  #lose() {
    this.#socket = undefined;
    for (const command of this.#commands.values()) {
      command.end(new CallError('the connection was lost'));
    }
    this.#commands.clear();
    if (!this.#closing && this.#options.reconnect_ms > 0) {
      this.#reconnect();
    } else {
      this.#closing = true;
      for (const subscription of this.#subscriptions.values()) {
        subscription.end(new CallError('the connection was lost'));
      }
      this.#subscriptions.clear();
    }
  }

  #reconnect() {
    this.#retry = setTimeout(() => {
      this.#open().catch(() => {
        if (!this.#closing) {
          this.#reconnect();
        }
      });
    }, this.#options.reconnect_ms);
  }

  #receive(message) {
    const name = message.params?.cmd_id ?? message.id;
    const target = this.#commands.get(name) ?? this.#subscriptions.get(name);
    if (!target) {
      return;
    }
    if (message.error) {
      target.end(new CallError(message.error.message, message.error.code));
    } else if (message.params) {
      target.receive(message.params);
    }
    if (message.error || message.params?.event === 'Ended') {
      this.#commands.delete(name);
      this.#subscriptions.delete(name);
    }
  }
}
