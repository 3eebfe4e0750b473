/** What there is to say of one row while it is mapped. Remarks say where and why, never the value. */

import type { Severity } from '../../outcome/finding.ts';
import type { Rule } from '../../outcome/rules.ts';
import type { Rejection } from '../../record/converted.ts';
import type { CompiledModule } from './module.ts';
import type { ProjectMapping } from '../model.ts';
import { severityOf } from '../severity.ts';

export interface Remark {
  readonly field: string;
  readonly rule: Rule;
  readonly severity: Severity;
  /** A clause that holds no value. */
  readonly reason: string;
  /** Where in the text of the cell, in Unicode code points: [start, end). */
  readonly start?: number;
  readonly end?: number;
}

export type Note = Pick<Remark, 'rule' | 'reason' | 'start' | 'end'>;

export interface RemarkLog {
  readonly remarks: readonly Remark[];
  /** The cell is lost. Returns what stands in its place. */
  readonly refuse: (field: string, rejection: Rejection) => null;
  /** The same of a part of the record's key: without one there is no record, whatever it weighs. */
  readonly refuseKey: (field: string, rejection: Rejection) => null;
  /** The cell is kept. */
  readonly note: (field: string, note: Note) => void;
  /** Whether a cell was refused by a rule that is a BLOCKER there. */
  readonly refused: () => boolean;
  readonly clear: () => void;
}

/** The log of a mapper; severities are those of the project. Only a field's first remark of a rule counts. */
export function remarkLog(module: CompiledModule, project: ProjectMapping): RemarkLog {
  const remarks: Remark[] = [];
  let refused = false;
  const weigh = (field: string, { rule }: Note): Severity =>
    severityOf(project, rule, module.name, field);
  const add = (field: string, note: Note, severity: Severity): Severity => {
    const { rule, reason, start, end } = note;
    const twice = remarks.some((remark) => remark.field === field && remark.rule === rule);
    if (twice) return severity;
    const place = start === undefined || end === undefined ? {} : { start, end };
    remarks.push({ field, rule, severity, reason, ...place });
    return severity;
  };
  return {
    remarks,
    refuse: (field, rejection) => {
      if (add(field, rejection, weigh(field, rejection)) === 'BLOCKER') refused = true;
      return null;
    },
    refuseKey: (field, rejection) => {
      add(field, rejection, 'BLOCKER');
      refused = true;
      return null;
    },
    note: (field, note) => {
      add(field, note, weigh(field, note));
    },
    refused: () => refused,
    clear: () => {
      remarks.length = 0;
      refused = false;
    },
  };
}
