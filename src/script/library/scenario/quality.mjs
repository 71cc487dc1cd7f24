// How a call sounds, from what its packets and reports told.
import { ask } from './host.mjs';
import { leaveLabel } from './assertions.mjs';

/** The statistics of a call: now, or as they were at its end; undefined where it had no media. */
export function statisticsOf(agent, call) {
  if (call === undefined) {
    return undefined;
  }
  if (call.isOpen) {
    return ask('phone.measure', { phone: agent.nativeId, call: call.id })?.statistics;
  }
  return call.finalStatistics;
}

const lossPercent = (counted) => {
  const lost = Math.max(counted.lost, 0);
  return counted.packets_received + lost === 0 ? undefined : (100 * lost) / (counted.packets_received + lost);
};

/** Each value is undefined before there is something to judge by. */
export class CallQuality {
  #agent;
  #call;

  constructor(agent, call) {
    this.#agent = agent;
    this.#call = call;
  }

  #read(label, value) {
    const counted = statisticsOf(this.#agent, this.#call);
    leaveLabel(`${this.#agent.name} quality ${label}`);
    return counted === undefined ? undefined : value(counted);
  }

  get mos() {
    return this.#read('MOS', (counted) => counted.received_mos);
  }
  get sentMos() {
    return this.#read('sent MOS', (counted) => counted.sent_mos);
  }
  get rtt() {
    return this.#read('RTT (ms)', (counted) => counted.round_trip_ms);
  }
  get jitter() {
    return this.#read('jitter (ms)', (counted) => (counted.packets_received > 0 ? counted.jitter_ms : undefined));
  }
  get packetLoss() {
    return this.#read('packet loss (%)', lossPercent);
  }

  toJSON() {
    return { mos: this.mos, sentMos: this.sentMos, rtt: this.rtt, jitter: this.jitter, packetLoss: this.packetLoss };
  }
}

/** `call` is over. */
export function metricOf({ scenario, agent, registered, call }) {
  const counted = call?.finalStatistics;
  return {
    event: 'metric',
    scenario,
    agent,
    registered,
    ...(counted === undefined
      ? {}
      : { mos: counted.received_mos, jitter_ms: counted.jitter_ms, packet_loss_pct: lossPercent(counted), rtt_ms: counted.round_trip_ms, rx_lost: counted.lost }),
    codec: call?.codec
  };
}
