// The run of one file: its job, its folder, and what its scenarios share.
import { ask, emit, now, timestamp } from './host.mjs';

const folderOf = (path) => path.slice(0, path.lastIndexOf('/')) || '/';

const kMostRecorders = 50;

export const run = {
  job: undefined,
  /** Of the built-in exchange: {addresses by transport ("UDP"), authority, domain}; undefined without. */
  exchange: undefined,
  /** Says why nothing may be begun any more. */
  ended: undefined,
  artifacts: [],
  /** Agents of this scenario that record. */
  recorders: 0,

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

  /** Of an agent's options. With the built-in exchange, whatever names no proxy of its own goes there, and trusts its certificate. */
  wayOut({ transport = 'udp', outbound, tls }) {
    if (outbound !== undefined || this.exchange === undefined) {
      return { outbound: outbound ?? '', tls };
    }
    const { addresses, authority } = this.exchange;
    return { outbound: `sip:${addresses[transport.toUpperCase()]};transport=${transport}`, tls: ['tls', 'wss'].includes(transport) ? { ...tls, ca: authority } : tls };
  },

  /** Where agents record their calls, and how: nowhere without --trace or --save-audio. */
  recording() {
    // A load test whose trace might be wanted is not to be slowed down by hundreds of files.
    if (!this.job.save_audio && this.job.trace !== 'on' && ++this.recorders > kMostRecorders) {
      return { folder: '', layout: 'stereo' };
    }
    const folder = this.job.save_audio ? this.scenarioFolder || ask('cwd', {}) : (this.scenarioFolder ?? '');
    return { folder, layout: this.job.save_audio ? 'separate' : 'stereo' };
  },

  /** What was heard comes first, then what was said, where both have a file of their own. */
  recorded(agent, paths) {
    if (this.job.save_audio && paths.length === 2) {
      const stamp = timestamp(now()).slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
      paths.forEach((path, index) => keepRecording(agent, path, `ringo-audio-${stamp}-${agent}-${index === 0 ? 'recv' : 'sent'}`));
      return;
    }
    for (const path of paths) {
      this.artifacts.push({ kind: 'recording', path, agent });
    }
  }
};

/** What stays of a scenario for people to look at: all of it with --trace or of one that failed, recordings that were asked for of any. */
export function keptArtifacts(job, passed, artifacts) {
  const all = job.trace === 'on' || (job.trace === 'retain-on-failure' && !passed);
  return all ? [...artifacts, ...run.artifacts] : job.save_audio ? run.artifacts : [];
}

/** Thrown where a file is only looked at: it is a test of its own, not a suite. */
export class NotRun extends Error {
  name = 'NotRun';
}

/** Under a name that tells when and whose; a number makes it one of its own. Beside the folder of the scenario, which goes with a scenario that passes. */
function keepRecording(agent, path, name) {
  const folder = folderOf(run.scenarioFolder ? folderOf(path) : path);
  const plain = name.replace(/[^\w.-]/g, '_');
  let to = `${folder}/${plain}.wav`;
  for (let number = 2; ask('file.exists', { path: to }); ++number) {
    to = `${folder}/${plain}-${number}.wav`;
  }
  ask('file.rename', { path, to });
  emit({ event: 'log', message: `saved recording: ${to}` });
  run.artifacts.push({ kind: 'recording', path: to, agent });
}
