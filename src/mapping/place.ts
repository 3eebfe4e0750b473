/** Places in the mapping files, and failures that name them. */

import { Failure } from '../outcome/failure.ts';
import { parseJsonWithPositions } from '../record/jsonText.ts';
import type { Mapping } from './model.ts';
import { quoteName } from '../outcome/quoteName.ts';

/** A value in a mapping file, or the key of a member. */
export interface Place {
  /** Relative to the mapping folder: `modules/kunden.json`. */
  readonly file: string;
  /** JSON pointer (RFC 6901). */
  readonly pointer: string;
  readonly part?: 'key' | 'value';
}

/** A file of the mapping as on disk, which is how it is sealed. */
export interface MappingFile {
  /** Relative to the mapping folder, with `/`: `project.json`, `modules/kunden.json`. */
  readonly name: string;
  /** SHA-256 of its bytes, lower-case hex. */
  readonly sha256: string;
  /**
   * Null for registries, which may be large: they are read again, and fail if their digest differs.
   */
  readonly bytes: Uint8Array | null;
  /** For the positions of errors; null if `bytes` is. */
  readonly text: string | null;
}

/** A mapping whose errors can be located by line and column. */
export type LocatedMapping = Mapping & { readonly files?: readonly MappingFile[] };

/** Makes a JSON pointer of these reference tokens. */
export function pointerTo(...tokens: readonly (string | number)[]): string {
  return tokens.map((token) => `/${escapeToken(String(token))}`).join('');
}

/** Escapes one reference token. */
export function escapeToken(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

export function moduleFile(module: string): string {
  return `modules/${module}.json`;
}

/** Returns `mapping/modules/kunden.json:3:14`; without the text, the file alone. */
export function formatPlace(place: Place, text: string | null): string {
  const file = `mapping/${place.file}`;
  const printable = /^[\x20-\x7e]*$/.test(file) ? file : quoteName(file);
  if (text === null) return printable;
  const { line, column } = parseJsonWithPositions(text).positionOf(place.pointer, place.part);
  return `${printable}:${line}:${column}`;
}

/** Makes the failure for an error at a place of a loaded mapping. */
export function mappingFailure(
  mapping: LocatedMapping,
  place: Place,
  what: string,
  hint: string,
): Failure {
  return new Failure('MAPPING', { what, where: locate(mapping, place), hint });
}

export function locate(mapping: LocatedMapping, place: Place): string {
  const text = mapping.files?.find((file) => file.name === place.file)?.text ?? null;
  return formatPlace(place, text);
}
