// The API of scenarios. `callwright definitions` writes this file; docs/testing/api.md is made of it.

/** "500ms", "10s" or "2m": a whole number and a unit. */
type Duration = string;

/** A name or number in the agent's own domain, a SIP URI, or another agent. */
type Target = Agent | string;

// # Agents

/** What an agent is. Names with underscores (`display_name`) are taken as well. */
interface AgentConfig {
  /** The user of its address, and of its credentials unless `authUser` says otherwise. */
  username: string;
  /** The host of its address, with a port if need be ("[2001:db8::7]:5060" for IPv6); also where it registers. With `--exchange` it may be left out. */
  domain?: string;
  password?: string;
  /** For the From field. */
  displayName?: string;
  /** How requests leave; "udp" unless said. "ws" and "wss" are WebSocket (RFC 7118): servers take such phones for browsers, whose media are `mediaEnc: 'dtls_srtp'`. */
  transport?: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';
  /**
   * PEM files, relative to the scenario's: `ca` vouches for servers in place of the system's authorities, `certificate` (with those that signed it) and `key` are shown to
   * servers that ask. `verify` false: any server will do.
   */
  tls?: { ca?: string; certificate?: string; key?: string; verify?: boolean };
  authUser?: string;
  /** A proxy through which everything goes: "sip:proxy.example.com;transport=tcp". */
  outbound?: string;
  /** Tells the addresses of its media behind a NAT: "stun.example.com" or "192.0.2.1:3478". */
  stunServer?: string;
  /** Encryption of its media: "srtp" takes calls in the clear too, "srtp-mand" and "dtls_srtp" do not. */
  mediaEnc?: 'srtp' | 'srtp-mand' | 'srtp-mandf' | 'dtls_srtp' | 'none';
  /** "lite": it answers the connectivity checks of the other side (RFC 8445 §2.5), and sends media where they succeed. */
  ice?: 'lite' | 'none';
  /** Seconds for which it registers; 3600 unless said, 0: it does not. */
  regint?: number;
  /** Subscribes to what waits in its mailbox (RFC 3842). */
  mwi?: boolean;
  /** How keys are pressed: as telephone-events (RFC 4733) unless said. */
  dtmfMode?: 'rtpevent' | 'info' | 'auto' | 'inband';
  /** Header fields of its INVITE and REGISTER requests; an array stands for as many fields. */
  headers?: Record<string, string | string[]>;
  /** From the start, calls are sent there (302). */
  deflectTo?: Target;
  /** Anything; `metadata` gives it back. */
  metadata?: Record<string, unknown>;
  /** In order of preference: "opus", "G722", "PCMA", "PCMU", "L16", … */
  codecs?: string[];
  /** "auto": it answers by itself. */
  answer?: 'manual' | 'auto';
  /** More calls at once are refused with 486; 4 unless said. */
  maxCalls?: number;
  /** Whether it calls again where a 3xx says; it does unless said. */
  followRedirects?: boolean;
  /** Where it listens: "127.0.0.1:5070"; any free port unless said. */
  listen?: string;
  /** Without RTP for so long, it hangs up; never unless said. Seconds or a duration. */
  rtpTimeout?: number | Duration;
}

/** A phone. It exists, and registers, from the moment it is made. */
declare class Agent {
  constructor(name: string, config: AgentConfig);
  readonly name: string;
  /** "sip:alice@example.com" */
  readonly aor: string;
  /** Where it listens: "127.0.0.1:5060". */
  readonly address: string;

