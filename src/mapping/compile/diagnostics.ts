/** Diagnostics of one row while it is mapped. They say where and why, never the value. */

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
  /** A clause that holds no value. */
  readonly reason: string;
  /** Where in the text of the cell, in Unicode code points: [start, end). */
  readonly start?: number;
  readonly end?: number;
}

export type Note = Pick<Diagnostic, 'rule' | 'reason' | 'start' | 'end'>;

export interface DiagnosticLog {
  readonly diagnostics: readonly Diagnostic[];
  /** The cell is lost. Returns what stands in its place. */
  readonly reject: (field: string, rejection: Rejection) => null;
  /** The same of a part of the record's key: without one there is no record, whatever it weighs. */
  readonly rejectKey: (field: string, rejection: Rejection) => null;
  /** The cell is kept. */
  readonly note: (field: string, note: Note) => void;
  /** Whether a cell was rejected by a rule that is a BLOCKER there. */
  readonly hasRejected: () => boolean;
  readonly clear: () => void;
}

/**
 * The log of a mapper; severities are those of the project. Of a field, only the first diagnostic of a
 * rule counts.
 */
export function diagnosticLog(module: CompiledModule, project: ProjectMapping): DiagnosticLog {
  const diagnostics: Diagnostic[] = [];
  let rejected = false;
  const weigh = (field: string, { rule }: Note): Severity =>
    severityOf(project, rule, module.name, field);
  const add = (field: string, note: Note, severity: Severity): Severity => {
    const { rule, reason, start, end } = note;
    const twice = diagnostics.some(
      (diagnostic) => diagnostic.field === field && diagnostic.rule === rule,
    );
    if (twice) return severity;
    const place = start === undefined || end === undefined ? {} : { start, end };
    diagnostics.push({ field, rule, severity, reason, ...place });
    return severity;
  };
  return {
    diagnostics,
    reject: (field, rejection) => {
      if (add(field, rejection, weigh(field, rejection)) === 'BLOCKER') rejected = true;
      return null;
    },
    rejectKey: (field, rejection) => {
      add(field, rejection, 'BLOCKER');
      rejected = true;
      return null;
    },
    note: (field, note) => {
      add(field, note, weigh(field, note));
    },
    hasRejected: () => rejected,
    clear: () => {
      diagnostics.length = 0;
      rejected = false;
    },
  };
}
