/**
 * Lower bound of the size of a module's records, before any of them is read: names of fields, ids,
 * and one byte for each value. All rows count, as a rejected row becomes a finding, which is
 * larger.
 */

import { BLIND_FIELD, type CompiledModule } from '../mapping/compile/module.ts';
import { isReference } from '../mapping/model.ts';

/** Bytes of a UUID and its quotes. */
const ID = 38;
/** Bytes of 16 bytes in base64url, and quotes. */
const BLIND = 24;
const VALUE = 1;

/** Minimum number of bytes that `rows` rows of a module add to its files. */
export function leastBytes(module: CompiledModule, rows: number): number {
  return mayLeaveOut(module) ? 0 : rows * (recordBytes(module) + lineageBytes(module));
}

/** Whether rows may be left out or merged, so that their number is no lower bound. */
function mayLeaveOut({ mapping, fields }: CompiledModule): boolean {
  return (
    mapping.where !== undefined ||
    mapping.merge !== undefined ||
    fields.some(
      (field) => isReference(field.mapping) && field.mapping.onFilteredParent === 'filter',
    )
  );
}

/** `{"a":1,"id":"…"}` and LF. */
function recordBytes({ fields, idField, mapping }: CompiledModule): number {
  const members = fields.map(({ name }) => memberBytes(name, VALUE));
  if (idField !== null) members.push(memberBytes(idField, ID));
  if (mapping.blind !== undefined) members.push(memberBytes(BLIND_FIELD, BLIND));
  return lineBytes(members);
}

/** `{"id":"…","key":[1,2],"source":"…","table":"…"}` and LF. */
function lineageBytes({ hasLineage, key, source, table }: CompiledModule): number {
  if (!hasLineage) return 0;
  const parts = key.length * VALUE + Math.max(0, key.length - 1);
  return lineBytes([
    memberBytes('id', ID),
    memberBytes('key', 2 + parts),
    memberBytes('source', textBytes(source)),
    memberBytes('table', textBytes(table)),
  ]);
}

/** Braces and LF, and a comma after each member but the last. */
function lineBytes(members: readonly number[]): number {
  return members.reduce((sum, bytes) => sum + bytes, 3 + Math.max(0, members.length - 1));
}

/** `"name":value` */
function memberBytes(name: string, value: number): number {
  return textBytes(name) + 1 + value;
}

function textBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
