/**
 * A fault that stops a command: what went wrong, where, and what to do next.
 * It never carries a record's value or a secret, so that it can be printed and logged as it is.
 */

import { printable } from './printable.ts';

/** What kind of fault it is; decides the exit code. */
export type FailureCode =
  | 'USAGE' // the command line is wrong
  | 'MAPPING' // a mapping or registry file is wrong
  | 'SOURCE_MISSING'
  | 'SOURCE_FORMAT' // not what its adapter reads: not a database, encrypted, truncated, malformed
  | 'SOURCE_LOCKED'
  | 'SOURCE_CHANGED' // changed while it was read
  | 'SOURCE_SCHEMA' // the mapping and the source disagree
  | 'REJECTED' // rows were rejected
  | 'EMPTY' // a run that saw too few rows proves nothing
  | 'CANDIDATE' // the candidate's path or content is not what it has to be
  | 'JOURNAL' // the journal is not as it was written
  | 'BUSY' // another run holds the lock
  | 'DISK' // cannot write, no space
  | 'INJECTED' // asked for by MIGRATE_FAIL_AFTER_MODULE
  | 'UNSUPPORTED'; // this machine or this version cannot do it

export interface FailureDetail {
  /** One clause: what was tried and what is wrong. */
  readonly what: string;
  /** File (with line and column where known), table, module or field. */
  readonly where?: string;
  /** One sentence: what to do next. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The one error type that commands show to a person; anything else is a defect of Sealift. */
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

  /** The one line that a person reads, see {@link failureLine}. */
  line(): string {
    return failureLine(this.toJSON());
  }

  /** The parts that cross a thread boundary; {@link Failure.revive} is its inverse. */
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

/** The parts of a failure: those of {@link FailureDetail} without the cause. */
export interface SerialisedFailure {
  readonly code: FailureCode;
  readonly what: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;
}

/** The one line that a person reads: `what (where): hint`. Holds no line break. */
export function failureLine(failure: Omit<SerialisedFailure, 'code'>): string {
  const where = failure.where === undefined ? '' : ` (${failure.where})`;
  const hint = failure.hint === undefined ? '' : `: ${failure.hint}`;
  return printable(`${failure.what}${where}${hint}`.replaceAll(/[\r\n]+/g, ' '));
}
