/**
 * Checks invariants: queries over the candidate that must return no row. One that could not run
 * counts as violated. Records whose inputs failed are left out, and so are violations of records
 * that refer to them or that they refer to, so that one defect does not cause further findings.
 */

import { join } from 'node:path';

import type { Finding } from '../../outcome/finding.ts';
import { severityOf } from '../../mapping/severity.ts';
import { quote } from '../../sql/quote.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import { tableName, type PlannedInvariant } from '../../mapping/invariantPlan.ts';
import { invariantRunner, type InvariantRunner } from './runner.ts';
import { storeModules, type StoredModule } from './store.ts';
import type { CheckPlan } from '../pass.ts';
import { violationFindings, type Violation } from '../recordFinding.ts';
import { referencesOf } from '../referencesOf.ts';
import { moduleOf, type Scope } from '../scope.ts';

export interface InvariantOptions {
  /** Invariants of the modules that are scanned. */
  readonly planned: readonly PlannedInvariant[];
  /** A private folder, which its owner removes. */
  readonly scratch: string;
  /** Time limit of one invariant. */
  readonly seconds: number;
  readonly onProgress: (label: string, done: number, total: number) => void;
}

/** The invariants of a scan. */
export interface Invariants {
  /** Plans findings `invariant` of a module, those without a record first. */
  plan(module: CompiledModule): CheckPlan;
  /** Ends the process that runs them, if any. */
  close(): Promise<void>;
}

/** Loads the records for the invariants when the first module that has any is checked. */
export function openInvariants(scope: Scope, options: InvariantOptions): Invariants {
  let loaded: Promise<LoadedInvariants> | null = null;
  return {
    plan(module) {
      const own = options.planned.filter((one) => one.module.name === module.name);
      if (own.length === 0) return {};
      const run = async function* (): AsyncGenerator<Finding> {
        loaded ??= load(scope, options);
        yield* invariantFindings(scope, module, own, await loaded);
      };
      return { passes: [{ reads: 'database', check: 'invariants', run }] };
    },
    async close() {
      (await loaded?.catch(() => null))?.runner.close();
    },
  };
}

interface LoadedInvariants {
  readonly stored: ReadonlyMap<string, StoredModule>;
  readonly runner: InvariantRunner;
  readonly onProgress: InvariantOptions['onProgress'];
}

async function load(
  scope: Scope,
  { planned, scratch, seconds, onProgress }: InvariantOptions,
): Promise<LoadedInvariants> {
  const database = join(scratch, 'invariants.db');
  const stored = await storeModules(scope, planned, database);
  return { stored, runner: invariantRunner(database, scratch, seconds), onProgress };
}

async function* invariantFindings(
  scope: Scope,
  module: CompiledModule,
  own: readonly PlannedInvariant[],
  { stored, runner, onProgress }: LoadedInvariants,
): AsyncGenerator<Finding> {
  const log = scope.store.openViolations();
  const violations = own.map((one) => violationOf(scope, one));
  for (const [kind, one] of own.entries()) {
    const violation = violations[kind];
    if (violation === undefined) continue;
    const broken = brokenInput(one, stored);
    const asOf = scope.mapping.project.asOf ?? null;
    const result = broken ?? (await runner.run(violatingQuery(scope, one, stored), asOf));
    if ('reason' in result) {
      const reason = `invariant ${JSON.stringify(one.invariant.id)} could not run: ${result.reason}`;
      yield moduleFinding(module.name, { ...violation, severity: 'BLOCKER', reason });
      continue;
    }
    for (const ordinal of result) {
      if (Number.isNaN(ordinal)) yield moduleFinding(module.name, violation);
      else log.add(ordinal, kind);
    }
    onProgress(`invariants of ${module.name}`, kind + 1, own.length);
  }
  yield* violationFindings(scope, module, log, violations);
}

type Weighed = Violation & Pick<Finding, 'severity'>;

function violationOf(scope: Scope, { invariant, module }: PlannedInvariant): Weighed {
  const { fields } = invariant;
  const { project } = scope.mapping;
  return {
    rule: 'invariant',
    fields,
    severity: invariant.severity ?? severityOf(project, 'invariant', module.name, fields),
    reason: `invariant ${JSON.stringify(invariant.id)} is violated: ${invariant.holds}`,
  };
}

