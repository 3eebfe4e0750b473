/**
 * What a third party verifies of a seal without Sealift: signed checkpoints of the data root and of each
 * module, and for each module the receipt that it is a leaf of the data root's tree.
 */

import type { NoteSigner, NoteVerifier } from '../crypto/signedNote.ts';
import { auditPaths } from '../merkle/proof.ts';
import { signCheckpoint } from './checkpoint.ts';
import { dataRoot, moduleLeaf, type RunFile, type SealedModule } from './format.ts';
import { formatTlogProof, openTlogProof, type ProofRefusal } from './tlogProof.ts';

/** The name under which checkpoints are signed, unless another is chosen. */
export const KEY_NAME = 'sealift';

/** The origin of the tree of a seal's modules, whose root is the data root. */
export function dataRootOrigin(sealId: string): string {
  return `sealift/${sealId}`;
}

/** The origin of the tree of a module's records. */
export function moduleOrigin(sealId: string, module: string): string {
  return `${dataRootOrigin(sealId)}/${module}`;
}

export interface ModuleReceipt {
  readonly module: string;
  /** Signed checkpoint of the module's records: their number, and the module's root. */
  readonly checkpoint: string;
  /** Proof that name, number, root and schema of the module are a leaf of the data root's tree. */
  readonly receipt: string;
}

export interface SealReceipts {
  /** Signed checkpoint of the modules: their number, and the data root. */
  readonly checkpoint: string;
  /** In the order of the seal. */
  readonly modules: readonly ModuleReceipt[];
}

/** Makes checkpoints and receipts of a seal, from its run.json. The data root is computed, not copied. */
export function sealReceipts(
  { modules }: Pick<RunFile, 'modules'>,
  sealId: string,
  signer: NoteSigner,
): SealReceipts {
  const tree = { origin: dataRootOrigin(sealId), size: modules.length, root: dataRoot(modules) };
  const checkpoint = signCheckpoint(tree, signer);
  const paths = auditPaths(modules.map(moduleLeaf));
  return {
    checkpoint,
    modules: modules.map(({ name, count, root }, index) => ({
      module: name,
      checkpoint: signCheckpoint({ origin: moduleOrigin(sealId, name), size: count, root }, signer),
      receipt: formatTlogProof({ index, path: paths[index] ?? [], checkpoint }),
    })),
  };
}

export type OpenedReceipt =
  /** The data root, lower-case hex, and the number of modules. */
  { readonly dataRoot: string; readonly modules: number } | { readonly refused: ProofRefusal };

/** Verifies that a module, as it is, is in a seal, by the module's receipt. */
export function openReceipt(
  receipt: Buffer,
  module: Omit<SealedModule, 'findings'>,
  sealId: string,
  verifier: NoteVerifier,
): OpenedReceipt {
  const opened = openTlogProof(receipt, moduleLeaf(module), verifier);
  if ('refused' in opened) return opened;
  const { origin, root, size } = opened.checkpoint;
  if (origin !== dataRootOrigin(sealId)) return { refused: 'not-in-tree' };
  return { dataRoot: root, modules: size };
}
