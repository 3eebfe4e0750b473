/**
 * mapping/attachments.json: the tables with attachments, the folder of their files, and the store that
 * the files move to. It is frozen with the mapping, but no part of it: no seal depends on it.
 */

import { quoteName } from '../outcome/quoteName.ts';
import type { MappingDocument } from './document.ts';
import { faultAt, readSideFile, type SideFileKind } from './sideFile.ts';

export const ATTACHMENTS_FILE = 'attachments.json';

const KIND: SideFileKind = {
  name: ATTACHMENTS_FILE,
  schema: 'attachments',
  none: {
    code: 'USAGE',
    what: 'no attachments are declared',
    hint: 'write the file, see docs/commands/attachments.md, or name another folder with --project',
  },
};

/** A table with a row for each attachment; the members are names of columns. */
export interface AttachmentTable {
  readonly table: string;
  readonly id: readonly string[];
  readonly path: string;
  readonly key: string;
  readonly size: string | null;
  readonly contentType: string | null;
  readonly sha256: string | null;
  /** First part of the keys of its objects, without a slash at its end. */
  readonly prefix: string;
}

export interface AttachmentsFile {
  /** URLs as written. */
  readonly database: string;
  readonly root: string;
  /** Null: the environment tells. */
  readonly store: string | null;
  readonly tables: readonly AttachmentTable[];
  /** SHA-256 of the file, lower-case hex. */
  readonly fileSha256: string;
}

interface WrittenTable extends Partial<Omit<AttachmentTable, 'id'>> {
  readonly table: string;
  readonly id: string | readonly string[];
  readonly path: string;
  readonly key: string;
}

/** Reads and validates the file in `mapping/`. @throws Failure MAPPING; USAGE if there is none */
export async function readAttachments(folder: string): Promise<AttachmentsFile> {
  const { document, fileSha256 } = await readSideFile(folder, KIND);
  const { database, root, store, tables } = document.value as {
    readonly database: string;
    readonly root: string;
    readonly store?: string;
    readonly tables: readonly WrittenTable[];
  };
  const complete = tables.map((table, index) => completeTable(document, table, index));
  assertApart(document, complete);
  return { database, root, store: store ?? null, tables: complete, fileSha256 };
}

function completeTable(
  document: MappingDocument,
  written: WrittenTable,
  index: number,
): AttachmentTable {
  const { table, path, key, size = null, contentType = null, sha256 = null } = written;
  const id = typeof written.id === 'string' ? [written.id] : written.id;
  const prefix = written.prefix ?? defaultPrefix(table);
  const columns = [...id, path, key, size, contentType, sha256].filter((name) => name !== null);
  const twice = columns.find((name, at) => columns.indexOf(name) !== at);
  if (twice !== undefined) {
    const what = `the column ${quoteName(twice)} stands for two things`;
    throw faultAt(document, `/tables/${index}`, what, 'name another column for one of them');
  }
  return { table, id, path, key, size, contentType, sha256, prefix };
}

/** Returns the name of a table as a part of keys. */
function defaultPrefix(table: string): string {
  const plain = table.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^\.+/, '');
  return plain === '' ? 'attachments' : plain;
}

/** Asserts that no two tables can have objects of one key, or are the same. */
function assertApart(document: MappingDocument, tables: readonly AttachmentTable[]): void {
  for (const [index, { table, prefix }] of tables.entries()) {
    const before = tables.slice(0, index);
    const at = `/tables/${index}`;
    if (before.some((other) => other.table === table)) {
      throw faultAt(document, at, 'the table stands here twice', 'remove it once');
    }
    if (before.some((other) => overlaps(other.prefix, prefix))) {
      const what = 'another table has this prefix, or one that begins with it';
      throw faultAt(document, at, what, 'give each table a prefix of its own');
    }
  }
}

function overlaps(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}