  // Verbs: carried out when they return, or thrown at their line. Their promises tell the SIP outcome to whoever waits for it.
  /** Registers again, without a moment in which nobody is registered. */
  register(): Promise<void>;
  unregister(): Promise<void>;
  /** Ends when the call is answered; fails with the status that refused it. */
  dial(target: Target, options?: { headers?: Record<string, string | string[]>; direction?: Direction }): Promise<Call>;
  /** Answers the call that rings; ends when that is acknowledged. */
  accept(options?: { direction?: Direction }): Promise<Call>;
  /** Refuses the call that rings: 486 unless said. */
  reject(code?: number, reason?: string, headers?: Record<string, string>): void;
  /** Ends the latest call: BYE, CANCEL, or 486 to one that rings. */
  hangup(): Promise<Call>;
  hold(): Promise<Call>;
  resume(): Promise<Call>;
  /** Silence in place of sound, or sound again. */
  mute(): void;
  /** Presses keys: 0 to 9, *, #, A to D; `gap` between them. */
  dtmf(digits: string, gap?: Duration): void;
  /** The other side is to call `target` instead (REFER); ends when that call is answered. */
  transfer(target: Target): Promise<Call>;
  /** Puts the call on hold and calls `target`. */
  attendedTransfer(target: Target): Promise<Call>;
  /** Brings the two together (REFER with Replaces); as soon as the second call is answered, if it is not yet. */
  completeTransfer(): Promise<Call>;
  /** Hangs up the second call; the first stays on hold. */
  abortTransfer(): void;
  /** Calls that come from now on are sent there: 302 with Contact and Diversion. */
  deflect(target: Target): void;
  stopDeflect(): void;
  /** Calls that come from now on get this answer. `stopDeflect` ends it. */
  respondIncoming(code: number, reason: string, headers?: Record<string, string>): void;
  /** What it says in its calls, from now on: `tone(440)`, `file("hello.wav")`, `speech("yes please")`, `silence()`. */
  sendAudio(source: AudioSource): void;
  /** Any method outside of calls, also one of your own such as "FOO"; INVITE, ACK, BYE, CANCEL and PRACK belong to verbs. Ends with the final response, whatever its status, and challenges answered; fails when none came. */
  request(method: string, options: RequestOptions & { to: Target }): Promise<SipMessage>;
  /** To the state of somebody, or its own (RFC 6665): "presence", "dialog", "message-summary", … Refreshed until the end; `expires` 0 asks just once. */
  subscribe(event: string, options?: { to?: Target; expires?: number | Duration; accept?: string | string[] }): Subscription;
  /**
   * From now on it takes subscriptions to that event (RFC 6665), for `expires` at most (2h), and tells this to whoever subscribes, and at once to all who are subscribed.
   * Other events get 489; an agent that tells nothing answers SUBSCRIBE with 405.
   */
  notify(event: string, body?: string, options?: NotifyOptions & { expires?: number | Duration }): void;
  /** Ends all subscriptions to that event with a last NOTIFY, and takes no more. */
  stopNotify(event: string, reason?: EndReason, options?: { retryAfter?: number | Duration }): void;
  /** From now on subscriptions to that event get this answer: 403 unless said. `notify` ends it. */
  refuseSubscriptions(event: string, code?: number, reason?: string, headers?: Record<string, string>): void;
  /** Text by MESSAGE (RFC 3428); fails with the status that refused it. */
  message(target: Target, text: string): Promise<SipMessage>;
  /** Asks by OPTIONS whether somebody is there; fails when the answer is no. */
  options(target: Target): Promise<SipMessage>;
  /** Passes as soon as the tone is certain; fails when it was not heard within that time (5s). */
  verifyAudio(frequency: number, within?: Duration): Promise<void>;
  /** Passes when nothing was heard for all of that time (1s). */
  verifySilence(within?: Duration): Promise<void>;
  /** Passes as soon as somebody speaks, for 400 ms without a pause; tones are no speech; fails when nobody did within that time (5s). */
  verifySpeech(within?: Duration): Promise<void>;
  /** Listens for all of that time (2s) and tells how it was. With a reference, a sound file as of `file`, also how much of that was heard. */
  listen(within?: Duration, options?: { reference?: string | AudioSource }): Promise<HeardSound>;
  /** Listens for all of that time (5s), or until the call ends, and tells what was said, in English. To wait for words: `expect(a).toHear("welcome")`. */
  recognize(within?: Duration): Promise<RecognizedSpeech>;
  /** Hangs up, un-registers and goes. At the end of a scenario all agents do. */
  close(): Promise<void>;

