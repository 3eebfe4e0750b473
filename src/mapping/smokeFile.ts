/**
 * mapping/smoke.json: queries of what is live, with an expectation beside each. It is frozen with
 * the mapping, but no part of it: neither the mapping's digest nor a seal depends on it, so that an
 * expectation can be added for a candidate that is live.
 */

import { isZone } from '../record/zone.ts';
import { searchFor, wholeMatch } from './compile/pattern.ts';
import type { MappingDocument } from './document.ts';
import { formatPlace, pointerTo } from './place.ts';
import { Failure } from '../outcome/failure.ts';
import { faultAt, readSideFile, type SideFileKind } from './sideFile.ts';

export const SMOKE_FILE = 'smoke.json';

const KIND: SideFileKind = {
  name: SMOKE_FILE,
  schema: 'smoke',
  none: {
    code: 'EMPTY',
    what: 'there are no smoke queries',
    hint: 'write some, see docs/commands/smoke.md',
  },
};

/** What a field is expected to hold. */
export type Expectation =
  | { readonly equals: unknown }
  | { readonly null: boolean }
  | { readonly matches: string }
  | { readonly oneOf: readonly unknown[] };

export interface RecordQuery {
  readonly fields?: Readonly<Record<string, Expectation>>;
  /** By field, or fields joined by `+`. */
  readonly follow?: Readonly<Record<string, RecordQuery>>;
}

/** A record by its id or by its legacy key: exactly one of the two. */
export interface LocatedQuery extends RecordQuery {
  readonly id?: string;
  readonly key?: readonly unknown[];
}

export interface ModuleQueries {
  readonly count?: {
    readonly exactly?: number;
    readonly atLeast?: number;
    readonly atMost?: number;
  };
  readonly first?: RecordQuery;
  readonly last?: RecordQuery;
  readonly records?: readonly LocatedQuery[];
}

export interface LogQuery {
  readonly file: string;
  readonly forbid: readonly string[];
  readonly zone?: string;
}

export interface SmokeFile {
  readonly modules: Readonly<Record<string, ModuleQueries>>;
  readonly logs: readonly LogQuery[];
  /** SHA-256 of the file, lower-case hex. */
  readonly sha256: string;
  /** Returns `mapping/smoke.json:3:14` for a JSON pointer. */
  readonly placeOf: (pointer: string) => string;
}

/** Reads and validates the file in `mapping/`. @throws Failure MAPPING, EMPTY if there is none */
export async function readSmoke(folder: string): Promise<SmokeFile> {
  const { document, fileSha256 } = await readSideFile(folder, KIND);
  const { modules, logs = [] } = document.value as Pick<SmokeFile, 'modules'> &
    Partial<Pick<SmokeFile, 'logs'>>;
  for (const [name, queries] of Object.entries(modules)) {
    checkModule(document, pointerTo('modules', name), queries);
  }
  for (const [index, log] of logs.entries()) checkLog(document, pointerTo('logs', index), log);
  return {
    modules,
    logs,
    sha256: fileSha256,
    placeOf: (pointer) => formatPlace({ file: SMOKE_FILE, pointer }, document.text),
  };
}

function checkModule(document: MappingDocument, at: string, queries: ModuleQueries): void {
  const { first = {}, last = {}, records = [] } = queries;
  checkRecord(document, `${at}/first`, first);
  checkRecord(document, `${at}/last`, last);
  for (const [index, query] of records.entries()) {
    const here = `${at}/records/${index}`;
    if ((query.id === undefined) === (query.key === undefined)) {
      throw faultAt(document, here, 'a record is found by an id or by a key', 'give one of them');
    }
    checkRecord(document, here, query);
  }
}

function checkRecord(document: MappingDocument, at: string, query: RecordQuery): void {
  for (const [name, expectation] of Object.entries(query.fields ?? {})) {
    if (!('matches' in expectation) || wholeMatch(expectation.matches) !== null) continue;
    throw badPattern(document, `${at}${pointerTo('fields', name, 'matches')}`);
  }
  for (const [name, other] of Object.entries(query.follow ?? {})) {
    checkRecord(document, `${at}${pointerTo('follow', name)}`, other);
  }
}

function checkLog(document: MappingDocument, at: string, { forbid, zone }: LogQuery): void {
  const bad = forbid.findIndex((pattern) => searchFor(pattern) === null);
  if (bad >= 0) throw badPattern(document, `${at}/forbid/${bad}`);
  if (zone === undefined || isZone(zone)) return;
  throw faultAt(document, `${at}/zone`, 'the zone is unknown', 'use a name such as Europe/Vienna');
}

function badPattern(document: MappingDocument, pointer: string): Failure {
  return faultAt(document, pointer, 'the pattern is not valid RE2 syntax', 'correct it there');
}
