/**
 * The seal of a candidate as signed notes in a bag: a checkpoint of the data root and of each module, and for
 * each module the receipt that it is in the data root's tree. Who has the key verifies them one by one.
 */

import { join } from 'node:path';

import type { SigningKey, VerifyingKey } from '../crypto/ed25519.ts';
import { noteVerifier } from '../crypto/signedNote.ts';
import type { Finding } from '../outcome/finding.ts';
import { openCheckpoint } from '../seal/checkpoint.ts';
import { ruleFinding } from '../outcome/rules.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import {
  dataRootOrigin,
  KEY_NAME,
  moduleOrigin,
  openReceipt,
  sealReceipts,
} from '../seal/receipts.ts';
import type { SealedCandidate } from './candidateFacts.ts';
import type { PayloadFile } from './writeBag.ts';

/** Folder of the payload. */
export const SEAL_PART = 'seal';
const CHECKPOINT = 'checkpoint.note';
const RECEIPT = 'receipt.tlog-proof';

/** Signs the seal of a candidate. */
export function sealNotes({ sealId, run }: SealedCandidate, key: SigningKey): PayloadFile[] {
  const { checkpoint, modules } = sealReceipts(run, sealId, { name: KEY_NAME, key });
  return [
    note(CHECKPOINT, checkpoint),
    ...modules.flatMap((one) => [
      note(`${one.module}/${CHECKPOINT}`, one.checkpoint),
      note(`${one.module}/${RECEIPT}`, one.receipt),
    ]),
  ];
}

/** Returns the paths of the notes of a seal, in their folder. */
export function notePaths({ modules }: Pick<SealedCandidate['run'], 'modules'>): readonly string[] {
  const own = modules.flatMap(({ name }) => [`${name}/${CHECKPOINT}`, `${name}/${RECEIPT}`]);
  return [CHECKPOINT, ...own];
}

function note(path: string, text: string): PayloadFile {
  return { path: `${SEAL_PART}/${path}`, from: Buffer.from(text) };
}

/** Verifies the notes in the payload `data`: each is there, signed by the key, and says what the seal does. */
export function noteFindings(
  data: string,
  { sealId, run }: SealedCandidate,
  key: VerifyingKey,
): readonly Finding[] {
  const verifier = noteVerifier(KEY_NAME, key);
  const { modules, dataRoot } = run;
  const isCheckpoint = (bytes: Buffer, origin: string, size: number, root: string): boolean => {
    const opened = openCheckpoint(bytes, verifier);
    if ('refused' in opened) return false;
    return opened.origin === origin && opened.size === size && opened.root === root;
  };
  const wanted = new Map<string, (bytes: Buffer) => boolean>([
    [CHECKPOINT, (bytes) => isCheckpoint(bytes, dataRootOrigin(sealId), modules.length, dataRoot)],
  ]);
  for (const module of modules) {
    const { name, count, root } = module;
    wanted.set(`${name}/${CHECKPOINT}`, (bytes) =>
      isCheckpoint(bytes, moduleOrigin(sealId, name), count, root),
    );
    wanted.set(`${name}/${RECEIPT}`, (bytes) => {
      const opened = openReceipt(bytes, module, sealId, verifier);
      return 'dataRoot' in opened && opened.dataRoot === dataRoot;
    });
  }
  return [...wanted].flatMap(([path, isNote]): Finding[] => {
    const file = `data/${SEAL_PART}/${path}`;
    const bytes = readPlainFile(join(data, SEAL_PART, path), MAX_SEAL_FILE);
    if (bytes === null) return [ruleFinding('file-missing', file, 'the signed note is missing')];
    if (isNote(bytes)) return [];
    return [ruleFinding('signature', file, 'it is not a note of this seal, signed by the key')];
  });
}