  // How it is: of the latest call that goes on, or of the latest where none does, unless said.
  readonly registered: boolean;
  readonly state: CallState;
  /** Why the latest call ended. */
  readonly reason: string | undefined;
  /** The status that refused the latest call. */
  readonly statusCode: number | undefined;
  /** The other side of the call that there is. */
  readonly peer: Peer | undefined;
  /** Keys that the other side pressed, however they came. */
  readonly receivedDtmf: string;
  readonly quality: Quality;
  readonly metadata: Record<string, unknown>;
  /** Header fields of the latest INVITE that came, all values by name. */
  readonly headers: Record<string, string[]>;
  /** One of them, in any case. */
  header(name: string): string | undefined;
  /** On hold by this agent. */
  readonly held: boolean;
  /** On hold by the other side. */
  readonly onHold: boolean;
  readonly codec: string | undefined;
  readonly encryption: 'none' | 'sdes' | 'dtls' | undefined;
  /** What waits in its mailbox; undefined before the first notice. */
  readonly mwi: { waiting: boolean; newMessages: number; oldMessages: number; body: string } | undefined;
  readonly registrationState: { registered: boolean; status?: number; error?: string };
  /** Texts that came by MESSAGE. */
  readonly texts: { from: string; contentType: string; body: string }[];
  /** All calls of the scenario, the oldest first. */
  readonly calls: Call[];
  /** What it subscribed to, the oldest first. */
  readonly subscriptions: Subscription[];
  /** Who subscribed to what it tells by `notify`, the oldest first. */
  readonly subscribers: Subscriber[];
  /** All SIP messages, the oldest first. */
  readonly messages: SipMessage[];
  info(): AgentInfo;
}

interface RequestOptions {
  headers?: Record<string, string | string[]>;
  body?: string;
  /** Of the body: "text/plain" unless said. */
  contentType?: string;
}

type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
type CallState = 'idle' | 'ringing' | 'established';

/** For comparison: `expect(a.state).toBe(State.Ringing)`. */
declare const State: { readonly Idle: 'idle'; readonly Ringing: 'ringing'; readonly Established: 'established' };

interface AgentInfo {
  name: string;
  aor: string;
  registered: boolean;
  state: CallState;
  reason?: string;
  statusCode?: number;
  peer?: { uri: string; number: string; name?: string };
  /** How many there are. */
  calls: number;
}

interface Peer {
  readonly uri: string;
  /** What stands before the @. */
  readonly number: string;
  readonly name: string | undefined;
}

/** One call of an agent. */
declare class Call {
  /** Call-ID */
  readonly id: string;
  readonly number: number;
  readonly direction: 'outgoing' | 'incoming';
  readonly state: 'ringing' | 'established' | 'ended';
  readonly peer: Peer;
  readonly held: boolean;
  readonly onHold: boolean;
  /** Sound came before the answer. */
  readonly early: boolean;
  readonly codec: string | undefined;
  readonly encryption: string | undefined;
  readonly reason: string | undefined;
  readonly statusCode: number | undefined;
  readonly receivedDtmf: string;
  /** Milliseconds from INVITE to the first ringing. */
  readonly postDialDelay: number | undefined;
  /** Milliseconds from the answer to the end, or to now. */
  readonly duration: number | undefined;
  readonly messages: SipMessage[];
  accept(options?: { direction?: Direction }): Promise<Call>;
  reject(code?: number, reason?: string, headers?: Record<string, string>): void;
  hangup(): Promise<Call>;
  hold(): Promise<Call>;
  resume(): Promise<Call>;
  dtmf(digits: string, gap?: Duration): void;
  transfer(target: Target): Promise<Call>;
  /** In the dialog of the call, otherwise as `agent.request`; REFER and SUBSCRIBE belong to verbs, too. */
  request(method: string, options?: RequestOptions): Promise<SipMessage>;
}

