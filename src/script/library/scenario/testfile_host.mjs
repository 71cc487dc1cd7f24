// The world of a testfile: phones, files, time and the place for its events.
import { ask, compile, emit, now } from './host.mjs';
import { http } from './http.mjs';
import { setPosition } from './position.mjs';
import { run } from './run.mjs';
import { TestfilePhone } from './testfile_phone.mjs';
import { change } from './time.mjs';

const folderOf = (path) => path.slice(0, path.lastIndexOf('/')) || '/';
const exists = (path) => ask('file.exists', { path }) === true;
const resolve = (path, from) => (path.startsWith('/') ? path : ask('file.resolve', { folder: folderOf(from), path }));
/** Sounds stand beside the testfile, or in a folder of that name. */
const soundOf = (job) => (name) =>
  ['sounds/', '../sounds/', ''].map((folder) => resolve(folder + name, job.path)).find(exists) ?? resolve(name, job.path);

async function sleep(ms) {
  const end = now() + ms;
  for (let left = ms; left > 0; left = end - now()) {
    if (run.ended !== undefined) {
      throw new Error(run.ended);
    }
    await change(left);
  }
}

export const testfileTools = (job) => ({
  fileExists: exists,
  readFile: (path) => ask('file.read', { path }),
  resolve,
  soundPath: soundOf(job),
  dataFolder: folderOf(job.path)
});

/** Of the step that is carried out. */
let position = {};

export const testfileHost = (job) => ({
  createPhone: (name, options, onEvent) => new TestfilePhone(name, options, onEvent),
  now,
  sleep,
  readFile: (path) => ask('file.read', { path }),
  fileExists: exists,
  resolve,
  sound: soundOf(job),
  dataFolder: folderOf(job.path),
  emit,
  get position() {
    return position;
  },
  set position(place) {
    position = place;
    setPosition(place);
  },
  postJson: (url, body) => http('POST', url, { headers: { 'Content-Type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) }),
  evaluate(source, path, globals) {
    const names = Object.keys(globals);
    return compile(`(function (${names.join(', ')}) {\n${source}\n})`, path)(...names.map((name) => globals[name]));
  },
  baseline: (path) => (exists(`${path}.baseline`) ? ask('file.read', { path: `${path}.baseline` }) : undefined),
  saveBaseline: (path, text) => ask('file.write', { path: `${path}.baseline`, text }),
  updateBaseline: job.update_baseline === true
});
