// Certificates that are made when they are needed and are valid for a day.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];

function openssl(args) {
  const done = spawnSync('openssl', args, { encoding: 'utf8' });
  if (done.status !== 0) {
    throw new Error(`openssl ${args.join(' ')} failed:\n${done.error ?? done.stderr}`);
  }
}

export class Authority {
  #directory = mkdtempSync(join(tmpdir(), 'callwright-ca-'));
  /** File with its own certificate. */
  file = join(this.#directory, 'ca.pem');
  #key = join(this.#directory, 'ca-key.pem');

  constructor() {
    openssl(['req', '-x509', ...KEY, '-subj', '/CN=Callwright test authority', '-keyout', this.#key, '-out', this.file]);
  }

  /** Makes a certificate for `names` ("IP:127.0.0.1,DNS:pbx.example"), again under the same file names when asked again. */
  issue(names) {
    const files = { chain: join(this.#directory, 'chain.pem'), key: join(this.#directory, 'key.pem'), ca: this.file };
    openssl(['req', '-x509', ...KEY, '-subj', '/CN=callwright', '-addext', `subjectAltName=${names}`, '-addext', 'basicConstraints=critical,CA:FALSE',
      '-CA', this.file, '-CAkey', this.#key, '-keyout', files.key, '-out', files.chain]);
    return files;
  }

  get pem() {
    return readFileSync(this.file);
  }

  get directory() {
    return this.#directory;
  }

  remove() {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
