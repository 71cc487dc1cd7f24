// The run of one file: its job, its folder, and what its scenarios share.
import { ask, emit, now, timestamp } from './host.mjs';

const folderOf = (path) => path.slice(0, path.lastIndexOf('/')) || '/';

const kMostRecorders = 50;

export const run = {
  job: undefined,
  /** Of the built-in exchange: {address, domain}; undefined without. */
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

  /** With the built-in exchange, whatever names no proxy of its own goes there. */
  outboundOf(options) {
    return options.outbound ?? (this.exchange === undefined ? '' : `sip:${this.exchange.address};transport=${options.transport ?? 'udp'}`);
  },

  /** Where agents record their calls, and how: nowhere without --trace or --save-audio. */
  recording() {
    // A load test whose trace might be wanted is not to be slowed down by hundreds of files.
    if (!this.job.save_audio && this.job.trace !== 'on' && ++this.recorders > kMostRecorders) {
      return { folder: '', layout: 'stereo' };
    }
    return this.job.save_audio ? { folder: this.savingFolder(), layout: 'separate' } : { folder: this.scenarioFolder ?? '', layout: 'stereo' };
  },

  /** What is saved stays when all went well, and the folder of the scenario does not. */
  savingFolder() {
    if (!this.scenarioFolder) {
      return ask('cwd', {});
    }
    return this.job.trace === 'on' ? this.scenarioFolder : this.job.artifacts;
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

/** Thrown where a file is only looked at: it is a test of its own, not a suite. */
export class NotRun extends Error {
  name = 'NotRun';
}

/** Under a name that tells when and whose; a number makes it one of its own. */
function keepRecording(agent, path, name) {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const plain = name.replace(/[^\w.-]/g, '_');
  let to = `${folder}/${plain}.wav`;
  for (let number = 2; ask('file.exists', { path: to }); ++number) {
    to = `${folder}/${plain}-${number}.wav`;
  }
  ask('file.rename', { path, to });
  emit({ event: 'log', message: `saved recording: ${to}` });
  run.artifacts.push({ kind: 'recording', path: to, agent });
}
