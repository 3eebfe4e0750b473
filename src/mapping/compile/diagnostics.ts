/** Diagnostics of one row while it is mapped. They give field and reason, never the value. */

import type { Severity } from '../../outcome/finding.ts';
import type { Rule } from '../../outcome/rules.ts';
import type { Rejection } from '../../record/converted.ts';
import type { CompiledModule } from './module.ts';
import type { ProjectMapping } from '../model.ts';
import { severityOf } from '../severity.ts';

export interface Diagnostic {
  readonly field: string;
  readonly rule: Rule;
  readonly severity: Severity;
  /** A clause without any value. */
  readonly reason: string;
  /** Range in the text of the cell, in Unicode code points: [start, end). */
  readonly start?: number;
  readonly end?: number;
}

export type Note = Pick<Diagnostic, 'rule' | 'reason' | 'start' | 'end'>;

export interface DiagnosticLog {
  readonly diagnostics: readonly Diagnostic[];
  /** Reports a cell that is lost. Returns its replacement. */
  readonly reject: (field: string, rejection: Rejection) => null;
  /** Like `reject`, for a part of the record's key: always a BLOCKER, as no record can be made. */
  readonly rejectKey: (field: string, rejection: Rejection) => null;
  /** Reports a cell that is kept. */
  readonly note: (field: string, note: Note) => void;
  /** Whether a cell was rejected with severity BLOCKER. */
  readonly hasRejected: () => boolean;
  readonly clear: () => void;
}

/**
 * Makes the log of a mapper, with the severities of the project. Keeps only the first diagnostic
 * for each field and rule.
 */
export function diagnosticLog(module: CompiledModule, project: ProjectMapping): DiagnosticLog {
  const diagnostics: Diagnostic[] = [];
  let rejected = false;
  const severityFor = (field: string, { rule }: Note): Severity =>
    severityOf(project, rule, module.name, field);
  const add = (field: string, note: Note, severity: Severity): Severity => {
    const { rule, reason, start, end } = note;
    const isKnown = diagnostics.some(
      (diagnostic) => diagnostic.field === field && diagnostic.rule === rule,
    );
    if (isKnown) return severity;
    const range = start === undefined || end === undefined ? {} : { start, end };
    diagnostics.push({ field, rule, severity, reason, ...range });
    return severity;
  };
  return {
    diagnostics,
    reject: (field, rejection) => {
      if (add(field, rejection, severityFor(field, rejection)) === 'BLOCKER') rejected = true;
      return null;
    },
    rejectKey: (field, rejection) => {
      add(field, rejection, 'BLOCKER');
      rejected = true;
      return null;
    },
    note: (field, note) => {
      add(field, note, severityFor(field, note));
    },
    hasRejected: () => rejected,
    clear: () => {
      diagnostics.length = 0;
      rejected = false;
    },
  };
}
