// Runs baresip as a user would: the configuration that it writes for itself, plus one account. The sound card is ALSA's null device.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { tie, within } from '../../e2e/lib/server.mjs';
import { freePort } from './ports.mjs';

const LIMIT_MS = 20_000;

export class Baresip {
  #child;
  #directory;
  #exited;
  #lines = [];
  #waiting = [];

  /**
   * Starts a phone that registers `user` at `registrar` ("127.0.0.1:5060") and answers at once; with a `ca` file it checks the server's certificate.
   * `says` is the frequency of a tone in its calls, `codecs` and `encryption` are what it speaks ("PCMU", "srtp-mand"). Resolves when it is registered.
   */
  static async start(user, password, registrar, { transport = 'udp', ca, says, codecs, encryption } = {}) {
    const phone = new Baresip();
    phone.#configure(user, password, registrar, transport, ca);
    phone.#speak({ says, codecs, encryption });
    phone.#spawn();
    await phone.line(/ 200 OK .*\[1 binding/);
    return phone;
  }

  /**
   * Starts a phone without a registrar, which others call at `uri`. It speaks `codecs` ("PCMU/8000/1") alone, says a tone of `tone` Hz and keeps what it
   * hears for `heard`. `encryption` is its mediaenc ("srtp-mand", "dtls_srtp"), `settings` are lines of its configuration.
   */
  static async alone(user, { codecs, tone = 660, encryption, modules = [], settings = {} }) {
    const phone = new Baresip();
    phone.#directory = mkdtempSync(join(tmpdir(), 'callwright-baresip-'));
    const port = await freePort();
    phone.uri = `sip:${user}@127.0.0.1:${port}`;
    phone.#writeStock();
    const encrypted = encryption ? `;mediaenc=${encryption}` : '';
    writeFileSync(join(phone.#directory, 'accounts'), `<${phone.uri}>;regint=0;answermode=auto;audio_codecs=${codecs}${encrypted}\n`);
    phone.#change({ sip_listen: `127.0.0.1:${port}`, audio_source: `ausine,${tone}`, ausrc_srate: 48000, ausrc_channels: 2, snd_path: phone.#directory, ...settings });
    phone.#load(['ausine', 'sndfile', ...modules]);
    phone.#spawn();
    await phone.line(/baresip is ready/);
    return phone;
  }

  /** "sip:bob@127.0.0.1:5062" of a phone that was started `alone`. */
  uri;

  /** What was heard in the latest call that has ended: a WAV file. */
  heard() {
    const files = readdirSync(this.#directory).filter((name) => /^dump-.*-dec\.wav$/.test(name)).sort();
    return readFileSync(join(this.#directory, files.at(-1)));
  }

  /** The next line that matches, from the beginning of the output on; each line is given once. */
  async line(pattern) {
    const find = async () => {
      for (;;) {
        const index = this.#lines.findIndex((line) => pattern.test(line));
        if (index >= 0) {
          return this.#lines.splice(index, 1)[0];
        }
        await new Promise((resolve) => this.#waiting.push(resolve));
      }
    };
    try {
      return await within(LIMIT_MS, find(), `baresip prints no ${pattern}`);
    } catch (error) {
      error.message += `\n${this.#lines.join('\n')}`;
      throw error;
    }
  }

  /** Types a command: "/dial sip:bob@127.0.0.1", "/hold". */
  type(command) {
    this.#child.stdin.write(`${command}\n`);
  }

  async stop() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
    }
    try {
      await within(LIMIT_MS, this.#exited, 'baresip does not stop');
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    } finally {
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  #configure(user, password, registrar, transport, ca) {
    this.#directory = mkdtempSync(join(tmpdir(), 'callwright-baresip-'));
    this.#writeStock();
    appendFileSync(join(this.#directory, 'accounts'), `<sip:${user}@${registrar};transport=${transport}>;auth_user=${user};auth_pass=${password};answermode=auto\n`);
    if (ca) {
      appendFileSync(join(this.#directory, 'config'), `\nsip_cafile ${ca}\nsip_verify_server yes\n`);
    }
  }

  #writeStock() {
    writeFileSync(join(this.#directory, '.asoundrc'), 'pcm.!default { type null }\nctl.!default { type null }\n');
    // The first start writes the stock configuration.
    const first = spawnSync('baresip', ['-f', this.#directory, '-t', '1'], { env: this.#environment(), timeout: LIMIT_MS });
    if (first.error) {
      throw first.error;
    }
    // By itself it takes any port for its media, those that another test has reserved included.
    this.#change({ rtp_ports: '30000-32766' });
  }

  /** Settings of the stock configuration, in place of what it says of them. */
  #change(settings) {
    const file = join(this.#directory, 'config');
    const stock = readFileSync(file, 'utf8').split('\n').filter((line) => !(line.split(/\s/)[0] in settings));
    writeFileSync(file, [...stock, ...Object.entries(settings).map(([name, value]) => `${name} ${value}`), ''].join('\n'));
  }

  /** Modules beside those of the stock configuration. */
  #load(modules) {
    appendFileSync(join(this.#directory, 'config'), modules.map((name) => `module ${name}.so\n`).join(''));
  }

  /** The last so many seconds that it has heard, once `wanted` takes them: { samples, rate }. Only of a phone that says something. */
  async hears(seconds, wanted = () => true) {
    const find = async () => {
      for (;;) {
        const file = readdirSync(this.#directory).find((name) => name.endsWith('-dec.wav'));
        const bytes = file ? readFileSync(join(this.#directory, file)) : Buffer.alloc(0);
        if (bytes.length > 44) {
          const channels = bytes.readUInt16LE(22);
          const rate = bytes.readUInt32LE(24);
          const samples = new Int16Array(Math.floor((bytes.length - 44) / 2 / channels)).map((_, i) => bytes.readInt16LE(44 + i * 2 * channels));
          const sound = { samples: samples.subarray(-seconds * rate), rate };
          if (sound.samples.length >= seconds * rate && wanted(sound)) {
            return sound;
          }
        }
        await pause(50);
      }
    };
    return within(LIMIT_MS, find(), `baresip hears no ${seconds} s of sound\n${this.#lines.join('\n')}`);
  }

  #speak({ says, codecs, encryption }) {
    if (!says) {
      return;
    }
    const modules = ['ausine', 'sndfile', ...(/opus/.test(codecs) ? ['opus'] : []), ...(/G722/.test(codecs) ? ['g722'] : []), ...(encryption ? ['srtp'] : [])];
    const config = readFileSync(join(this.#directory, 'config'), 'utf8').replace(/^audio_source.*$/m, `audio_source ausine,${says}`);
    // It makes its tone at 48 kHz, in two channels.
    const form = 'ausrc_srate 48000\nausrc_channels 2\n';
    writeFileSync(join(this.#directory, 'config'), `${config}\n${form}${modules.map((name) => `module ${name}.so\n`).join('')}snd_path ${this.#directory}\n`);
    const accounts = readFileSync(join(this.#directory, 'accounts'), 'utf8').trimEnd();
    writeFileSync(join(this.#directory, 'accounts'), `${accounts};audio_codecs=${codecs}${encryption ? `;mediaenc=${encryption}` : ''}\n`);
  }

  #environment() {
    return { ...process.env, HOME: this.#directory };
  }

  #spawn() {
    this.#child = tie(spawn('baresip', ['-f', this.#directory], { env: this.#environment(), stdio: ['pipe', 'pipe', 'pipe'] }));
    this.#exited = once(this.#child, 'exit');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line);
        this.#waiting.splice(0).forEach((resolve) => resolve());
      });
    }
  }
}
