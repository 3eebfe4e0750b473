/**
 * The list of a run: `attachments.ndjson`, one canonical line for each row that has the key which the
 * run gave it, ascending by table and key, and the Merkle tree over the lines, as modules of a candidate have it (RFC 6962). An
 * inclusion proof for a row is made and verified as for a record.
 */

import { join } from 'node:path';

import { PRIVATE_FILE, replaceFile } from '../disk/durable.ts';
import { leafHash } from '../merkle/hash.ts';
import { SEGMENT_LEAVES, streamingTree } from '../merkle/tree.ts';
import { canonicalJson } from '../record/canonical.ts';
import { ALGORITHM } from '../seal/format.ts';
import type { OpenTable } from '../project/openAttachments.ts';
import type { RunIndex } from './runIndex.ts';
import { currentRows, hasKey, MOVED } from './runRows.ts';

export const LIST_FILE = 'attachments.ndjson';
export const TREE_FILE = 'merkle.json';
const LINES = 1000;

export interface ListedRun {
  readonly count: number;
  /** Lower-case hex. */
  readonly root: string;
}

/** Writes the list of the rows that are moved, and its tree; durable when it returns. */
export async function listRun(
  folder: string,
  index: RunIndex,
  tables: readonly OpenTable[],
): Promise<ListedRun> {
  // The journal announces rows that the application may have changed, or another run moved.
  for await (const current of currentRows(index, MOVED, tables)) {
    if (current.table !== null && !hasKey(current)) index.forget(current.row);
  }
  const tree = streamingTree();
  replaceFile(
    join(folder, LIST_FILE),
    linesOf(index, (leaf) => tree.push(leaf)),
    PRIVATE_FILE,
  );
  const { count, root, segments } = await tree.finish();
  const content = {
    algorithm: ALGORITHM,
    count,
    root: root.toString('hex'),
    segmentLeaves: SEGMENT_LEAVES,
    segments: segments.map((segment) => segment.toString('hex')),
  };
  const text = `${JSON.stringify(content, null, 2)}\n`;
  replaceFile(join(folder, TREE_FILE), [Buffer.from(text)], PRIVATE_FILE);
  return { count, root: content.root };
}

function* linesOf(index: RunIndex, onLeaf: (leaf: Buffer) => void): Generator<Buffer> {
  let lines: string[] = [];
  for (const { key, row, sha256, size, table } of index.rows(MOVED)) {
    const line = canonicalJson({ key, row, sha256, size, table });
    onLeaf(leafHash(Buffer.from(line)));
    lines.push(`${line}\n`);
    if (lines.length < LINES) continue;
    yield Buffer.from(lines.join(''));
    lines = [];
  }
  yield Buffer.from(lines.join(''));
}
