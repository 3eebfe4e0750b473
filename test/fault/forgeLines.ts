/**
 * Other lines in the place of sealed ones, with tree, ranges, roots and seal to match: what checks of the
 * records find is then seen alone. The records stay in their order.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { leafHash } from '../../src/merkle/hash.ts';
import {
  DATA_FILE,
  dataRoot,
  jsonFile,
  MERKLE_FILE,
  RANGES_FILE,
  RUN_FILE,
  type MerkleFile,
  type RunFile,
} from '../../src/seal/format.ts';
import { moduleTreeBuilder } from '../../src/seal/moduleTree.ts';
import { callBySealId } from '../scan/project.ts';
import { resum } from './corruptions.ts';

/** Replaces the lines of a module's data file, without LF, in the candidate built last. */
export async function forgeLines(
  project: string,
  module: string,
  edit: (lines: readonly string[]) => readonly string[],
): Promise<void> {
  const candidate = join(project, 'storage_candidate/v1');
  const path = (name: string): string => join(candidate, module, name);
  const before = readFileSync(path(DATA_FILE), 'utf8').split('\n').slice(0, -1);
  const lines = edit(before).map((line) => Buffer.from(`${line}\n`));
  const bytes = Buffer.concat(lines);
  if (bytes.toString() === before.map((line) => `${line}\n`).join('')) {
    throw new Error(`no line of ${module} was changed`);
  }
  const merkle = JSON.parse(readFileSync(path(MERKLE_FILE), 'utf8')) as MerkleFile;
  const ranges: string[] = [];
  const tree = moduleTreeBuilder(merkle.order.fields, (range) => ranges.push(jsonFile(range)));
  let end = 0;
  tree.push({
    bytes,
    leaves: Buffer.concat(lines.map((line) => leafHash(line.subarray(0, -1)))),
    ends: Uint32Array.from(lines.map((line) => (end += line.length))),
  });
  const built = await tree.finish();
  writeFileSync(path(DATA_FILE), bytes);
  writeFileSync(path(RANGES_FILE), ranges.join(''));
  writeFileSync(path(MERKLE_FILE), jsonFile({ ...merkle, ...built }));
  const run = JSON.parse(readFileSync(join(candidate, RUN_FILE), 'utf8')) as RunFile;
  const modules = run.modules.map((one) => {
    return one.name === module ? { ...one, count: built.count, root: built.root } : one;
  });
  const forged = { ...run, modules, dataRoot: dataRoot(modules) };
  writeFileSync(join(candidate, RUN_FILE), jsonFile(forged));
  resum(candidate);
  callBySealId(project);
}
