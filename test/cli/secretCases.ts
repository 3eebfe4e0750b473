/** What may be wrong with the secrets of webhooks. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { KEY, secretOf } from '../secrets/endpoint.ts';
import { sealift } from '../kit/run.ts';
import type { Case } from './messageCase.ts';

const command = (...words: readonly string[]): readonly string[] => [
  'secrets',
  ...words,
  '--project',
  'PROJECT',
];
const SECRET = { name: 'stripe', kind: 'stripe', key: 'env:WEBHOOK_KEY', retryHours: 72 };
const [FIRST, SECOND] = [secretOf('stripe', 1), secretOf('stripe', 2)];
const ROTATE = command('rotate', 'stripe', '--from', 'env:NEW');
const ENV = { WEBHOOK_KEY: KEY, NEW: SECOND };

/** Declares an endpoint. */
function declared(more: object = {}, ...others: readonly object[]): (project: string) => void {
  return (project) => {
    const secrets = [{ ...SECRET, ...more }, ...others];
    writeFileSync(join(project, 'mapping/secrets.json'), JSON.stringify({ format: 1, secrets }));
  };
}

/** Declares an endpoint with secrets as after these commands, then harms the project. */
function after(
  steps: readonly ('rotate' | 'promote')[],
  harm: (project: string) => void = () => {},
): (project: string) => Promise<void> {
  return async (project) => {
    declared()(project);
    for (const [index, step] of steps.entries()) {
      const from = step === 'rotate' ? ['--from', 'env:NEW'] : [];
      const env = { ...ENV, NEW: index === 0 ? FIRST : SECOND };
      await sealift(['secrets', step, 'stripe', ...from, '--project', project], { env });
    }
    harm(project);
  };
}

const FILE = 'storage_secrets/stripe.json';
const MATCHES = 'storage_secrets/stripe.matches.ndjson';

export const SECRETS: readonly Case[] = [
  { name: 'secrets that are not declared', args: command('status'), code: 64 },
  {
    name: 'secrets with a name twice',
    args: command('status'),
    code: 64,
    prepare: declared({}, SECRET),
  },
  {
    name: 'secrets with the key itself in place of where it is',
    args: command('status'),
    code: 64,
    prepare: declared({ key: KEY }),
  },
  {
    name: 'a secret that is not among those declared',
    args: command('promote', 'stirpe'),
    code: 64,
    prepare: declared(),
  },
  {
    name: 'a secret whose key is missing',
    args: ROTATE,
    code: 64,
    prepare: declared(),
    env: { NEW: FIRST },
  },
  {
    name: 'a secret that is given as an argument',
    args: command('rotate', 'stripe', '--from', FIRST),
    code: 64,
    prepare: declared(),
    env: ENV,
  },
  {
    name: 'a secret from a variable that is not set',
    args: ROTATE,
    code: 64,
    prepare: declared(),
    env: { WEBHOOK_KEY: KEY },
  },
  {
    name: 'a secret that cannot be one',
    args: ROTATE,
    code: 64,
    prepare: declared(),
    env: { ...ENV, NEW: 'whsec_' },
  },
  {
    name: 'a secret that is there already',
    args: ROTATE,
    code: 64,
    prepare: after(['rotate']),
    env: { ...ENV, NEW: FIRST },
  },
  {
    name: 'a secret that is sealed under another key',
    args: ROTATE,
    code: 64,
    prepare: after(['rotate']),
    env: { WEBHOOK_KEY: 'ab'.repeat(31) + 'cd', NEW: SECOND },
  },
  {
    name: 'a rotation of a secret within another one',
    args: ROTATE,
    code: 64,
    prepare: after(['rotate', 'rotate']),
    env: { ...ENV, NEW: secretOf('stripe', 3) },
  },
  {
    name: 'a secret that is forced without a name',
    args: command('retire', 'stripe', '--force'),
    code: 64,
    prepare: after(['rotate', 'rotate', 'promote']),
  },
  {
    name: 'a secret to promote where none is pending',
    args: command('promote', 'stripe'),
    code: 64,
    prepare: after(['rotate']),
  },
  {
    name: 'a secret to retire where none retires',
    args: command('retire', 'stripe'),
    code: 64,
    prepare: after(['rotate']),
  },
  {
    name: 'a secret of which no application reports whether it is needed',
    args: command('retire', 'stripe'),
    code: 1,
    prepare: after(['rotate', 'rotate', 'promote']),
  },
  {
    name: 'matches of a secret that cannot be read',
    args: command('retire', 'stripe'),
    code: 1,
    prepare: after(['rotate', 'rotate', 'promote'], (project) => {
      writeFileSync(join(project, MATCHES), '{"at":17,"id":"stripe-1"}\nsomething else\n');
    }),
  },
  {
    name: 'a file of secrets that is not the last one',
    args: command('status'),
    code: 1,
    prepare: after(['rotate'], (project) => {
      writeFileSync(join(project, FILE), 'x');
    }),
  },
  {
    name: 'a file of secrets that is gone',
    args: command('promote', 'stripe'),
    code: 1,
    prepare: after(['rotate', 'rotate'], (project) => {
      rmSync(join(project, FILE));
    }),
  },
  {
    name: 'a folder in place of a file of secrets',
    args: command('status'),
    code: 1,
    prepare: after(['rotate'], (project) => {
      rmSync(join(project, FILE));
      mkdirSync(join(project, FILE));
    }),
  },
];
