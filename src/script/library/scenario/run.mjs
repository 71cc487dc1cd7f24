// The run of one file: its job, its folder, and what its scenarios share.
import { ask } from './host.mjs';

const folderOf = (path) => path.slice(0, path.lastIndexOf('/')) || '/';

export const run = {
  job: undefined,
  /** Of the built-in exchange: {address, domain}; undefined without. */
  exchange: undefined,
  /** Says why nothing may be begun any more. */
  ended: undefined,
  artifacts: [],

  begin(job) {
    this.job = job;
    this.folder = folderOf(job.path);
  },

  /** A path of a script's, relative to its file. */
  resolve(path) {
    return path.startsWith('/') ? path : ask('file.resolve', { folder: this.folder, path });
  },

  mayCreateAgents() {
    if (this.ended !== undefined) {
      throw new Error(this.ended);
    }
    if (this.job.mode !== 'run') {
      throw new NotRun();
    }
  },

  agentDefaults() {
    return this.exchange === undefined ? {} : { domain: this.exchange.domain };
  },

  /** With the built-in exchange, whatever names no proxy of its own goes there. */
  outboundOf(options) {
    return options.outbound ?? (this.exchange === undefined ? '' : `sip:${this.exchange.address};transport=${options.transport ?? 'udp'}`);
  },

  recordingFolder() {
    return this.scenarioFolder ?? '';
  },

  recorded(agent, paths) {
    for (const path of paths) {
      this.artifacts.push({ kind: 'recording', path, agent });
    }
  }
};

/** Thrown where a file is only looked at: it is a test of its own, not a suite. */
export class NotRun extends Error {
  name = 'NotRun';
}
