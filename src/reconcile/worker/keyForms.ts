/** How the bytes of a cell become a part of an encoded key: see record/keyOrder.ts. */

import { keyEncoding, type KeyEncoding } from '../../record/keyOrder.ts';
import type { FieldType } from '../../record/type.ts';
import { CELL } from '../../source/cellPage.ts';
import { cellForm, digitsOf, hexDigit, isUuid } from './cellForms.ts';
import type { WriteCell } from './copiedBytes.ts';

/** Writes a part like {@link WriteCell}; returns -1 if the cell has another form. */
export type WriteKeyPart = WriteCell;

/** Returns the form of a part of this type; null if it needs the mapper. */
export function keyForm(type: FieldType): WriteKeyPart | null {
  switch (type.kind) {
    case 'uuid':
      return uuid;
    case 'integer':
      return integer;
    case 'string':
      return string;
    case 'date':
    case 'decimal':
    case 'timestamp':
    case 'timestamptz':
    case 'time':
      return byJson(type, keyEncoding(type));
    default:
      return null;
  }
}

const UUID_LENGTH = 36;
const MINUS = 0x2d;

const uuid: WriteKeyPart = (kind, bytes, start, end, target, from) => {
  if (kind !== CELL.text || end - start !== UUID_LENGTH || !isUuid(bytes, start)) return -1;
  let at = from;
  for (let index = start; index < end; index += 2) {
    if (bytes[index] === MINUS) index += 1;
    target[at] = hexDigit(bytes[index] ?? 0) * 16 + hexDigit(bytes[index + 1] ?? 0);
    at += 1;
  }
  return at;
};

const INTEGERS = keyEncoding({ kind: 'integer' });

const integer: WriteKeyPart = (kind, bytes, start, end, target, at) => {
  const first = digitsOf(bytes, start, end);
  if (kind !== CELL.integer || first < 0) return -1;
  let value = 0;
  for (let index = first; index < end; index += 1) value = value * 10 + (bytes[index] ?? 0) - 0x30;
  return INTEGERS.write(first === start ? value : -value, target, at);
};

const string: WriteKeyPart = (kind, bytes, start, end, target, from) => {
  if (kind !== CELL.text) return -1;
  let at = from;
  for (let index = start; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    // PostgreSQL has no U+0000.
    if (byte === 0) return -1;
    target[at] = byte;
    at += 1;
  }
  target[at] = 0;
  target[at + 1] = 1;
  return at + 2;
};

/** Makes the part from the JSON text of the field, which has to be a string without escapes. */
function byJson(type: FieldType, encoding: KeyEncoding): WriteKeyPart {
  const write = cellForm(type);
  let json = Buffer.allocUnsafeSlow(256);
  return (kind, bytes, start, end, target, at) => {
    const most = 64 + (end - start) * 2 + (type.kind === 'array' ? 0 : (type.digits ?? 0));
    if (json.length < most) json = Buffer.allocUnsafeSlow(most);
    if (kind === CELL.null) return -1;
    const stop = write(kind, bytes, start, end, json, 0);
    return stop < 0 ? -1 : encoding.write(json.toString('latin1', 1, stop - 1), target, at);
  };
}
