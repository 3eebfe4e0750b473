/**
 * Entries of records without key. Their ids are derived from their content and an ordinal among
 * equal records, which is known only after all equal records were collected. So each record is
 * spilled twice: first under the id for ordinal 0, without id in the record; then under its final
 * id.
 *
 * In the first spill the lineage part of an entry holds two u32 little endian: the offsets in the
 * record at which the id and the blind have to be inserted.
 */

import { ENTRY_HEADER } from '../../extsort/spill.ts';
import { BLIND_FIELD, type CompiledModule } from '../../mapping/compile/module.ts';
import { blindOf, contentId, type MapperContext } from '../../mapping/compile/identity.ts';
import { uuidBytes } from '../../record/uuid.ts';
import { writeHeader, type EntryView, type Locator } from '../../extsort/entry.ts';

const LF = 0x0a;
const INSERTS = 8;

export interface ContentWriter {
  /** Writes the first entry of a record, given its canonical text without id. */
  entry(
    record: string,
    locator: Locator,
    diagnoses: string,
    reserve: (size: number) => { readonly buffer: Buffer; readonly start: number },
  ): { readonly buffer: Buffer; readonly size: number; readonly keyEnd: number };
}

export interface ContentFinisher {
  /** Upper bound of the bytes of the final entry. */
  capacity(view: EntryView): number;
  /**
   * Writes the final entry of the record in `source`, the `ordinal`-th among equal ones, and
   * returns its size in bytes.
   */
  finish(source: Buffer, view: EntryView, ordinal: number, target: Buffer): number;
}

/** Names of the record's members that precede `name`. */
function membersBefore(module: CompiledModule, name: string): string[] {
  return module.fields.map((field) => field.name).filter((field) => field < name);
}

/** Makes the writer of first entries. */
export function contentEntry(module: CompiledModule, context: MapperContext): ContentWriter {
  const makeId = contentId(module, context);
  const offsets = [module.idField ?? '', BLIND_FIELD].map((name) =>
    insertOffset(membersBefore(module, name).length),
  );
  return {
    entry(record, locator, diagnoses, reserve) {
      const content = Buffer.from(record);
      const found = Buffer.from(diagnoses);
      const lineageEnd = ENTRY_HEADER + 16 + content.length + 1 + INSERTS;
      const size = lineageEnd + found.length;
      const { buffer } = reserve(size);
      const keyEnd = ENTRY_HEADER + 16;
      buffer.set(uuidBytes(makeId(content, 0)), ENTRY_HEADER);
      content.copy(buffer, keyEnd);
      const recordEnd = keyEnd + content.length + 1;
      buffer[recordEnd - 1] = LF;
      for (const [index, offset] of offsets.entries()) {
        buffer.writeUInt32LE(offset(content), recordEnd + index * 4);
      }
      found.copy(buffer, lineageEnd);
      writeHeader(buffer, 0, { start: 0, keyEnd, recordEnd, lineageEnd, end: size }, locator);
      return { buffer, size, keyEnd };
    },
  };
}

/** Offset after the first `members` members of a canonical record and the comma after them. */
function insertOffset(members: number): (record: Buffer) => number {
  return (record) => {
    let seen = 0;
    let depth = 0;
    let inText = false;
    for (let at = 0; at < record.length; at += 1) {
      const byte = record[at];
      if (inText) {
        if (byte === 0x5c) at += 1;
        else if (byte === 0x22) inText = false;
      } else if (byte === 0x22) {
        if (depth === 1 && seen === members) return at;
        inText = true;
      } else if (byte === 0x7b || byte === 0x5b) depth += 1;
      else if (byte === 0x7d || byte === 0x5d) depth -= 1;
      else if (byte === 0x2c && depth === 1) seen += 1;
    }
    return record.length - 1;
  };
}

/** Makes the writer of final entries: inserts id and blind, and uses the id as the key. */
export function contentFinisher(module: CompiledModule, context: MapperContext): ContentFinisher {
  const makeId = contentId(module, context);
  const blind = blindOf(module, context);
  const hasBlind = module.mapping.blind !== undefined;
  const idName = JSON.stringify(module.idField ?? '');
  const idFirst = (module.idField ?? '') < BLIND_FIELD;
  return {
    capacity: (view) => view.end - view.start + Buffer.byteLength(idName) + 100,
    finish(source, view, ordinal, target) {
      const content = source.subarray(view.keyEnd, view.recordEnd - 1);
      const id = makeId(content, ordinal);
      const inserts = [{ at: source.readUInt32LE(view.recordEnd), text: `${idName}:"${id}"` }];
      if (hasBlind) {
        const text = `"${BLIND_FIELD}":"${blind([id])}"`;
        inserts.push({ at: source.readUInt32LE(view.recordEnd + 4), text });
        if (!idFirst) inserts.reverse();
      }
      const keyEnd = ENTRY_HEADER + 16;
      target.set(uuidBytes(id), ENTRY_HEADER);
      const recordEnd = compose(content, inserts, target, keyEnd);
      source.copy(target, 12, view.start + 12, view.start + ENTRY_HEADER);
      target.writeUInt32LE(16, 0);
      target.writeUInt32LE(recordEnd - keyEnd, 4);
      target.writeUInt32LE(0, 8);
      return recordEnd + source.copy(target, recordEnd, view.lineageEnd, view.end);
    },
  };
}

/** Copies `content` with members inserted, and an LF; returns the offset after it. */
function compose(
  content: Buffer,
  inserts: readonly { readonly at: number; readonly text: string }[],
  target: Buffer,
  start: number,
): number {
  let [from, to] = [0, start];
  for (const { at, text } of inserts) {
    to += content.copy(target, to, from, at);
    from = at;
    // At the end of the record the comma precedes the member, otherwise it follows it.
    const last = at === content.length - 1;
    const empty = target[to - 1] === 0x7b;
    to += target.write(last ? `${empty ? '' : ','}${text}` : `${text},`, to);
  }
  to += content.copy(target, to, from);
  target[to] = LF;
  return to + 1;
}
