/**
 * Invariants: queries over the candidate that have to return no row. One that could not run counts
 * as broken. Records whose inputs failed are left out, and so are verdicts on records that such a
 * one refers to or is referred to by: one defect is not to breed others.
 */

import { quote } from '../../sql/quote.ts';
import { join } from 'node:path';

import type { Finding } from '../../outcome/finding.ts';
import { severityOf } from '../../mapping/severity.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import { tableName, type PlannedInvariant } from '../../mapping/invariantPlan.ts';
import { invariantRunner, type InvariantRunner } from './runner.ts';
import { storeModules, type StoredModule } from './store.ts';
import { referencesOf } from '../references.ts';
import { findingsOfHits, moduleOf, type Accusation, type Scope } from '../scope.ts';

/** The invariants of a scan, with their records loaded. */
export interface OpenInvariants {
  readonly planned: readonly PlannedInvariant[];
  readonly stored: ReadonlyMap<string, StoredModule>;
  readonly runner: InvariantRunner;
}

/** Loads what the invariants read; the caller closes the runner. */
export async function openInvariants(
  scope: Scope,
  planned: readonly PlannedInvariant[],
  seconds: number,
): Promise<OpenInvariants> {
  const database = join(scope.scratch, 'invariants.db');
  const stored = await storeModules(scope, planned, database);
  return { planned, stored, runner: invariantRunner(database, scope.scratch, seconds) };
}

/** Findings `invariant` of a module: first those of no record. */
export async function* checkInvariants(
  scope: Scope,
  { planned, stored, runner }: OpenInvariants,
  module: CompiledModule,
): AsyncGenerator<Finding> {
  const own = planned.filter((one) => one.module.name === module.name);
  const accusations = own.map((one) => accusationOf(scope, one));
  for (const [part, one] of own.entries()) {
    const accusation = accusations[part];
    if (accusation === undefined) continue;
    const broken = brokenInput(one, stored);
    const asOf = scope.mapping.project.asOf ?? null;
    const result = broken ?? (await runner.run(accusingQuery(scope, one, stored), asOf));
    if ('reason' in result) {
      const reason = `invariant ${JSON.stringify(one.invariant.id)} could not run: ${result.reason}`;
      yield moduleFinding(module.name, { ...accusation, severity: 'BLOCKER', reason });
      continue;
    }
    for (const ordinal of result) {
      if (Number.isNaN(ordinal)) yield moduleFinding(module.name, accusation);
      else scope.hits.add(ordinal, part);
    }
    scope.onProgress(`invariants of ${module.name}`, part + 1, own.length);
  }
  yield* findingsOfHits(scope, module, accusations);
}

type Judged = Accusation & Pick<Finding, 'severity'>;

function accusationOf(scope: Scope, { invariant, module }: PlannedInvariant): Judged {
  const { fields } = invariant;
  const { project } = scope.mapping;
  return {
    rule: 'invariant',
    fields,
    severity: invariant.severity ?? severityOf(project, 'invariant', module.name, fields),
    reason: `invariant ${JSON.stringify(invariant.id)} does not hold: ${invariant.holds}`,
  };
}

/** Of no record: the query accuses none that there is, or it could not run. */
function moduleFinding(module: string, { rule, fields, severity, reason }: Judged): Finding {
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

/** The ordinals of the records that an invariant accuses, ascending; null for a row of no record. */
function accusingQuery(
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
  const key = module.orderFields.map((field, at) => `accused.${quote(field)} = found."k${at}"`);
  const own = failedSets.get(module.name) ?? '';
  const spared = [
    ...(own === '' ? [] : [`coalesce(accused.${FAILED}, 0) NOT IN (${own})`]),
    ...linksOf(scope, module, failedSets),
  ];
  return `WITH ${[...views, `${FOUND}(${columns}) AS (${sql.query})`].join(', ')}
    SELECT DISTINCT accused.${ORDINAL} FROM ${FOUND} AS found
    LEFT JOIN ${tableName(module.name)} AS accused ON ${key.join(' AND ')}
    ${spared.length === 0 ? '' : `WHERE ${spared.join(' AND ')}`} ORDER BY 1`;
}

/** The sets of failed fields that touch these fields, as a list for SQL. */
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

/** Conditions that spare a record which is tied to one that was left out. */
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
        (field, at) => `linked.${quote(others[at] ?? '')} = accused.${quote(field)}`,
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
