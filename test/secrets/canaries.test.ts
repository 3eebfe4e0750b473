/**
 * No secret and no key is in anything that commands and the application leave: output, journal, reports,
 * files of secrets, databases, temporary files; raw, encoded or as an unkeyed hash.
 */

import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { expect, it } from 'vitest';

import { startApp } from '../../examples/app/server.ts';
import { settingsOf } from '../../examples/app/settings.ts';
import { workFolder } from '../kit/project.ts';
import { isLong } from '../kit/long.ts';
import { sealift } from '../kit/run.ts';
import { delivery } from './endpoint.ts';

const work = workFolder('canaries');
const ENDPOINTS = isLong('canaries of secrets') ? 25 : 2;
const ROTATIONS = 4;

interface Canary {
  readonly name: string;
  readonly kind: 'stripe' | 'standard';
  readonly secrets: readonly string[];
}

/** All forms of a secret in which it may be left somewhere. */
function formsOf(text: string): string[] {
  const inner = text.replace('whsec_', '');
  const forms = [inner, encodeURIComponent(inner)];
  for (const bytes of [Buffer.from(text), Buffer.from(inner), Buffer.from(inner, 'base64')]) {
    forms.push(...encodingsOf(bytes).map((form) => form.replace(/=+$/, '')));
    for (const hash of ['md5', 'sha1', 'sha256', 'sha512']) {
      forms.push(...encodingsOf(createHash(hash).update(bytes).digest()));
    }
  }
  return forms;
}

function encodingsOf(bytes: Buffer): string[] {
  const hex = bytes.toString('hex');
  return [hex, hex.toUpperCase(), bytes.toString('base64'), bytes.toString('base64url')];
}

/** Adds the content of every file below a folder, and its name. */
function everything(folder: string, texts: string[] = []): string[] {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = lstatSync(path);
    texts.push(name);
    if (stat.isDirectory()) everything(path, texts);
    if (stat.isFile()) texts.push(readFileSync(path, 'latin1'));
  }
  return texts;
}

/** Each line once: reports are alike, but for what they tell. */
function linesOf(texts: readonly string[]): string {
  return [...new Set(texts.flatMap((text) => text.split('\n')))].join('\n');
}

/** Names what is found of canaries in a text. */
function foundIn(text: string, canaries: readonly string[]): string[] {
  return canaries.filter((canary) => formsOf(canary).some((form) => text.includes(form)));
}

it('no secret is left anywhere, after rotations, refusals and deliveries', async () => {
  const project = join(work, 'project');
  const temporary = join(work, 'tmp');
  mkdirSync(join(project, 'mapping'), { recursive: true });
  mkdirSync(temporary);
  const key = randomBytes(32).toString('hex');
  const canaries = Array.from({ length: ENDPOINTS }, (_, index): Canary => {
    const name = ['stripe', 'standard'][index] ?? `endpoint-${index}`;
    const kind = index % 2 === 0 ? 'stripe' : 'standard';
    const secrets = Array.from(
      { length: ROTATIONS },
      () => `whsec_${randomBytes(30).toString('base64')}`,
    );
    return { name, kind, secrets };
  });
  const declared = canaries.map(({ name, kind }) => ({
    name,
    kind,
    key: 'env:KEY',
    retryHours: 1,
  }));
  writeFileSync(
    join(project, 'mapping/secrets.json'),
    JSON.stringify({ format: 1, secrets: declared }),
  );
  const said: string[] = [];
  let now = 1_700_000_000;
  const run = async (secret: string, ...args: readonly string[]): Promise<number | null> => {
    const who = args[0] === 'status' ? [] : ['--who', 'ada'];
    const ran = await sealift(['secrets', ...args, '--project', project, ...who], {
      cwd: project,
      env: { KEY: key, NEW: secret, TMPDIR: temporary },
      now: () => new Date(now * 1000),
    });
    said.push(ran.stdout, ran.stderr);
    return ran.code;
  };
  const database = new Database(join(project, 'app.db'));
  database.exec('CREATE TABLE attachments (id, disk_path, storage_key, content_type)');
  database.close();
  const app = await startApp(
    settingsOf({
      DATABASE_URL: `sqlite:${join(project, 'app.db')}`,
      ATTACHMENTS_ROOT: join(project, 'uploads'),
      WEBHOOK_SECRETS: join(project, 'storage_secrets'),
      WEBHOOK_SECRETS_KEY: key,
    }),
    () => now * 1000,
  );
  const deliver = async ({ name, kind }: Canary, id: string, secret: string): Promise<number> => {
    const { headers, body } = delivery(kind, id, { secrets: [secret], time: now });
    const answer = await fetch(`${app.url}/webhooks/${name}`, { method: 'POST', headers, body });
    said.push(await answer.text());
    return answer.status;
  };
  let done = 0;
  for (const canary of canaries) {
    const [first = '', second = '', third = '', fourth = ''] = canary.secrets;
    const from = ['rotate', canary.name, '--from', 'env:NEW'];
    expect(await run(first, ...from)).toBe(0);
    expect(await run(second, ...from, '--json')).toBe(0);
    expect(await run(second, ...from)).toBe(64);
    expect(await run(third, ...from)).toBe(64);
    expect(await run(`${third} x`, ...from)).toBe(64);
    expect(await run('', 'rotate', canary.name, '--from', third)).toBe(64);
    expect(await run('', 'promote', canary.name)).toBe(0);
    if (canary.name === canary.kind) {
      expect(await deliver(canary, 'evt_1', first)).toBe(200);
      expect(await deliver(canary, 'evt_2', fourth)).toBe(400);
      expect(await run('', 'retire', canary.name)).toBe(3);
    }
    expect(await run('', 'retire', canary.name, '--force')).toBe(0);
    expect(await run(third, ...from, '--force')).toBe(0);
    expect(await run(fourth, ...from, '--emergency')).toBe(0);
    now += 10;
    done += 4;
  }
  expect(await run('', 'status', '--json')).toBe(0);
  await app.close();
  expect(done).toBe(ENDPOINTS * ROTATIONS);
  const left = linesOf([...said, ...everything(project), ...everything(temporary)]);
  const all = [key, ...canaries.flatMap(({ secrets }) => secrets)];
  expect(foundIn(left, all)).toEqual([]);
  // What is searched is there, and would be found (negative control).
  expect(left.length).toBeGreaterThan(30_000);
  const [planted = ''] = canaries[0]?.secrets ?? [];
  for (const form of formsOf(planted)) {
    expect(foundIn(`x${form}y`, all)).toEqual([planted]);
  }
}, 60_000);
