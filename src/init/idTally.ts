/**
 * Collects the values of a column that may be ids, of its own rows or of those of other tables: its
 * texts and integers, and those at each place in its JSON.
 */

import { InexactNumber, JsonNode, type SourceValue } from '../record/value.ts';
import { hashOf, sketchTally, type IdSketch, type SketchTally } from './idSketch.ts';

/** Values at one place, each of which may be an id. */
export interface IdValues {
  /** JSON pointer with `*` for each element; null for the column itself. */
  readonly path: string | null;
  /** Whether there is a text among them. Numbers alone occur among the keys of many tables. */
  readonly texts: boolean;
  readonly sketch: IdSketch;
}

export interface ColumnIds {
  /** Sketch of a column that may be a key. */
  readonly own: IdSketch | null;
  readonly values: readonly IdValues[];
}

export interface IdTally {
  add(value: SourceValue): void;
  ids(): ColumnIds;
}

/** Number of hashes that are kept of keys, and of values that may refer to them. */
const KEYS = 4096;
const VALUES = 64;
const LONGEST_ID = 64;
/** A column with more distinct places is not a list of ids. */
const MOST_PATHS = 64;
const LONGEST_JSON = 65_536;
/** `[`, `{` and JSON's whitespace. */
const OPENS_JSON: ReadonlySet<number> = new Set([0x5b, 0x7b, 0x20, 0x09, 0x0a, 0x0d]);
/** Member names that a program chose. Other names are data, and `*` stands for them. */
const PLAIN_NAME = /^[A-Za-z_][\w-]{0,40}$/;

interface Place {
  readonly tally: SketchTally;
  texts: boolean;
  /** Whether a value at this place is not an id. */
  spoilt: boolean;
}

export function idTally(mayBeKey: boolean): IdTally {
  const own = mayBeKey ? sketchTally(KEYS) : null;
  const places = new Map<string, Place>();
  const kinds = { json: false, text: false };
  const placeAt = (path: string): Place | undefined => {
    const known = places.get(path);
    if (known !== undefined || places.size > MOST_PATHS) return known;
    const place = { tally: sketchTally(VALUES), texts: false, spoilt: false };
    places.set(path, place);
    return place;
  };
  const note = (path: string, value: unknown, hash: number | null): void => {
    const place = placeAt(path);
    if (place === undefined || place.spoilt) return;
    if (hash === null) place.spoilt = true;
    else place.tally.add(hash);
    if (typeof value === 'string') place.texts = true;
  };
  const visit = (value: unknown, path: string): void => {
    if (value === null) return;
    if (typeof value !== 'object' || value instanceof InexactNumber) {
      if (places.get(path)?.spoilt !== true) note(path, value, idHash(value));
    } else if (Array.isArray(value)) {
      const each = `${path}/*`;
      for (const inner of value) visit(inner, each);
    } else {
      for (const [token, inner] of membersOf(value)) visit(inner, `${path}/${token}`);
    }
  };
  return {
    add(value) {
      if (value === null) return;
      const json = jsonOf(value);
      if (json !== undefined) kinds.json = true;
      else if (typeof value === 'string') kinds.text = true;
      // A column of both is not a list of ids, whichever came first.
      const isMixed = kinds.json && kinds.text;
      const isOpen = !isMixed && (json !== undefined || places.get('')?.spoilt !== true);
      const hash = own !== null || (isOpen && json === undefined) ? idHash(value) : null;
      if (own !== null && hash !== null) own.add(hash);
      if (!isOpen) return;
      if (json === undefined) note('', value, hash);
      else visit(json, '');
    },
    ids() {
      const isMixed = kinds.json && kinds.text;
      return { own: own?.sketch() ?? null, values: isMixed ? [] : valuesOf(places) };
    },
  };
}

function valuesOf(places: ReadonlyMap<string, Place>): IdValues[] {
  if (places.size > MOST_PATHS) return [];
  return [...places]
    .filter(([, { spoilt }]) => !spoilt)
    .map(([path, { texts, tally }]) => ({
      path: path === '' ? null : path,
      texts,
      sketch: tally.sketch(),
    }))
    .sort((a, b) => ((a.path ?? '') < (b.path ?? '') ? -1 : 1));
}

/** Hashes a value that may be an id, and returns null for any other; 5 and "5" are equal. */
function idHash(value: unknown): number | null {
  if (typeof value === 'string') {
    return value.length > 0 && value.length <= LONGEST_ID ? hashOf(value) : null;
  }
  const isInteger = Number.isSafeInteger(value) || typeof value === 'bigint';
  return isInteger ? hashOf(String(value)) : null;
}

/** Returns arrays and objects; undefined for every other cell. */
function jsonOf(value: SourceValue): unknown {
  if (value instanceof JsonNode) return value.value;
  if (typeof value !== 'string' || !OPENS_JSON.has(value.charCodeAt(0))) return undefined;
  if (value.length > LONGEST_JSON) return undefined;
  try {
    const json = JSON.parse(value) as unknown;
    return typeof json === 'object' ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Lists the members of an object by the tokens of a path. */
function membersOf(value: object): (readonly [string, unknown])[] {
  const members = value instanceof Map ? [...value] : Object.entries(value);
  const entries = members as readonly (readonly [string, unknown])[];
  const plain = entries.every(([name]) => PLAIN_NAME.test(name));
  return entries.map(([name, inner]) => [plain ? name : '*', inner] as const);
}
