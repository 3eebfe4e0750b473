/** Defects in attachments, which the commands that move and verify them find. */

import { appendFileSync, chmodSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { DATABASES, STORES } from '../../src/cli/wire.ts';
import { attachmentsMigrate } from '../../src/flow/attachmentsMigrate.ts';
import { attachmentsVerify } from '../../src/flow/attachmentsVerify.ts';
import type { ObjectStore } from '../../src/objects/objectStore.ts';
import { Failure } from '../../src/outcome/failure.ts';
import type { Environment } from '../../src/run/environment.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';
import type { CommandPlant } from './commandPlants.ts';
import { change, projectOf, said, type Said } from './flows.ts';

const FILE = 'uploads/rex.txt';
const SQL = `CREATE TABLE m (id INTEGER PRIMARY KEY, path TEXT, storage_key TEXT, size INTEGER);
  INSERT INTO m VALUES (1, 'rex.txt', NULL, 4);`;

/** A project with one attachment; nothing is wrong with it. */
function attached(): string {
  const project = projectOf({ sql: SQL, modules: {} });
  mkdirSync(join(project, 'uploads'));
  writeFileSync(join(project, FILE), 'wuff');
  const table = { table: 'm', id: 'id', path: 'path', key: 'storage_key', size: 'size' };
  const places = { database: 'sqlite:legacy.db', root: 'uploads', store: 'folder:objects' };
  const file = { format: 1, ...places, tables: [table] };
  writeFileSync(join(project, 'mapping/attachments.json'), JSON.stringify(file));
  return project;
}

type Wrap = (store: ObjectStore) => Partial<ObjectStore>;

/** The folder store, parts of it replaced. */
function environment(wrap: Wrap = () => ({})): Environment {
  const stores = new Map(
    [...STORES].map(([scheme, adapter]) => [
      scheme,
      {
        ...adapter,
        async open(...given: Parameters<typeof adapter.open>) {
          const store = await adapter.open(...given);
          return { ...store, ...wrap(store) };
        },
      },
    ]),
  );
  return { ...ENVIRONMENT, databases: DATABASES, stores };
}

function migrated(project: string, env: Environment = environment()): Promise<Said> {
  const limits = { dryRun: false, limit: null, concurrency: 2, bytesPerSecond: null };
  const options = { project, run: 'rules', ...limits, readBack: 'head', who: null } as const;
  return said((found) => attachmentsMigrate(options, env, found), 'action');
}

function verified(project: string, env: Environment = environment()): Promise<Said> {
  const options = { project, run: 'rules', sample: null, report: null, concurrency: 2 };
  return said((found) => attachmentsVerify(options, env, found));
}

/** Harm that keeps a file from going; without it, it goes. */
function going(harm: (project: string) => void, wrap?: (project: string) => Wrap): CommandPlant {
  const find: CommandPlant['find'] = async () => {
    await assertSound();
    const project = attached();
    harm(project);
    return migrated(project, environment(wrap?.(project)));
  };
  return { stage: 'attachments', find };
}

/** Harm that comes after the file has gone. */
function gone(harm: (project: string) => void, wrap?: Wrap): CommandPlant {
  const find: CommandPlant['find'] = async () => {
    const project = await assertSound();
    harm(project);
    return verified(project, environment(wrap));
  };
  return { stage: 'attachments', find };
}

async function assertSound(): Promise<string> {
  const project = attached();
  const said = [await migrated(project), await verified(project)];
  const statuses = said.map(({ status }) => status);
  if (statuses.join() === 'DONE,PASS') return project;
  throw new Error(`the attachments are not sound: ${said.map(({ line }) => line).join()}`);
}

function changeObject(project: string): void {
  const [object = ''] = globSync('objects/m/1/*', { cwd: project });
  chmodSync(join(project, object), 0o600);
  writeFileSync(join(project, object), 'miau');
}

/** A file that grows while it is stored. */
const growing =
  (project: string): Wrap =>
  (store) => ({
    async put(...given) {
      appendFileSync(join(project, FILE), '!');
      return store.put(...given);
    },
  });

const unreadable: Wrap = () => ({
  read: () => Promise.reject(new Failure('OBJECT', { what: 'as the store denies it' })),
});

/** By rule. */
export const ATTACHMENT_PLANTS: Readonly<Record<string, readonly CommandPlant[]>> = {
  'attachment-file': [going((project) => rmSync(join(project, FILE)))],
  'attachment-changed': [going(() => {}, growing)],
  'attachment-differs': [going((project) => change(project, 'UPDATE m SET size = 5'))],
  'attachment-object': [gone(changeObject)],
  'attachment-unverified': [gone(() => {}, unreadable)],
  'attachment-left': [gone((project) => change(project, 'UPDATE m SET storage_key = NULL'))],
};