/** Of an agent to some state, as it is told. */
interface Subscription {
  /** "presence" */
  readonly event: string;
  /** Pending until the first notification says otherwise; once terminated, it is not tried again. */
  readonly state: 'pending' | 'active' | 'terminated';
  /** What refused it, 408 when nothing came. */
  readonly statusCode: number | undefined;
  /** Why it ended: "489 Bad Event", or what the last notification said: "noresource". */
  readonly reason: string | undefined;
  /** The oldest first. */
  readonly notifications: { state: 'pending' | 'active' | 'terminated'; reason?: string; contentType: string; body: string }[];
  /** Ends with the last notification. */
  unsubscribe(): Promise<Subscription>;
}

interface NotifyOptions {
  /** Of the body: "text/plain" unless said. */
  contentType?: string;
  /** "active" unless said; "pending": accepted, but not decided on yet. */
  state?: 'active' | 'pending';
  headers?: Record<string, string | string[]>;
}

/** Why a subscription ends, and with that whether the other side is to try again (RFC 6665 §4.1.3). */
type EndReason = 'deactivated' | 'probation' | 'rejected' | 'timeout' | 'giveup' | 'noresource' | 'invariant';

/** Somebody who has subscribed to an event of an agent. */
interface Subscriber {
  /** "presence" */
  readonly event: string;
  /** The id of the Event field. */
  readonly eventId: string | undefined;
  readonly from: Peer;
  readonly callId: string;
  readonly state: 'pending' | 'active' | 'terminated';
  /** Seconds for which it was granted the last time. */
  readonly expires: number;
  /** How often it was refreshed. */
  readonly refreshes: number;
  /** It unsubscribed, did not refresh in time, was ended by this agent, or has refused a NOTIFY. */
  readonly endedBy: 'subscriber' | 'expiry' | 'agent' | 'refusal' | undefined;
  /** Of the NOTIFY that was refused, 408 when nothing came. */
  readonly statusCode: number | undefined;
  /** Tells this one alone; what was told last is what a refresh is told. Ends with the response. */
  notify(body?: string, options?: NotifyOptions): Promise<SipMessage>;
  /** Ends with the answer to the last NOTIFY. */
  end(reason?: EndReason, options?: { retryAfter?: number | Duration }): Promise<Subscriber>;
}

/** Measured from RTP and RTCP; each is undefined before there is something to judge by, and stays after the call. */
interface Quality {
  /** 1 to 4.5, by the E-model (ITU-T G.107), of what this agent hears. */
  readonly mos: number | undefined;
  /** The same of what the other side hears, as it reports. */
  readonly sentMos: number | undefined;
  /** Milliseconds */
  readonly rtt: number | undefined;
  /** Milliseconds */
  readonly jitter: number | undefined;
  /** Percent */
  readonly packetLoss: number | undefined;
}

/** A SIP message as it went over the wire, credentials masked. */
declare class SipMessage {
  readonly direction: 'sent' | 'received';
  readonly transport: string;
  /** "192.0.2.1:5060" */
  readonly source: string;
  readonly destination: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly isRequest: boolean;
  readonly method: string;
  /** Of a request. */
  readonly uri: string | undefined;
  /** Of a response, as is `reason`. */
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly callId: string;
  /** In any case; the first of several. */
  header(name: string): string | undefined;
  readonly headers: Record<string, string[]>;
  readonly body: string;
  readonly sdp: { readonly text: string; readonly profile?: string; readonly direction: Direction; readonly codecs: string[]; values(type: string): string[]; attribute(name: string): string | undefined } | undefined;
  readonly text: string;
}

// # Sound

interface AudioSource {
  readonly kind: 'tone' | 'file' | 'speech' | 'silence';
}
/** A sine of 10 to 20000 Hz, a quarter of full scale. */
declare function tone(hz: number): AudioSource;
/** A sound file (WAV, FLAC, Ogg, MP3, …), over and over. The path is relative to the scenario's file. */
declare function file(path: string): AudioSource;
declare function silence(): AudioSource;
/** English text, spoken once from the moment that it is sent, or from the begin of a call. */
declare function speech(text: string, options?: { voice?: 'man' | 'woman' }): AudioSource;
/** Each hears 1000 Hz of the other; what they said before, they say again afterwards. The failure says which way is silent, or that both are. */
declare function verifyAudioConnection(one: Agent, other: Agent): Promise<void>;

