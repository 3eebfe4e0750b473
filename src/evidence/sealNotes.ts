/**
 * The seal of a candidate as signed notes in a bag: a checkpoint of the data root and of each module, and for
 * each module the receipt that it is in the data root's tree. Whoever has the key verifies them one by one.
 */

import { join } from 'node:path';

import type { SigningKey, VerifyingKey } from '../crypto/ed25519.ts';
import { noteVerifier } from '../crypto/signedNote.ts';
import type { Finding } from '../outcome/finding.ts';
import { openCheckpoint } from '../seal/checkpoint.ts';
import { fileFinding } from '../seal/candidateFinding.ts';
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
const SEAL_PART = 'seal';
const CHECKPOINT = 'checkpoint.note';
const RECEIPT = 'receipt.tlog-proof';

/** Signs the seal of a candidate. */
export function sealNotes({ sealId, run }: SealedCandidate, key: SigningKey): PayloadFile[] {
  const { checkpoint, modules } = sealReceipts(run, sealId, { name: KEY_NAME, key });
  const file = (path: string, text: string): PayloadFile => {
    return { path: `${SEAL_PART}/${path}`, from: Buffer.from(text) };
  };
  return [
    file(CHECKPOINT, checkpoint),
    ...modules.flatMap((one) => [
      file(`${one.module}/${CHECKPOINT}`, one.checkpoint),
      file(`${one.module}/${RECEIPT}`, one.receipt),
    ]),
  ];
}

/** Verifies the notes in the payload `data`: each is there, signed by the key, and says what the seal does. */
export function noteFindings(
  data: string,
  { sealId, run }: SealedCandidate,
  key: VerifyingKey,
): readonly Finding[] {
  const verifier = noteVerifier(KEY_NAME, key);
  const check = (path: string, says: (note: Buffer) => boolean): Finding[] => {
    const file = `data/${SEAL_PART}/${path}`;
    const note = readPlainFile(join(data, SEAL_PART, path), MAX_SEAL_FILE);
    if (note === null) return [fileFinding('file-missing', file, 'the signed note is missing')];
    if (says(note)) return [];
    return [fileFinding('signature', file, 'it is not a note of this seal, signed by the key')];
  };
  const isCheckpoint = (note: Buffer, origin: string, size: number, root: string): boolean => {
    const opened = openCheckpoint(note, verifier);
    if ('refused' in opened) return false;
    return opened.origin === origin && opened.size === size && opened.root === root;
  };
  const { modules, dataRoot } = run;
  return [
    ...check(CHECKPOINT, (note) =>
      isCheckpoint(note, dataRootOrigin(sealId), modules.length, dataRoot),
    ),
    ...modules.flatMap((module) => {
      const { name, count, root } = module;
      return [
        ...check(`${name}/${CHECKPOINT}`, (note) =>
          isCheckpoint(note, moduleOrigin(sealId, name), count, root),
        ),
        ...check(`${name}/${RECEIPT}`, (note) => {
          const opened = openReceipt(note, module, sealId, verifier);
          return 'dataRoot' in opened && opened.dataRoot === dataRoot;
        }),
      ];
    }),
  ];
}
