/** What a converter returns: a value as a canonical record holds it, or why there is none. */

import type { SourceValue } from './value.ts';

/** Rules that a cell, or a key made of cells, can fail. */
export const REFUSALS = [
  'type',
  'exactness',
  'scale',
  'enum',
  'required',
  'blank',
  'max-length',
  'pattern',
  'lookup',
  'date-ambiguous',
  'time-gap',
  'time-overlap',
  'encoding',
  'key-null',
  'registry',
  'reference-partial',
] as const;

export type Refusal = (typeof REFUSALS)[number];

/** Why a cell was refused: a rule id, and a reason that holds no value. */
export class Rejection {
  readonly rule: Refusal;
  readonly reason: string;
  constructor(rule: Refusal, reason: string) {
    this.rule = rule;
    this.reason = reason;
  }
}

/** Canonical JSON text that stands in the record as it is. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Content that is stored beside the records, under its digest. */
export class BlobContent {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A value as a canonical record holds it. */
export type Converted = null | boolean | number | string | RawJson | BlobContent;
export type Converter = (value: SourceValue) => Converted | Rejection;
