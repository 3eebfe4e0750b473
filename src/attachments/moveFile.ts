/**
 * Moves the content of one row into the store: read, hash, store, read back. The key ends with the
 * SHA-256 of what was read, so an object never changes its bytes; what was there before is compared.
 */

import { createHash, hash } from 'node:crypto';

import type { Cell, RowKey } from '../database/database.ts';
import type { ObjectFacts, ObjectStore, Put } from '../objects/objectStore.ts';
import { Failure } from '../outcome/failure.ts';
import type { Bandwidth, ByteBudget } from './byteBudget.ts';
import { digestOf, isRefusal, openLocal, type LocalFile, type Refusal } from './localFile.ts';
import { objectKey } from './rowId.ts';

/** A row to move. */
export interface AttachmentRow {
  readonly id: RowKey;
  readonly path: Cell;
  /** Null where the table has no such column, or the row no such value. */
  readonly size: Cell;
  readonly contentType: Cell;
  readonly sha256: Cell;
}

/** What a row became. */
export type Moved = StoredFile | Refusal;

export interface StoredFile {
  readonly key: string;
  readonly sha256: string;
  readonly size: number;
}

/** Reading back: what the store says of the object, or every byte of it. */
export type ReadBack = 'head' | 'full';

export interface MoveWork {
  /** Real path of the folder that all files are below. */
  readonly root: string;
  /** What all keys begin with, before the prefix of the table. */
  readonly keyPrefix: string;
  /** Null: nothing is stored, as in a dry run. */
  readonly store: ObjectStore | null;
  readonly readBack: ReadBack;
  readonly memory: ByteBudget;
  readonly bandwidth: Bandwidth;
  /** Longest key that the column takes; null for no limit. */
  readonly longestKey: number | null;
}

/** Files up to this size are read once, into memory, where the store takes them at once. */
const MOST_AT_ONCE = 16 * 2 ** 20;
const PIECE = 2 ** 20;

/** Moves the file of a row. @throws Failure STORE for what concerns all rows */
export async function moveFile(row: AttachmentRow, prefix: string, work: MoveWork): Promise<Moved> {
  const file = await openLocal(work.root, row.path);
  if (isRefusal(file)) return file;
  try {
    return await moveOpen(file, row, prefix, work);
  } catch (error) {
    if (error instanceof Failure && error.code === 'OBJECT') return refusedByStore(error);
    throw error;
  } finally {
    await file.close();
  }
}

function refusedByStore({ message, hint = 'run again' }: Failure): Refusal {
  return { refused: 'attachment-file', reason: `${message}: ${hint}` };
}

async function moveOpen(
  file: LocalFile,
  row: AttachmentRow,
  prefix: string,
  work: MoveWork,
): Promise<Moved> {
  if (row.size !== null && String(row.size) !== String(file.size)) {
    return differs('the file does not have the size that its row states: find out which is right');
  }
  const { store } = work;
  const isWhole = file.size <= Math.min(MOST_AT_ONCE, store?.largestPut ?? MOST_AT_ONCE);
  const giveBack = await work.memory.take(isWhole ? file.size : PIECE);
  try {
    const bytes = isWhole ? Buffer.allocUnsafeSlow(file.size) : null;
    const sha256 = await (bytes === null ? digestOf(file) : digestInto(file, bytes));
    if (sha256 === null || !file.isUnchanged()) return changed();
    if (!agrees(row.sha256, sha256)) {
      return differs(
        'the file does not have the SHA-256 that its row states: find out which is right',
      );
    }
    const key = objectKey(`${work.keyPrefix}${prefix}`, row.id, sha256);
    if (work.longestKey !== null && key.length > work.longestKey) {
      return differs('the key of its object does not fit into the column: make the column wider');
    }
    const stored = { key, sha256, size: file.size };
    const type = contentTypeOf(row.contentType);
    if (type !== null && typeof type !== 'string') return type;
    if (store === null) return stored;
    const facts = { size: file.size, sha256, contentType: type };
    if (bytes === null) giveBack();
    const put =
      bytes === null
        ? await putParts(file, stored, facts, { ...work, store })
        : await putWhole(bytes, key, facts, { ...work, store });
    if (put === null) return changed();
    await assertThere(store, stored, put === 'exists' ? 'full' : work.readBack);
    return file.isUnchanged() ? stored : changed();
  } finally {
    giveBack();
  }
}

type StoringWork = MoveWork & { readonly store: ObjectStore };

async function putWhole(
  bytes: Uint8Array,
  key: string,
  facts: ObjectFacts,
  { store, bandwidth }: StoringWork,
): Promise<Put> {
  await bandwidth.pass(bytes.length);
  return store.put(key, bytes, facts);
}

