/** Checkpoints and receipts of a seal: their form, who can open them, and trees of other programs. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { noteVerifier, parseNoteVerifier, signNote } from '../../src/crypto/signedNote.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { auditPaths } from '../../src/merkle/proof.ts';
import { openCheckpoint, signCheckpoint } from '../../src/seal/checkpoint.ts';
import { dataRoot, type SealedModule } from '../../src/seal/format.ts';
import {
  dataRootOrigin,
  KEY_NAME,
  moduleOrigin,
  openReceipt,
  sealReceipts,
} from '../../src/seal/receipts.ts';
import { formatTlogProof, openTlogProof, parseTlogProof } from '../../src/seal/tlogProof.ts';
import { acceptedChanges } from '../crypto/changedBytes.ts';
import { countingSigner } from '../crypto/signingKeys.ts';
import { shared } from '../shared.ts';

const key = countingSigner(1);
const signer = { name: KEY_NAME, key };
const verifier = noteVerifier(KEY_NAME, key.verifying);
const SEAL = createHash('sha256').update('seal').digest('hex');
const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** Modules of a seal, made up. */
function modulesOf(count: number): SealedModule[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `m${String(index).padStart(3, '0')}`,
    count: index * 1000,
    root: sha256(`root ${index}`).toString('hex'),
    schema: sha256(`schema ${index}`).toString('hex'),
    findings: 0,
  }));
}

const modules = modulesOf(7);
const { checkpoint, modules: receipts } = sealReceipts({ modules }, SEAL, signer);
const [, , , , fifth] = modules;
const receipt = receipts[4]?.receipt ?? '';
if (fifth === undefined) throw new Error('no module');