/** Milliseconds, ± 5, from when `speaker` says something until `listener` hears it, jitter buffer included: a second of noise is said. Fails when it is not heard. */
declare function audioDelay(speaker: Agent, listener: Agent): Promise<number>;

/** What an agent heard while it listened. Shares are numbers from 0 to 1. */
interface HeardSound {
  /** Milliseconds of sound that came; silence is sound, too. */
  readonly duration: number;
  /** Mean power (RMS), 0 is full scale: the loudest sine has -3, a usual voice -20 to -30, digital silence -96. */
  readonly levelDbov: number;
  /** Of the loudest sample. */
  readonly peakDbov: number;
  /** Share of the samples that were cut off: three and more in a row at the end of the range. */
  readonly clipped: number;
  /** Share of the time, in windows of 10 ms, that was softer than -50 dBov. */
  readonly silence: number;
  /** Share of the time in which somebody spoke; tones are no speech. */
  readonly speech: number;
  /** Holes and jumps that no voice has: missing pieces, and pieces that do not fit together. */
  readonly glitches: number;
  /** With a reference: how much of it was heard. 1 for the same recording, 0.9 and more after a telephone codec, below 0.4 for another text or voice. */
  readonly similarity: number | undefined;
}

/** What an agent understood. Numbers are words: "four seven one". */
interface RecognizedSpeech {
  /** Lower case, without punctuation; "" when nothing was said. */
  readonly text: string;
  /** Each word of it; times in milliseconds since it began to listen. */
  readonly words: { text: string; begin: number; end: number }[];
}

// # Scenarios

interface ScenarioOptions {
  tags?: string[] | string;
  /** true, or the reason. */
  skip?: boolean | string;
  /** When any scenario of the run has this, only those run. */
  only?: boolean;
}
/** Registers a scenario. `context` is what `setup` gave. */
declare function scenario(name: string, body: (context: any) => unknown): void;
declare function scenario(name: string, options: ScenarioOptions, body: (context: any) => unknown): void;
declare namespace scenario {
  /** One for each row; `$key` in the name stands for a field of it. */
  function each<Row>(table: Row[]): {
    (name: string, body: (context: any, row: Row) => unknown): void;
    (name: string, options: ScenarioOptions, body: (context: any, row: Row) => unknown): void;
  };
}
/** Before each scenario. */
declare function setup(body: () => unknown): void;
/** After each scenario, also one that failed or whose time was up. When it fails itself, that is a warning. */
declare function teardown(body: (context: any) => unknown): void;
/** Once, before the first scenario of the file. */
declare function beforeAll(body: () => unknown): void;
/** Once, after the last one. */
declare function afterAll(body: () => unknown): void;
/** The scenario is not to be run after all. */
declare function skip(reason?: string): never;

// # Expectations

/** What the value is to be; each matcher throws when it is not, and gives the expectation again. */
declare function expect(actual: unknown): Expectation;

declare namespace expect {
  /** What must not happen: fails as soon as `condition` throws nothing, ends after `within` (5s) when it always did. */
  function never(condition: () => unknown, within?: Duration): Promise<void>;
}

