/**
 * A fault that stops a command: what went wrong, where, and what to do next.
 * It contains no record value and no secret, so that it is safe to print and log.
 */

import { printable } from './printable.ts';

/** Kind of fault; determines the exit code. */
export type FailureCode =
  | 'USAGE' // the command line is wrong
  | 'MAPPING' // a mapping or registry file is wrong
  | 'SOURCE_MISSING'
  | 'SOURCE_FORMAT' // not what the adapter reads: no database, encrypted, truncated, malformed
  | 'SOURCE_LOCKED'
  | 'SOURCE_CHANGED' // the source changed during the read
  | 'SOURCE_WRITES' // its writes are not frozen as they should be, or cannot be
  | 'SOURCE_SCHEMA' // the mapping and the source disagree
  | 'REJECTED' // rows were rejected
  | 'EMPTY' // too few rows were read to prove anything
  | 'TARGET' // the target is missing, does not fit, or refused
  | 'STORE' // the object store is missing, refuses, or does not answer
  | 'OBJECT' // the object store refuses one object
  | 'CANDIDATE' // the candidate's path or content is invalid
  | 'JOURNAL' // the journal is broken
  | 'SNAPSHOT' // a snapshot is damaged, or is not the expected one
  | 'WAITING' // it is too early: time has to pass first, or a person has to decide
  | 'HELD' // a run of a cutover does not go on by itself
  | 'ROLLED_BACK' // a run of a cutover went back
  | 'BUSY' // another run holds the lock
  | 'DISK' // cannot write, no space
  | 'INJECTED' // requested by MIGRATE_FAIL_AFTER_MODULE
  | 'UNSUPPORTED'; // this machine or this version cannot do it

export interface FailureDetail {
  /** One clause about what was attempted and what is wrong. */
  readonly what: string;
  /** File (with line and column if known), table, module or field. */
  readonly where?: string;
  /** One sentence about what to do next. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The only error type that commands show to a person; any other is a defect of Sealift. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  constructor(code: FailureCode, detail: FailureDetail) {
    super(detail.what, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'Failure';
    this.code = code;
    this.where = detail.where;
    this.hint = detail.hint;
  }

  /** Returns `what (where): hint` as one line, for a person; see {@link failureLine}. */
  line(): string {
    return failureLine(this.toJSON());
  }

  /** Serialises the failure for another thread; {@link Failure.revive} is the inverse. */
  toJSON(): SerialisedFailure {
    return { code: this.code, what: this.message, where: this.where, hint: this.hint };
  }

  static revive(data: SerialisedFailure): Failure {
    return new Failure(data.code, {
      what: data.what,
      ...(data.where === undefined ? {} : { where: data.where }),
      ...(data.hint === undefined ? {} : { hint: data.hint }),
    });
  }
}

/** Parts of a failure: those of {@link FailureDetail} without the cause. */
export interface SerialisedFailure {
  readonly code: FailureCode;
  readonly what: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;
}

/** Formats `what (where): hint` as one line, for a person. */
export function failureLine(failure: Omit<SerialisedFailure, 'code'>): string {
  const where = failure.where === undefined ? '' : ` (${failure.where})`;
  const hint = failure.hint === undefined ? '' : `: ${failure.hint}`;
  return printable(`${failure.what}${where}${hint}`.replaceAll(/[\r\n]+/g, ' '));
}
