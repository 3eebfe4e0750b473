/** Results of converters: a value for a canonical record, or the reason for its rejection. */

import type { SourceValue } from './value.ts';

/** Rules that a cell, or a key made of cells, can fail. */
export const REJECTION_RULES = [
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
  'pii-treatment',
] as const;

export type RejectionRule = (typeof REJECTION_RULES)[number];

/** The rejection of a cell: a rule id, and a reason that contains no value. */
export class Rejection {
  readonly rule: RejectionRule;
  readonly reason: string;
  constructor(rule: RejectionRule, reason: string) {
    this.rule = rule;
    this.reason = reason;
  }
}

/** Canonical JSON text, inserted into the record unchanged. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Content stored beside the records, under its digest. */
export class BlobContent {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A value in a canonical record. */
export type Converted = null | boolean | number | string | RawJson | BlobContent;
export type Converter = (value: SourceValue) => Converted | Rejection;