/**
 * Stores a large file in parts, which are read and hashed a second time; returns null if it is no longer
 * what was hashed first. Parts that a run before has stored count as `exists`, so that all is read back.
 */
async function putParts(
  file: LocalFile,
  { key, sha256 }: StoredFile,
  facts: ObjectFacts,
  { store, memory, bandwidth }: StoringWork,
): Promise<Put | null> {
  const upload = await store.upload(key, facts);
  const { partSize } = upload;
  const giveBack = await memory.take(2 * partSize);
  const digest = createHash('sha256');
  const buffers = [Buffer.allocUnsafeSlow(partSize), Buffer.allocUnsafeSlow(partSize)];
  let sending: Promise<void> = Promise.resolve();
  try {
    for (let part = 1, from = 0; from < file.size; part += 1, from += partSize) {
      const buffer = buffers[part % 2] ?? Buffer.alloc(0);
      const length = Math.min(partSize, file.size - from);
      if (!(await file.read(buffer, length, from))) return await abandoned(sending, upload);
      const bytes = buffer.subarray(0, length);
      digest.update(bytes);
      // One part is sent while the next one is read.
      await sending;
      if (upload.present.has(part)) continue;
      sending = bandwidth.pass(length).then(() => upload.put(part, bytes));
      sending.catch(() => {});
    }
    await sending;
    if (digest.digest('hex') !== sha256) return await abandoned(sending, upload);
    const put = await upload.complete();
    return upload.present.size > 0 ? 'exists' : put;
  } finally {
    await sending.catch(() => {});
    giveBack();
  }
}

async function abandoned(
  sending: Promise<void>,
  upload: { abort(): Promise<void> },
): Promise<null> {
  await sending.catch(() => {});
  await upload.abort();
  return null;
}

/** Reads a file whole, and digests it; null if it became shorter. */
async function digestInto(file: LocalFile, bytes: Buffer): Promise<string | null> {
  return (await file.read(bytes, file.size, 0)) ? hash('sha256', bytes) : null;
}

/** Asserts that the store holds these bytes. @throws Failure OBJECT */
async function assertThere(
  store: ObjectStore,
  stored: StoredFile,
  readBack: ReadBack,
): Promise<void> {
  const fault =
    readBack === 'full' ? await contentFault(store, stored) : await headFault(store, stored);
  if (fault === null) return;
  throw new Failure('OBJECT', {
    what: fault,
    hint: 'remove the object by hand if no row needs it, then run again',
  });
}

/** Compares what the store says of an object; null if it agrees. */
async function headFault(store: ObjectStore, stored: StoredFile): Promise<string | null> {
  const head = await store.head(stored.key);
  if (head === null) return 'the store has accepted the object, but does not have it';
  if (head.size !== stored.size) return 'the object in the store has another size';
  const digest = head.computed ?? head.stated;
  // A store that says nothing has to be read.
  if (digest === null) return contentFault(store, stored);
  return digest === stored.sha256 ? null : 'the object in the store has another SHA-256';
}

/** Reads every byte of an object; null if they are the right ones. */
export async function contentFault(
  store: ObjectStore,
  { key, sha256, size }: StoredFile,
): Promise<string | null> {
  const content = await store.read(key);
  if (content === null) return 'the object is missing in the store';
  const digest = createHash('sha256');
  let length = 0;
  for await (const piece of content) {
    length += piece.length;
    if (length > size) return 'the object in the store is longer than its file was';
    digest.update(piece);
  }
  if (length < size) return 'the object in the store is shorter than its file was';
  return digest.digest('hex') === sha256 ? null : 'the object in the store has other bytes';
}

function agrees(stated: Cell, sha256: string): boolean {
  if (stated === null || stated === '') return true;
  if (typeof stated === 'string') return stated.toLowerCase() === sha256;
  return stated instanceof Uint8Array && Buffer.from(stated).toString('hex') === sha256;
}

/** Returns the content type of a row, null if it has none, or why it cannot be one. */
function contentTypeOf(cell: Cell): string | null | Refusal {
  if (cell === null || cell === '') return null;
  const text = typeof cell === 'string' ? cell : '';
  if (/^[\x21-\x7e]+\/[\x21-\x7e][\x20-\x7e]*$/.test(text) && text.length <= 200) return text;
  return differs('its content type is not a MIME type: correct it in the row, or clear it');
}

function differs(reason: string): Refusal {
  return { refused: 'attachment-differs', reason };
}

function changed(): Refusal {
  const reason = 'the file was changed while it was read: run again when nothing writes to it';
  return { refused: 'attachment-changed', reason };
}
