import type { MethodParams } from './methods';

/** What a command or a subscription reports; docs/call-api.md tells which events there are, and what is in `data`. */
export interface CallEvent {
  event: string;
  data?: any;
}

/** A command that did not work, was refused, or was cut off. */
export class CallError extends Error {
  /** That of JSON-RPC, where the server refused it. */
  code?: number;
}

export interface Command extends AsyncIterable<CallEvent> {
  readonly method: string;
  /** Its `cmd_id`. */
  readonly id: string;
  /** All events but the last, when it has ended; rejects with a CallError when it has failed. */
  readonly done: Promise<CallEvent[]>;
  cancel(): Promise<CallEvent[]>;
}

export interface Subscription extends AsyncIterable<CallEvent> {
  readonly closed: boolean;
  close(): void;
}

export interface ConnectOptions {
  token?: string;
  /** Where the platform has none (Node before 22): that of the package ws. */
  WebSocket?: unknown;
  /** How long to wait before a lost connection is made anew; 1000 by default, 0: never. */
  reconnect_ms?: number;
}

export class CallApi {
  static connect(url: string, options?: ConnectOptions): Promise<CallApi>;
  command<Method extends keyof MethodParams>(method: Method, params?: MethodParams[Method] & { cmd_id?: string }): Command;
  /** Connects two phones; gives the Call-ID of their call when they talk. */
  start(caller: string, callee: string): Promise<string>;
  calls(params?: MethodParams['CallList']): Promise<any>;
  call(callid: string): Promise<any>;
  registrations(params?: MethodParams['RegistrationList']): Promise<any>;
  subscribe(filter?: MethodParams['Subscribe']): Subscription;
  close(): void;
}
