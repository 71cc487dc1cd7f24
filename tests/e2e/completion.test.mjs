// What the shell completes, by the scripts that the binary prints.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server, binary } from './lib/server.mjs';

const script = (shell) => {
  const { status, stdout } = spawnSync(binary(), ['completion', shell], { encoding: 'utf8' });
  assert.equal(status, 0);
  return stdout;
};

/** What bash offers behind this line. */
function offered(line, cwd = '.') {
  const { status, stdout, stderr } = spawnSync(
    'bash', ['--norc', '-c', 'eval "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _callwright; printf "%s\\n" "${COMPREPLY[@]}"', 'bash', script('bash'), line], { encoding: 'utf8', cwd });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return stdout.split('\n').filter((word) => word !== '');
}

/** The parameters of CallStart that begin with "calle". */
const STARTS = ['caller=', 'callee=', 'caller_name=', 'callee_name=', 'caller_id='];

describe('completion in bash', () => {
  test('knows the commands and theirs', () => {
    assert.deepEqual(offered('callwright s'), ['serve', 'show-report']);
    for (const command of ['call', 'check-config', 'completion', 'demo', 'phone', 'serve', 'token']) {
      assert.ok(offered('callwright ').includes(command), command);
    }
    assert.deepEqual(offered('callwright token '), ['create', 'list', 'revoke']);
    assert.deepEqual(offered('callwright completion '), ['bash', 'zsh']);
  });

  test('knows the options of each', () => {
    assert.deepEqual(offered('callwright call --fo'), ['--follow']);
    assert.deepEqual(offered('callwright token create --s'), ['--scope']);
    assert.deepEqual(offered('callwright --v'), ['--version']);
    assert.deepEqual(offered('callwright serve --follow'), []);
  });

  test('knows the methods and their parameters', () => {
    assert.deepEqual(offered('callwright call Call'), offered('callwright call ').filter((name) => name.startsWith('Call')));
    assert.ok(offered('callwright call ').includes('Subscribe'));
    assert.ok(offered('callwright call CallStart ').includes('caller='));
    assert.deepEqual(offered('callwright call CallStart calle'), STARTS);
    assert.deepEqual(offered('callwright call --url ws://h/ CallStart caller=sip:a@b calle'), STARTS, 'options and their values are no methods');
    assert.deepEqual(offered('callwright call CallList e'), ['ended:=']);
    assert.deepEqual(offered('callwright call NoSuchMethod '), []);
  });

  test('knows values where there are few, and gives what bash will replace', () => {
    assert.deepEqual(offered('callwright call CallHold leg='), ['caller', 'callee', 'both']);
    assert.deepEqual(offered('callwright call CallBlindTransfer leg=calle'), ['caller', 'callee'].filter((word) => word.startsWith('calle')));
    assert.deepEqual(offered('callwright call CallList ended:=t'), ['true']);
    assert.deepEqual(offered('callwright token create --scope call:'), ['read', 'control']);
    assert.deepEqual(offered('callwright call CallStart caller='), []);
  });

  test('leaves file names to bash', () => {
    assert.deepEqual(offered('callwright check-config '), []);
    assert.deepEqual(offered('callwright serve --config '), []);
    assert.match(script('bash'), /compopt -o default/);
  });

  test('has all methods of the server and all their parameters', async () => {
    const server = await Server.start();
    const { methods } = await (await fetch(`${server.http}/call-api/openrpc.json`)).json();
    assert.equal(await server.stop(), 0);
    assert.deepEqual(offered('callwright call ').sort(), methods.map(({ name }) => name).sort());
    for (const { name, params } of methods) {
      assert.deepEqual(offered(`callwright call ${name} `).map((word) => word.replace(/:?=$/, '')).sort(), [...new Set(['cmd_id', ...params.map((each) => each.name)])].sort(), name);
    }
  });
});

test('completion in zsh is a script that zsh can read', () => {
  const { status, stderr } = spawnSync('zsh', ['-n', '-c', script('zsh')], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

describe('names of scenarios', () => {
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'callwright-'));
    mkdirSync(join(folder, 'more'));
    const scenarios = (...names) => names.map((name) => `scenario(${JSON.stringify(name)}, () => {});\n`).join('');
    writeFileSync(join(folder, 'a.js'), scenarios('hold and resume', 'hold: the music', 'cost $5 "net"', 'same'));
    writeFileSync(join(folder, 'more', 'b.js'), `${scenarios('transfer (line 3) at once', 'same')}scenario('later', { skip: 'no trunk', tags: ['slow'] }, () => {});`);
  });
  after(() => rmSync(folder, { recursive: true }));
  const bash = (rest) => offered(`${binary()} test ${rest}`, folder);

  test('are offered by bash as they have to be written', () => {
    assert.deepEqual(bash('--scenario h'), ['hold\\ and\\ resume', 'hold:\\ the\\ music']);
    assert.deepEqual(bash('--scenario hold\\ a'), ['hold\\ and\\ resume']);
    assert.deepEqual(bash('--scenario "hold a'), ['hold and resume']);
    assert.deepEqual(bash("--jobs 1 --scenario 'hold"), ['hold and resume', 'hold: the music']);
    assert.deepEqual(bash('--scenario hold:'), ['\\ the\\ music'], 'behind a colon bash replaces what follows alone');
    assert.deepEqual(bash('--scenario cost'), ['cost\\ \\$5\\ \\"net\\"']);
    assert.deepEqual(bash('--scenario "cost'), ['cost \\$5 \\"net\\"']);
    assert.deepEqual(bash("--scenario 'cost"), ['cost $5 "net"']);
    assert.deepEqual(bash('--scenario nothing'), []);
    assert.deepEqual(bash('--scen'), ['--scenario']);
  });

  test('are those of the paths on the line, each once, also of those that are skipped', () => {
    assert.deepEqual(bash('--retries 2 more --scenario '), ['later', 'same', 'transfer\\ \\(line\\ 3\\)\\ at\\ once']);
    assert.deepEqual(bash('--scenario s'), ['same']);
    assert.deepEqual(bash('no/such/folder --scenario '), []);
    assert.deepEqual(bash('more --scenario s --scenario l'), ['later']);
  });

  test('are offered by zsh', () => {
    const text = `compdef() { :; }; eval "$1"; compadd() { shift; print -l -- "$@"; }; words=("$2" test more --scenario ''); CURRENT=5; PREFIX=''; _callwright`;
    const { status, stdout, stderr } = spawnSync('zsh', ['-f', '-c', text, 'zsh', script('zsh'), binary()], { encoding: 'utf8', cwd: folder });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.deepEqual(stdout.trim().split('\n'), ['later', 'same', 'transfer (line 3) at once']);
  });
});
