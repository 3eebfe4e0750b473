/**
 * Checks paths to ids that match nothing, in all records or in one. A mistyped path, or a value of
 * another form, would leave legacy ids unconverted and unchecked.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { isOffPath, valuesAt } from '../mapping/idPath.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding } from '../outcome/finding.ts';
import { memberOf, type ReadRecord } from '../seal/candidateReader.ts';
import type { Violation } from './recordFinding.ts';
import type { Reference } from './referencesOf.ts';
import type { Scope } from './scope.ts';

export interface PathUse {
  /** Takes a record into account, unless the path has matched in an earlier one. */
  note(reference: Reference, record: ReadRecord): void;
  /** Violation of records in which the path ends early; null if it matched in no record. */
  violation(reference: Reference): Violation | null;
  /** Returns a finding for each path that matched in no record, if any had a value. */
  findings(): Finding[];
}

export function pathUse(scope: Scope, module: CompiledModule): PathUse {
  /** By reference, whether its path has matched so far. */
  const used = new Map<Reference, boolean>();
  return {
    note(reference, record) {
      const path = reference.nested?.path ?? null;
      if (path === null || used.get(reference) === true) return;
      const value = memberOf(record, reference.fields[0] ?? '');
      if (value !== null) used.set(reference, valuesAt(value, path).next().done !== true);
    },
    violation(reference) {
      return used.get(reference) === false ? null : violationOf(reference);
    },
    findings() {
      const unused = [...used].filter(([, isUsed]) => !isUsed);
      return unused.map(([reference]) => pathFinding(scope, module, reference));
    },
  };
}

/** Whether a record has, on the path of a reference, a value of another form than the path. */
export function leavesPath({ fields, nested }: Reference, record: ReadRecord): boolean {
  if (nested === null || nested.path === null) return false;
  return isOffPath(memberOf(record, fields[0] ?? ''), nested.path);
}

function violationOf({ fields, nested }: Reference): Violation {
  const path = quoteName(nested?.text ?? '');
  const reason = `path ${path} ends early, at a value of another form: ids there are not converted`;
  return { rule: 'reference-path', fields, reason };
}

function pathFinding(scope: Scope, { name }: CompiledModule, reference: Reference): Finding {
  const [field = ''] = reference.fields;
  const rule = 'reference-path';
  const severity = severityOf(scope.mapping.project, rule, name, field);
  const path = quoteName(reference.nested?.text ?? '');
  return {
    rule,
    severity,
    module: name,
    field,
    reason: `path ${path} matches nothing in any record`,
  };
}