/** Makes a finding without a record: the query named no existing one, or could not run. */
function moduleFinding(module: string, { rule, fields, severity, reason }: Weighed): Finding {
  return { rule, severity, module, field: fields.join('+'), reason };
}

function brokenInput(
  { tables }: PlannedInvariant,
  stored: ReadonlyMap<string, StoredModule>,
): { readonly reason: string } | null {
  for (const [name, fields] of tables) {
    for (const { name: field } of fields) {
      const reason = stored.get(name)?.broken.get(field);
      if (reason !== undefined) {
        return { reason: `field ${JSON.stringify(field)} of module ${name} ${reason}` };
      }
    }
  }
  return null;
}

const FOUND = '"sealift~found"';
const ORDINAL = '"sealift~ordinal"';
const FAILED = '"sealift~failed"';

/** Selects ordinals of records that violate an invariant, ascending; null for an unknown record. */
function violatingQuery(
  scope: Scope,
  { invariant, module, sql, tables, width }: PlannedInvariant,
  stored: ReadonlyMap<string, StoredModule>,
): string {
  const failedSets = new Map<string, string>();
  const inputs = new Map<string, Set<string>>();
  for (const [name, fields] of tables) inputs.set(name, new Set(fields.map((field) => field.name)));
  inputs.set(module.name, new Set([...(inputs.get(module.name) ?? []), ...invariant.fields]));
  for (const [name, fields] of inputs)
    failedSets.set(name, failedNumbers(stored.get(name), fields));
  const views = [...tables].map(([name, fields]) => {
    const columns = fields.map((field) => quote(field.name)).join(', ') || 'NULL';
    const where = notIn(FAILED, failedSets.get(name));
    return `${quote(name)} AS NOT MATERIALIZED (SELECT ${columns} FROM ${tableName(name)}${where})`;
  });
  const columns = Array.from({ length: width }, (_, at) => `"k${at}"`).join(', ');
  const key = module.orderFields.map((field, at) => `violator.${quote(field)} = found."k${at}"`);
  const own = failedSets.get(module.name) ?? '';
  const conditions = [
    ...(own === '' ? [] : [`coalesce(violator.${FAILED}, 0) NOT IN (${own})`]),
    ...linksOf(scope, module, failedSets),
  ];
  return `WITH ${[...views, `${FOUND}(${columns}) AS (${sql.query})`].join(', ')}
    SELECT DISTINCT violator.${ORDINAL} FROM ${FOUND} AS found
    LEFT JOIN ${tableName(module.name)} AS violator ON ${key.join(' AND ')}
    ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`} ORDER BY 1`;
}

/** Lists, for SQL, the numbers of the sets of failed fields that contain any of these fields. */
function failedNumbers(stored: StoredModule | undefined, fields: ReadonlySet<string>): string {
  const numbers: number[] = [];
  for (const { number, fields: failed } of stored?.failures.values() ?? []) {
    if ([...failed].some((field) => fields.has(field))) numbers.push(number);
  }
  return numbers.join(', ');
}

function notIn(column: string, numbers = ''): string {
  return numbers === '' ? '' : ` WHERE ${column} NOT IN (${numbers})`;
}

/** Conditions that exclude records that are linked by a reference to a failed one. */
function linksOf(
  scope: Scope,
  module: CompiledModule,
  failedSets: ReadonlyMap<string, string>,
): string[] {
  const links: string[] = [];
  for (const [name, failed] of failedSets) {
    if (failed === '') continue;
    const unless = (own: readonly string[], others: readonly string[]): void => {
      const on = own.map(
        (field, at) => `linked.${quote(others[at] ?? '')} = violator.${quote(field)}`,
      );
      const from = `SELECT 1 FROM ${tableName(name)} AS linked`;
      links.push(
        `NOT EXISTS (${from} WHERE ${on.join(' AND ')} AND linked.${FAILED} IN (${failed}))`,
      );
    };
    for (const { fields, target, nested } of referencesOf(scope, moduleOf(scope, name))) {
      if (target.module === module.name && !nested) unless(target.fields, fields);
    }
    for (const { fields, target, nested } of referencesOf(scope, module)) {
      if (target.module === name && !nested) unless(fields, target.fields);
    }
  }
  return links;
}
