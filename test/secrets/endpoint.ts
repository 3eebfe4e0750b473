/** A project with webhook endpoints, its clock, and deliveries as providers sign them. */

import { createHash, createHmac } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { matchLine } from '../../src/crypto/webhooks.ts';
import { sealift, type Ran } from '../kit/run.ts';

/** The key of the tests, as 64 hex digits. */
export const KEY: string = createHash('sha256').update('a key for tests').digest('hex');
export const HOUR = 3600;
export const WINDOW: number = 72 * HOUR;

export type Kind = 'stripe' | 'standard';

/** Secrets of a kind by a number, each another one. */
export function secretOf(kind: Kind, number: number): string {
  const bytes = createHash('sha256').update(`${kind} ${number}`).digest();
  return kind === 'stripe' ? `whsec_${bytes.toString('hex')}` : `whsec_${bytes.toString('base64')}`;
}

export interface EndpointProject {
  readonly project: string;
  /** Unix time of the commands, in seconds. */
  now: number;
  /** Runs `sealift secrets`. */
  run(...args: readonly string[]): Promise<Ran>;
  /** Adds a secret, from a variable. */
  rotate(name: string, secret: string, ...more: readonly string[]): Promise<Ran>;
  /** Appends to the matches that a secret alone was needed now. */
  match(name: string, id: string): void;
  /** Content of a file of secrets. */
  file(name: string): string;
  path(name: string): string;
  /** Lines of the journal, without those that every line has. */
  journal(): Record<string, unknown>[];
}

const NEW = 'NEW_SECRET';
const EVERY_LINE: ReadonlySet<string> = new Set(['seq', 'prev', 'at']);

/** Makes a project with the endpoints `stripe` and `standard`. */
export function endpointProject(project: string, more: object = {}): EndpointProject {
  mkdirSync(join(project, 'mapping'), { recursive: true });
  const about = { key: 'env:WEBHOOK_KEY', retryHours: 72, ...more };
  const secrets = ['stripe', 'standard'].map((kind) => Object.assign({ name: kind, kind }, about));
  writeFileSync(join(project, 'mapping/secrets.json'), JSON.stringify({ format: 1, secrets }));
  const path = (name: string): string => join(project, `storage_secrets/${name}.json`);
  const self: EndpointProject = {
    project,
    now: 1_700_000_000,
    run: (...args) => runWith({}, args),
    rotate: (name, secret, ...args) =>
      runWith({ [NEW]: secret }, ['rotate', name, '--from', `env:${NEW}`, ...args]),
    match(name, id) {
      const matches = join(project, `storage_secrets/${name}.matches.ndjson`);
      appendFileSync(matches, matchLine(id, self.now));
    },
    file: (name) => readFileSync(path(name), 'utf8'),
    path,
    journal() {
      const text = readFileSync(join(project, 'storage_journal/journal.ndjson'), 'utf8');
      const lines = text.trimEnd().split('\n');
      return lines.map((line) => {
        const members = Object.entries(JSON.parse(line) as Record<string, unknown>);
        return Object.fromEntries(members.filter(([name]) => !EVERY_LINE.has(name)));
      });
    },
  };
  async function runWith(env: Record<string, string>, args: readonly string[]): Promise<Ran> {
    return sealift(['secrets', ...args, '--project', project], {
      cwd: project,
      env: { WEBHOOK_KEY: KEY, ...env },
      now: () => new Date(self.now * 1000),
    });
  }
  return self;
}

/** Takes an endpoint through a rotation up to where the first secret retires. */
export async function promoted(endpoint: EndpointProject, kind: Kind): Promise<void> {
  for (const ran of [
    await endpoint.rotate(kind, secretOf(kind, 1)),
    await endpoint.rotate(kind, secretOf(kind, 2)),
    await endpoint.run('promote', kind),
  ]) {
    if (ran.code !== 0) throw new Error(ran.stderr);
  }
}

export interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function sign(key: string | Buffer, signed: string): Buffer {
  return createHmac('sha256', key).update(signed).digest();
}

/** Signs a delivery with these secrets, as the provider of its kind does. */
export function delivery(
  kind: Kind,
  id: string,
  { secrets, time }: { readonly secrets: readonly string[]; readonly time: number },
): Signed {
  // Spaces that a parser would not write again.
  const body = `{ "id": "${id}",  "type": "charge.succeeded" }`;
  if (kind === 'stripe') {
    const parts = secrets.map((secret) => `v1=${sign(secret, `${time}.${body}`).toString('hex')}`);
    return { headers: { 'stripe-signature': [`t=${time}`, ...parts].join(',') }, body };
  }
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    return `v1,${sign(key, `${id}.${time}.${body}`).toString('base64')}`;
  });
  const signature = signatures.join(' ');
  const names = {
    'webhook-id': id,
    'webhook-timestamp': `${time}`,
    'webhook-signature': signature,
  };
  return { headers: names, body };
}