interface Expectation {
  /** Inverts the next matcher. */
  readonly not: Expectation;
  /** Names it in reports. */
  as(label: string): Expectation;
  value(): any;
  /** The same kind and content; of objects all members. */
  toBe(value: unknown): Expectation;
  toEqual(value: unknown): Expectation;
  /** Just true. */
  toBeTruthy(): Expectation;
  /** Just false. */
  toBeFalsy(): Expectation;
  toBeDefined(): Expectation;
  /** undefined or null. */
  toBeUndefined(): Expectation;
  /** Of a string, an array or an object. */
  toBeEmpty(): Expectation;
  /** Text within text, or an element of an array. */
  toContain(value: unknown): Expectation;
  toMatch(pattern: string | RegExp): Expectation;
  toBeGreaterThan(value: number): Expectation;
  toBeGreaterThanOrEqual(value: number): Expectation;
  toBeLessThan(value: number): Expectation;
  toBeLessThanOrEqual(value: number): Expectation;
  toBeCloseTo(value: number, tolerance?: number): Expectation;
  /** Of an agent or a call: "INVITE" is a request, 180 a response, "180 INVITE" one to such a request; `wanted` names `uri`, `body` or header fields. */
  toHaveReceived(kind: string | number, wanted?: Record<string, string | RegExp>): Expectation;
  toHaveSent(kind: string | number, wanted?: Record<string, string | RegExp>): Expectation;
  /** Of an agent or a call: all of these in this order, whatever came between them. Kinds as above, in either direction, or `{ sent: 'INVITE' }`, `{ received: 200, Contact: 'bob' }`. */
  toHaveExchanged(steps: (string | number | ExchangedMessage)[]): Expectation;
  /** Of an agent in a call: passes as soon as the words were recognised, or what was recognised by then matches; fails with what was heard instead when that took longer than `within` (10s), or the call ended. Words that no dictionary has are an error. */
  toHear(words: string | RegExp, within?: Duration): Promise<Expectation>;
}

/** A message that was sent, or one that was received, with what `uri`, `body` and header fields hold. */
type ExchangedMessage = { sent?: string | number; received?: string | number } & Record<string, string | number | RegExp>;

// # Waiting

/** Ends with the value of `condition` as soon as it throws no more; looks again whenever something happens. Fails when that took longer than `within`. */
declare function until<T>(condition: () => T | Promise<T>, within?: Duration): Promise<T>;
/** For waits that name no time; 5s unless said. Of this file alone. */
declare function defaultTimeout(within: Duration): void;
/** Lets seconds pass; fails when a call that is up then ends meanwhile. */
declare function wait(seconds: number): Promise<void>;

// # Surroundings

/** A variable: of --set, --env-file, the file of the same name with ".env", `loadEnv`, or the process. Without a default, one that is not set is an error. */
declare function env(name: string): string;
declare function env<T>(name: string, otherwise: T): string | T;
/** Reads NAME=VALUE lines; the path is relative to the scenario's file. */
declare function loadEnv(path: string): void;
declare function uuid(): string;
/** A line of the report. */
declare function log(message: unknown): void;

// # HTTP

/** Redirects are followed; a status other than 2xx is no error, no answer is. A body that is an object is sent as JSON. */
declare function http(method: string, url: string, options?: { headers?: Record<string, string>; body?: unknown }): Promise<HttpResponse>;

interface HttpResponse {
  readonly status: number;
  readonly body: string;
  header(name: string): string | undefined;
  /** All of it, or what a dotted path leads to: "calls.0.state". */
  json(path?: string): any;
  expectStatus(code: number): HttpResponse;
}

interface MockAnswer {
  status?: number;
  contentType?: string;
  headers?: Record<string, string>;
  body?: unknown;
}
interface MockRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
  header(name: string): string | undefined;
  json(path?: string): any;
}
/** A pattern for the whole of a path. */
declare function regex(pattern: string): unknown;
declare function jsonResponse(body: unknown, status?: number): MockAnswer;
declare function textResponse(body: string, status?: number): MockAnswer;

/** An HTTP server of the scenario. */
declare class MockServer {
  /** `certificate` and `key` are PEM files: it speaks HTTPS then. */
  constructor(options?: { address?: string; port?: number; certificate?: string; key?: string });
  readonly url: string;
  readonly port: number;
  /** What a path answers, whatever the method. An exact path comes before a pattern, a method before any. */
  respond(path: unknown, answer: MockAnswer | ((request: MockRequest) => MockAnswer | Promise<MockAnswer>)): MockServer;
  /** What a method and path answer; "*" is any method. */
  respond(method: string, path: unknown, answer: MockAnswer | ((request: MockRequest) => MockAnswer | Promise<MockAnswer>)): MockServer;
  requests(path?: unknown): MockRequest[];
  requestCount(path?: unknown): number;
  lastRequest(path?: unknown): MockRequest | undefined;
  stop(): void;
}
