// What the shell completes, by the scripts that the binary prints.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { Server, binary } from './lib/server.mjs';

const script = (shell) => {
  const { status, stdout } = spawnSync(binary(), ['completion', shell], { encoding: 'utf8' });
  assert.equal(status, 0);
  return stdout;
};

/** What bash offers behind this line. */
function offered(line) {
  const { status, stdout, stderr } = spawnSync(
    'bash', ['--norc', '-c', 'eval "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _callwright; printf "%s\\n" "${COMPREPLY[@]}"', 'bash', script('bash'), line], { encoding: 'utf8' });
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
