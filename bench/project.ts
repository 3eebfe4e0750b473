/** The data of the benchmark: orders and their customers, with a mapping that uses what people use. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { generateOrders } from '../test/dogschool/orders.ts';

export const SEALIFT: string = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

export interface BenchProject {
  readonly folder: string;
  readonly database: string;
  readonly candidate: string;
}

/**
 * A project with `rows` orders in `folder`, made where it is not there yet: the mapping is what `init`
 * proposes with new ids (UUIDs, references between the tables, exact types), and two transforms.
 */
export function benchProject(folder: string, rows: number): BenchProject {
  const project = join(folder, `orders-${rows}`);
  const database = join(project, 'legacy.db');
  if (!existsSync(join(project, 'mapping'))) {
    mkdirSync(project, { recursive: true });
    generateOrders(`${database}.new`, rows);
    renameSync(`${database}.new`, database);
    writeMapping(project, `sqlite:${database}`);
  }
  return { folder: project, database, candidate: join(project, 'storage_candidate/v1') };
}

/** What `init` proposes for the source, and two transforms. */
export function writeMapping(project: string, source: string): void {
  const init = ['init', '--source', source, '--ids', 'uuid', '--project', project];
  execFileSync(process.execPath, [SEALIFT, ...init], { stdio: 'ignore' });
  addTransforms(join(project, 'mapping/modules/customers.json'), { email: ['trim', 'lower'] });
}

interface ModuleFile {
  readonly fields: Record<string, object>;
}

function addTransforms(
  path: string,
  transforms: Readonly<Record<string, readonly string[]>>,
): void {
  const module = JSON.parse(readFileSync(path, 'utf8')) as ModuleFile;
  for (const [field, steps] of Object.entries(transforms)) {
    module.fields[field] = { ...module.fields[field], transforms: steps };
  }
  writeFileSync(path, `${JSON.stringify(module, null, 2)}\n`);
}
