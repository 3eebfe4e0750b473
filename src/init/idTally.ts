/**
 * What of a column might be ids, of its own rows or of those of other tables: its texts and integers, and
 * those at each place of its JSON.
 */

import { escapeToken } from '../mapping/place.ts';
import { JsonNode, type SourceValue } from '../record/value.ts';
import { sketchTally, type IdSketch, type SketchTally } from './idSketch.ts';

/** Values at one place, all of which might be ids. */
export interface IdValues {
  /** JSON pointer with `*` for each element; null for the column itself. */
  readonly path: string | null;
  /** Whether there is a text among them: mere numbers are among those of many keys. */
  readonly texts: boolean;
  readonly sketch: IdSketch;
}

export interface ColumnIds {
  /** Of a column that may be a key. */
  readonly own: IdSketch | null;
  readonly values: readonly IdValues[];
}

export interface IdTally {
  add(value: SourceValue): void;
  ids(): ColumnIds;
}

/** How many hashes are kept of keys, and of what may refer to them. */
const KEYS = 4096;
const VALUES = 64;
const LONGEST_ID = 64;
/** A column of more different places is no list of ids. */
const MOST_PATHS = 64;
const LONGEST_JSON = 65_536;
/** Names that are a program's; others are data, and `*` stands for them. */
const PLAIN_NAME = /^[A-Za-z_][\w-]{0,40}$/;

interface Place {
  readonly tally: SketchTally;
  texts: boolean;
  /** Something there is no id. */
  spoilt: boolean;
}

export function idTally(mayBeKey: boolean): IdTally {
  const own = mayBeKey ? sketchTally(KEYS) : null;
  const places = new Map<string, Place>();
  const kinds = { json: false, text: false };
  const note = (path: string, value: unknown): void => {
    let place = places.get(path);
    if (place === undefined) {
      if (places.size > MOST_PATHS) return;
      place = { tally: sketchTally(VALUES), texts: false, spoilt: false };
      places.set(path, place);
    }
    if (place.spoilt) return;
    const text = idText(value);
    if (text === null) place.spoilt = true;
    else place.tally.add(text);
    if (typeof value === 'string') place.texts = true;
  };
  const visit = (value: unknown, path: string): void => {
    if (value === null) return;
    const inner = membersOf(value);
    if (inner === null) note(path, value);
    else for (const [token, one] of inner) visit(one, `${path}/${token}`);
  };
  return {
    add(value) {
      if (value === null) return;
      const text = idText(value);
      if (own !== null && text !== null) own.add(text);
      const json = jsonOf(value);
      if (json !== undefined) kinds.json = true;
      else if (typeof value === 'string') kinds.text = true;
      // A column of both is no list of ids, whichever came first.
      if (kinds.json && kinds.text) return;
      if (json === undefined) note('', value);
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

/** The text of what might be an id; 5 and "5" are one. */
function idText(value: unknown): string | null {
  if (typeof value === 'string') {
    return value.length > 0 && value.length <= LONGEST_ID ? value : null;
  }
  return Number.isSafeInteger(value) || typeof value === 'bigint' ? String(value) : null;
}

/** Arrays and objects; undefined for every other cell. */
function jsonOf(value: SourceValue): unknown {
  if (value instanceof JsonNode) return value.value;
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return undefined;
  if (value.length > LONGEST_JSON) return undefined;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}

/** What is in an array or object, by the tokens of a path; null for a scalar. */
function membersOf(value: unknown): Iterable<readonly [string, unknown]> | null {
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) return value.map((inner) => ['*', inner] as const);
  const members = value instanceof Map ? [...value] : Object.entries(value);
  const entries = members as readonly (readonly [string, unknown])[];
  const plain = entries.every(([name]) => PLAIN_NAME.test(name));
  return entries.map(([name, inner]) => [plain ? escapeToken(name) : '*', inner] as const);
}
