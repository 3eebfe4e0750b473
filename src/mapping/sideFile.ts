/**
 * Files beside the mapping, such as smoke.json: frozen with it, but no part of it, so that neither the
 * mapping's digest nor a seal depends on them.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { realFolder, statOf } from '../disk/noLinks.ts';
import { Failure, type FailureCode } from '../outcome/failure.ts';
import { assertShape, type DocumentKind } from './check/shape.ts';
import { readDocument, type MappingDocument } from './document.ts';
import { formatPlace } from './place.ts';

/** Names of all of them, in the folder `mapping/`. */
export const SIDE_FILES = ['attachments.json', 'keys.json', 'secrets.json', 'smoke.json'] as const;
export type SideFileName = (typeof SIDE_FILES)[number];

/** How a file is read. */
export interface SideFileKind {
  readonly name: SideFileName;
  /** Its JSON Schema. */
  readonly schema: DocumentKind;
  /** What is missing without it, and its code. */
  readonly none: { readonly code: FailureCode; readonly what: string; readonly hint: string };
}

export interface SideFile {
  readonly document: MappingDocument;
  /** SHA-256 of its bytes, lower-case hex. */
  readonly fileSha256: string;
}

/** Whether the folder `mapping/` has a file of this name; false for a folder that cannot be read. */
export function hasSideFile(folder: string, name: SideFileName): boolean {
  try {
    return statOf(join(folder, name)) !== undefined;
  } catch {
    return false;
  }
}

/** Reads a file, and validates it against its schema. @throws Failure MAPPING, or `none` */
export async function readSideFile(folder: string, kind: SideFileKind): Promise<SideFile> {
  const { name, schema, none } = kind;
  if (!hasSideFile(folder, name)) {
    const { code, what, hint } = none;
    throw new Failure(code, { what, where: `mapping/${name}`, hint });
  }
  const document = await readDocument(realFolder(folder), name);
  assertShape(document, schema);
  return { document, fileSha256: createHash('sha256').update(document.bytes).digest('hex') };
}

/** Makes the failure for a place in a document, given as a JSON pointer. */
export function faultAt(
  { text, name }: MappingDocument,
  pointer: string,
  what: string,
  hint: string,
): Failure {
  const where = formatPlace({ file: name, pointer }, text);
  return new Failure('MAPPING', { what, where, hint });
}