/** The root that a path gives, by the definition of the tree (RFC 6962 §2.1), not by its algorithm. */
function rootBy(leaf: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer {
  const last = path.at(-1);
  if (size === 1 || last === undefined) return leaf;
  let left = 1;
  while (left * 2 < size) left *= 2;
  const below = path.slice(0, -1);
  if (index < left) return sha256('\x01', rootBy(leaf, index, left, below), last);
  return sha256('\x01', last, rootBy(leaf, index - left, size - left, below));
}

describe('the checkpoint of a seal', () => {
  it('has origin, number of modules and data root, as the specification writes them', () => {
    const [origin, size, root, ...rest] = checkpoint.split('\n');
    expect([origin, size]).toEqual([`sealift/${SEAL}`, '7']);
    expect(Buffer.from(root ?? '', 'base64').toString('hex')).toBe(dataRoot(modules));
    expect(rest).toEqual(['', expect.stringMatching(/^— sealift [A-Za-z0-9+/]{90,92}={0,2}$/), '']);
    const tree = { origin: dataRootOrigin(SEAL), size: 7, root: dataRoot(modules) };
    expect(openCheckpoint(Buffer.from(checkpoint), verifier)).toEqual(tree);
  });

  it('stands beside one of each module, whose tree is that of its records', () => {
    expect(receipts.map(({ module }) => module)).toEqual(modules.map(({ name }) => name));
    for (const [index, { name, count, root }] of modules.entries()) {
      const note = Buffer.from(receipts[index]?.checkpoint ?? '');
      const tree = { origin: `sealift/${SEAL}/${name}`, size: count, root };
      expect(openCheckpoint(note, verifier)).toEqual(tree);
      expect(tree.origin).toBe(moduleOrigin(SEAL, name));
    }
  });

  it('is opened by its key only', () => {
    const other = noteVerifier(KEY_NAME, countingSigner(2).verifying);
    const renamed = noteVerifier('other', key.verifying);
    for (const unknown of [other, renamed]) {
      expect(openCheckpoint(Buffer.from(checkpoint), unknown)).toEqual({ refused: 'other-key' });
    }
  });

  const ROOT = Buffer.alloc(32).toString('base64');
  it.each([
    ['an extension line', `a\n1\n${ROOT}\nmore\n`],
    ['a zero before its size', `a\n01\n${ROOT}\n`],
    ['a size that is no number', `a\n1e3\n${ROOT}\n`],
    ['a size beyond what is counted', `a\n9007199254740992\n${ROOT}\n`],
    ['no origin', `\n1\n${ROOT}\n`],
    ['a short root', `a\n1\n${ROOT.slice(4)}\n`],
    ['no root', 'a\n1\n'],
  ])('is refused with %s, though it is signed', (_, text) => {
    const note = Buffer.from(signNote(text, signer));
    expect(openCheckpoint(note, verifier)).toEqual({ refused: 'form' });
  });

  it('is not signed if it would not be read', () => {
    const root = Buffer.alloc(32).toString('hex');
    for (const wrong of [{ origin: '' }, { origin: 'a\nb' }, { size: -1 }, { root: 'ab' }]) {
      const tree = { origin: 'a', size: 1, root, ...wrong };
      expect(() => signCheckpoint(tree, signer)).toThrow(RangeError);
    }
  });

  it('is refused with any byte changed, one less, or one more', () => {
    const { tried, accepted } = acceptedChanges(
      Buffer.from(checkpoint),
      (changed) => !('refused' in openCheckpoint(changed, verifier)),
    );
    expect(accepted).toEqual([]);
    expect(tried).toBeGreaterThan(2000);
  });
});

describe('a receipt', () => {
  it('proves that its module is in the seal', () => {
    for (const [index, module] of modules.entries()) {
      const text = Buffer.from(receipts[index]?.receipt ?? '');
      const proven = { dataRoot: dataRoot(modules), modules: 7 };
      expect(openReceipt(text, module, SEAL, verifier)).toEqual(proven);
    }
  });

  it('is what its specification says, read without our code', () => {
    for (const [at, { name, count, root, schema }] of modules.entries()) {
      const text = receipts[at]?.receipt ?? '';
      const [first, index = '', ...hashes] = text.slice(0, text.indexOf('\n\n')).split('\n');
      expect([first, index]).toEqual(['c2sp.org/tlog-proof@v1', `index ${at}`]);
      expect(text.endsWith(`\n\n${checkpoint}`)).toBe(true);
      const members = `{"count":${count},"module":"${name}","root":"${root}","schema":"${schema}"}`;
      const path = hashes.map((line) => Buffer.from(line, 'base64'));
      const computed = rootBy(sha256('\0', members), at, modules.length, path);
      expect(computed.toString('hex')).toBe(dataRoot(modules));
    }
  });

  it.each([
    ['another number of records', { count: 4001 }],
    ['another root', { root: modules[3]?.root ?? '' }],
    ['another schema', { schema: modules[3]?.schema ?? '' }],
    ['another name', { name: 'm005' }],
  ])('proves nothing of a module with %s', (_, changed) => {
    const opened = openReceipt(Buffer.from(receipt), { ...fifth, ...changed }, SEAL, verifier);
    expect(opened).toEqual({ refused: 'not-in-tree' });
  });

  it('proves nothing of another seal, and nothing to another key', () => {
    const text = Buffer.from(receipt);
    const otherSeal = sha256('other').toString('hex');
    expect(openReceipt(text, fifth, otherSeal, verifier)).toEqual({ refused: 'not-in-tree' });
    const other = noteVerifier(KEY_NAME, countingSigner(2).verifying);
    expect(openReceipt(text, fifth, SEAL, other)).toEqual({ refused: 'other-key' });
  });

  it.each([
    ['extra data', receipt.replace('\nindex', '\nextra AAAA\nindex')],
    ['a zero before its index', receipt.replace('index 4', 'index 04')],
    ['no index', receipt.replace('index 4\n', '')],
    ['another version', receipt.replace('@v1', '@v2')],
    ['more hashes than a tree has levels', receipt.replace('\n\n', `${hashLines(60)}\n\n`)],
    ['carriage returns', receipt.replaceAll('\n', '\r\n')],
    ['no checkpoint', receipt.slice(0, receipt.indexOf('\n\n'))],
    ['nothing', ''],
  ])('is refused with %s', (_, changed) => {
    expect(parseTlogProof(Buffer.from(receipt))).not.toBeNull();
    expect(openReceipt(Buffer.from(changed), fifth, SEAL, verifier)).toEqual({ refused: 'form' });
  });

  it('is refused with any byte changed, one less, or one more', () => {
    const { tried, accepted } = acceptedChanges(
      Buffer.from(receipt),
      (changed) => !('refused' in openReceipt(changed, fifth, SEAL, verifier)),
    );
    expect(accepted).toEqual([]);
    expect(tried).toBeGreaterThan(3500);
  });

  it('of any leaf of any tree is parsed as it was formatted, and fits no other leaf (property)', () => {
    const sizes = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, a, b) => {
        const leaves = Array.from({ length: size }, (_, index) => leafHash(Buffer.from([index])));
        const [index, other] = [a % size, b % size];
        const root = rootOf(leaves).toString('hex');
        const note = signCheckpoint({ origin: 'tree', size, root }, signer);
        const text = formatTlogProof({
          index,
          path: auditPaths(leaves)[index] ?? [],
          checkpoint: note,
        });
        const parsed = parseTlogProof(Buffer.from(text));
        expect(parsed === null ? null : formatTlogProof(parsed)).toBe(text);
        const opened = openTlogProof(
          Buffer.from(text),
          leaves[other] ?? Buffer.alloc(32),
          verifier,
        );
        expect('index' in opened && opened.index === index).toBe(index === other);
      }),
    );
  });

  it('of a seal with one module has no hash; a seal without any has none', () => {
    const one = sealReceipts({ modules: modulesOf(1) }, SEAL, signer);
    expect(one.modules[0]?.receipt).toBe(`c2sp.org/tlog-proof@v1\nindex 0\n\n${one.checkpoint}`);
    const none = sealReceipts({ modules: [] }, SEAL, signer);
    expect(none.modules).toEqual([]);
    expect(openCheckpoint(Buffer.from(none.checkpoint), verifier)).toHaveProperty('size', 0);
  });
});

