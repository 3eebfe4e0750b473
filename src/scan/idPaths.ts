/**
 * Paths to ids that lead nowhere, in all records or in one: a path with a slip in it, or a value of another
 * form, would leave legacy ids as they are, and none of them would be looked up.
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
  /** Takes a record into account, unless it is known already that the path leads somewhere. */
  note(reference: Reference, record: ReadRecord): void;
  /** Of a record in which the path ends early; null where it led nowhere, which is one finding for all. */
  violation(reference: Reference): Violation | null;
  /** A finding for each path that led nowhere in any record, if there was a value to follow it in. */
  findings(): Finding[];
}

export function pathUse(scope: Scope, module: CompiledModule): PathUse {
  /** By reference, whether its path led to anything so far. */
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

/** Whether a record has a value on the path of a reference that is of another form than the path. */
export function leavesPath({ fields, nested }: Reference, record: ReadRecord): boolean {
  if (nested === null || nested.path === null) return false;
  return isOffPath(memberOf(record, fields[0] ?? ''), nested.path);
}

function violationOf({ fields, nested }: Reference): Violation {
  const path = quoteName(nested?.text ?? '');
  const reason = `path ${path} ends early in it, at a value of another form: ids there stay as they are`;
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
    reason: `path ${path} leads nowhere in any record`,
  };
}
