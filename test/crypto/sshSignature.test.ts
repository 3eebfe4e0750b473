/** Signatures by ssh-keygen, and what passes for one. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { beforeAll, describe, expect, it } from 'vitest';

import { runProgram } from '../../src/cli/runProgram.ts';
import {
  readSignature,
  signMessage,
  verifySignature,
  type RunProgram,
  type Verifying,
} from '../../src/crypto/sshSignature.ts';
import { workFolder } from '../kit/project.ts';
import { HAS_SSH_KEYGEN } from '../kit/reviewers.ts';

const folder = workFolder('ssh');
const at = (name: string): string => join(folder, name);
const run: RunProgram = (...args) => runProgram(process.env, ...args);
const without: RunProgram = (...args) => runProgram({ PATH: '/nonexistent' }, ...args);
const message = Buffer.from('{"a":1}\n');
const NAMESPACE = 'sealift-approval';
const NOW = '2025-01-31T10:00:00.000Z';

function keygen(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', ...args], { cwd: folder });
  if (status !== 0) throw new Error(String(stderr));
}

beforeAll(() => {
  if (!HAS_SSH_KEYGEN) return;
  for (const [name, type] of [
    ['ed', 'ed25519'],
    ['rsa', 'rsa'],
    ['ec', 'ecdsa'],
  ] as const) {
    keygen('-t', type, '-N', '', '-C', '', '-f', name);
    writeFileSync(at(`${name}.signers`), `ada ${readFileSync(at(`${name}.pub`), 'utf8')}`);
  }
  keygen('-t', 'ed25519', '-N', 'secret words', '-C', '', '-f', 'locked');
});

async function sign(key: string, namespace = NAMESPACE): Promise<string> {
  const made = await signMessage(run, { key: at(key), namespace, message });
  if (!('signature' in made)) throw new Error(`not signed: ${JSON.stringify(made)}`);
  return made.signature;
}

function verify(
  signature: string,
  about: Partial<Verifying> = {},
): ReturnType<typeof verifySignature> {
  writeFileSync(at('sig'), signature);
  const files = { allowedSigners: at('ed.signers'), signature: at('sig') };
  const all = { ...files, principal: 'ada', namespace: NAMESPACE, message, at: NOW };
  return verifySignature(run, { ...all, ...about });
}

describe.skipIf(!HAS_SSH_KEYGEN)('a signature', () => {
  it.each(['ed', 'rsa', 'ec'])('is verified with its key: %s', async (key) => {
    const signature = await sign(key);
    const verified = await verify(signature, { allowedSigners: at(`${key}.signers`) });
    const parts = readSignature(signature);
    expect(parts?.namespace).toBe(NAMESPACE);
    expect(verified).toEqual({ fingerprint: parts?.fingerprint });
    const shown = spawnSync('ssh-keygen', ['-l', '-f', at(`${key}.pub`)], { encoding: 'utf8' });
    expect(shown.stdout).toContain(` ${parts?.fingerprint} `);
  });

  it('is refused over another message, for another name, key, namespace and time', async () => {
    const signature = await sign('ed');
    expect(await verify(signature, { message: Buffer.from('{"a":2}\n') })).toEqual({
      problem: 'other-content',
    });
    expect(await verify(signature, { principal: 'berta' })).toEqual({ problem: 'not-allowed' });
    const other = { allowedSigners: at('rsa.signers') };
    expect(await verify(signature, other)).toEqual({ problem: 'not-allowed' });
    expect(await verify(await sign('ed', 'file'))).toEqual({ problem: 'not-allowed' });
    const line = readFileSync(at('ed.pub'), 'utf8');
    writeFileSync(at('timed'), `ada valid-after="20250101",valid-before="20250131090000" ${line}`);
    const timed = { allowedSigners: at('timed') };
    expect(await verify(signature, timed)).toEqual({ problem: 'not-in-force' });
    const before = await verify(signature, { ...timed, at: '2024-12-31T23:59:59.999Z' });
    expect(before).toEqual({ problem: 'not-in-force' });
    const within = await verify(signature, { ...timed, at: '2025-01-31T08:59:59.000Z' });
    expect(within).toHaveProperty('fingerprint');
  });

  it('is told from what is none', () => {
    for (const text of [
      '',
      'x',
      '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n',
    ]) {
      expect(readSignature(text)).toBeNull();
    }
  });

  it('is not made without a passphrase, and says so', async () => {
    const made = await signMessage(run, { key: at('locked'), namespace: NAMESPACE, message });
    expect(made).toMatchObject({ problem: 'refused' });
  });

  it('is made by the key of an agent, which the public key names', async ({ skip }) => {
    const socket = at('agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    const failed = new Promise<true>((resolve) => {
      agent.once('error', () => resolve(true));
    });
    try {
      while (!existsSync(socket)) {
        if ((await Promise.race([failed, wait(5)])) === true) skip();
      }
      const env = { ...process.env, SSH_AUTH_SOCK: socket };
      expect(spawnSync('ssh-add', ['-q', at('ed')], { env }).status).toBe(0);
      const withAgent: RunProgram = (...args) => runProgram(env, ...args);
      writeFileSync(at('only.pub'), readFileSync(at('ed.pub')));
      const key = at('only.pub');
      const made = await signMessage(withAgent, { key, namespace: NAMESPACE, message });
      expect('signature' in made && (await verify(made.signature))).toHaveProperty('fingerprint');
      // Verifying is given no agent.
      expect(await signMessage(run, { key, namespace: NAMESPACE, message })).toMatchObject({
        problem: 'refused',
      });
    } finally {
      agent.kill();
    }
  });

  it('is neither made nor verified where there is no ssh-keygen', async () => {
    const signing = { key: at('ed'), namespace: NAMESPACE, message };
    expect(await signMessage(without, signing)).toEqual({ problem: 'no-program' });
  });
});
