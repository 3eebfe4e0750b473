import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { EMPTY_ROOT, leafHash, nodeHash } from '../../src/merkle/hash.ts';
import { verifyInclusion } from '../../src/merkle/proof.ts';
import { streamingTree } from '../../src/merkle/tree.ts';
import { shared } from '../shared.ts';

const rootsFile = shared('vectors/rfc6962-roots/roots.json');
const proofs = shared('vectors/rfc6962-transparency-dev-merkle/testdata/inclusion');

interface RootVectors {
  leaf_inputs_hex: string[];
  node_hashes_hex_by_level: string[][];
  root_hash_hex_by_tree_size: string[];
}

describe.skipIf(rootsFile === null)('published roots of RFC 6962', () => {
  let vectors: RootVectors;
  let leaves: Buffer[];

  // Tests are collected where the file is absent, too, and none of them runs then.
  beforeAll(() => {
    vectors = JSON.parse(readFileSync(rootsFile ?? '', 'utf8')) as RootVectors;
    leaves = vectors.leaf_inputs_hex.map((hex) => leafHash(Buffer.from(hex, 'hex')));
  });

  it('hashes the leaves as published', () => {
    expect(leaves).toHaveLength(8);
    expect(leaves.map((leaf) => leaf.toString('hex'))).toEqual(vectors.node_hashes_hex_by_level[0]);
  });

  it('hashes a pair of nodes as published', () => {
    const [left = EMPTY_ROOT, right = EMPTY_ROOT] = leaves;
    expect(nodeHash(left, right).toString('hex')).toBe(vectors.node_hashes_hex_by_level[1]?.[0]);
  });

  it('gives the published root for every size', async () => {
    expect(vectors.root_hash_hex_by_tree_size).toHaveLength(9);
    for (const [size, root] of vectors.root_hash_hex_by_tree_size.entries()) {
      const tree = streamingTree();
      tree.push(Buffer.concat(leaves.slice(0, size)));
      expect((await tree.finish()).root.toString('hex')).toBe(root);
    }
  });
});

interface ProofVector {
  leafIdx: number;
  treeSize: number;
  root: string;
  leafHash: string;
  proof: string[] | null;
  desc: string;
  wantErr: boolean;
}

function decode(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

describe.skipIf(proofs === null)('published inclusion proofs of RFC 6962', () => {
  const files = readdirSync(proofs ?? '.', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.json'),
  );

  it('accepts each good proof and refuses each bad one', () => {
    expect(files.length).toBeGreaterThanOrEqual(90);
    const wrong = files.filter((file) => {
      const vector = JSON.parse(readFileSync(join(proofs ?? '', file), 'utf8')) as ProofVector;
      const accepted = verifyInclusion(
        decode(vector.leafHash ?? ''),
        vector.leafIdx,
        vector.treeSize,
        (vector.proof ?? []).map(decode),
        decode(vector.root ?? ''),
      );
      return accepted === vector.wantErr;
    });
    expect(wrong).toEqual([]);
  });
});