function hashLines(count: number): string {
  return `\n${Buffer.alloc(32).toString('base64')}`.repeat(count);
}

/** The root by the definition of the tree (RFC 6962 §2.1). */
function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only, second] = leaves;
  if (only !== undefined && second === undefined) return only;
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return sha256('\x01', rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)));
}

const tessera = shared('vectors/tlog-tiles-tessera');

describe.skipIf(tessera === null)("Tessera's log", () => {
  it('has checkpoints under which every one of its leaves is proven', () => {
    const folder = tessera ?? '';
    const log = join(folder, 'testdata/log');
    const known = parseNoteVerifier(readFileSync(join(folder, 'VKEY.txt'), 'utf8').trim());
    if (known === null) throw new Error('no verifier key');
    let proven = 0;
    for (let size = 0; size <= 15; size += 1) {
      const note = readFileSync(join(log, `checkpoint.${size}`));
      expect(openCheckpoint(note, known)).toHaveProperty('size', size);
      const tile =
        size === 0 ? Buffer.alloc(0) : readFileSync(join(log, 'tile/0/000.p', `${size}`));
      const leaves = Array.from({ length: size }, (_, at) => tile.subarray(32 * at, 32 * at + 32));
      const paths = auditPaths(leaves);
      for (const [index, leaf] of leaves.entries()) {
        const path = paths[index] ?? [];
        const text = formatTlogProof({ index, path, checkpoint: note.toString() });
        expect(openTlogProof(Buffer.from(text), leaf, known)).toHaveProperty('index', index);
        const wrong = formatTlogProof({
          index: size - 1 - index,
          path,
          checkpoint: note.toString(),
        });
        const opened = openTlogProof(Buffer.from(wrong), leaf, known);
        expect('refused' in opened).toBe(size - 1 - index !== index);
        proven += 1;
      }
    }
    expect(proven).toBe(120);
  });
});
