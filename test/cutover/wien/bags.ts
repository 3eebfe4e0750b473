/** Bags of evidence of runs of the pilot: a green one, a failed one and one that was rolled back, all signed. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Postgres } from '../../kit/postgres.ts';
import { succeed } from '../../kit/project.ts';
import type { Application } from './application.ts';
import { JUDGED } from './pilot.ts';
import { command, makeScene, run, type Scene } from './scene.ts';

export const ENDS = ['green', 'failed', 'rolled back'] as const;
export type End = (typeof ENDS)[number];

export interface Bags {
  /** Folder of the bags, each in a folder of its own named after its end, and of what a third person has. */
  readonly folder: string;
  readonly signers: string;
  readonly publicKey: string;
  /** What `evidence build` printed, by end. */
  readonly printed: ReadonlyMap<End, string>;
  /** The scenes, which are left as they are. */
  readonly scenes: ReadonlyMap<End, Scene>;
}

/** SSH keys of people, and the file of allowed signers with them; returns that file. */
export function makePeople(folder: string, people: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  const lines = people.map((name) => {
    const key = join(folder, name);
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
    return `${name} ${readFileSync(`${key}.pub`, 'utf8').trim()}\n`;
  });
  const file = join(folder, 'allowed_signers');
  writeFileSync(file, lines.join(''));
  return file;
}

/** Runs the pilot to its three ends, and builds the evidence of each. */
export async function makeBags(
  server: Postgres,
  application: Application,
  folder: string,
): Promise<Bags> {
  const keys = join(folder, 'keys');
  const signers = makePeople(keys, ['ada', 'bo', 'cy']);
  const signingKey = join(keys, 'evidence.pem');
  await succeed(['evidence', 'key', signingKey]);
  const printed = new Map<End, string>();
  const scenes = new Map<End, Scene>();
  for (const [at, end] of ENDS.entries()) {
    const scene = await makeScene(server, application, `bag_${at}`, join(folder, `project-${at}`));
    scene.pilot.write('mapping/allowed_signers', readFileSync(signers, 'utf8'));
    await endAs(end, scene, join(keys, 'bo'));
    mkdirSync(join(folder, end));
    const bag = join(folder, end, 'cutover-2025');
    const how = ['--run', 'wien-pilot-1', '--project', scene.pilot.folder, '--who', 'ada'];
    const sign = ['--key', join(keys, 'ada'), '--signing-key', signingKey];
    const built = await succeed(['evidence', 'build', bag, ...how, ...sign], { env: scene.env });
    printed.set(end, built.stdout);
    scenes.set(end, scene);
  }
  return { folder, signers, publicKey: `${signingKey}.pub`, printed, scenes };
}

async function endAs(end: End, scene: Scene, key: string): Promise<void> {
  if (end !== 'green') scene.pilot.write(JUDGED, JSON.stringify({ security: 1 }));
  const ran = await run(scene, '--key', key);
  if (ran.code !== (end === 'green' ? 0 : 1)) throw new Error(ran.stderr);
  const why = ['--who', 'ada', '--why', 'the security gate fails'];
  if (end === 'failed') await command(scene, 'abort', ...why);
  if (end === 'rolled back') await command(scene, 'rollback', ...why);
}
