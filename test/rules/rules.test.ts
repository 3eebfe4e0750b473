/**
 * Nothing that is found gets lost on the way. The list of rules is the code's own; each has its defect
 * planted here, at every stage that it names, and dry-run, migrate, scan-all and promote have to stand
 * by each other: a later one is never milder than an earlier one.
 */

import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import type { Finding, Severity } from '../../src/outcome/finding.ts';
import type { Status } from '../../src/outcome/outcome.ts';
import { RULES, type Rule } from '../../src/outcome/rules.ts';
import { COMMAND_PLANTS } from './commandPlants.ts';
import {
  dryRunOf,
  isBuilt,
  isLive,
  migrateOf,
  projectOf,
  promoteOf,
  removeProjects,
  scanAllOf,
  scanModulesOf,
  verifyOf,
  type Said,
  type Source,
} from './flows.ts';
import { ROW_PLANTS, type RowPlant } from './rowPlants.ts';
import { SEAL_PLANTS, SOUND, type SealPlant } from './sealPlants.ts';

afterAll(removeProjects);

const NAMES = Object.keys(RULES) as Rule[];
const ALL = { allowRejected: 1000, allowBlockers: true } as const;
const WEIGHT: Readonly<Partial<Record<Status, number>>> = { PASS: 0, WARN: 1, FAIL: 2 };
const VERDICT = { INFO: 'PASS', WARNING: 'WARN', BLOCKER: 'FAIL' } as const;

function weight({ status }: Pick<Said, 'status'>): number {
  const known = WEIGHT[status];
  if (known === undefined) throw new Error(`${status} is no verdict`);
  return known;
}

function expectFound(findings: readonly Finding[], rule: string, severity: Severity): void {
  const severities = findings.filter((one) => one.rule === rule).map((one) => one.severity);
  expect([rule, ...severities]).toContain(severity);
}

/** Promote says what the verdict says: never a FAIL, a WARN where it is accepted. */
async function expectPromoted(project: string, verdict: Status): Promise<void> {
  const plain = await promoteOf(project, false);
  expect([verdict, plain.status]).toEqual([verdict, verdict === 'PASS' ? 'DONE' : 'FAILED']);
  expect(isLive(project)).toBe(verdict === 'PASS');
  if (verdict === 'WARN') expect(plain.line).toContain('--allow-warnings');
  if (verdict === 'PASS') return;
  const allowed = await promoteOf(project, true);
  expect([verdict, allowed.status]).toEqual([verdict, verdict === 'FAIL' ? 'FAILED' : 'DONE']);
  expect(isLive(project)).toBe(verdict !== 'FAIL');
}

/** The whole way of a defect in rows. */
async function holdRows(rule: Rule, plant: RowPlant, severity: Severity): Promise<void> {
  const raised = RULES[rule].severity === severity ? [] : [{ rule, severity }];
  const project = projectOf(plant, raised);
  const dry = await dryRunOf(project);
  expectFound(dry.findings, rule, severity);
  expect(dry.status).toBe(VERDICT[severity]);
  const strict = await migrateOf(project);
  const refused = plant.stage === 'map' && severity === 'BLOCKER';
  expect([strict.status, strict.code]).toEqual(
    refused ? ['FAILED', plant.never ?? 'REJECTED'] : ['DONE', ''],
  );
  expect(isBuilt(project)).toBe(!refused);
  const built = refused ? await migrateOf(project, ALL) : strict;
  if (plant.never !== undefined) {
    expect([built.status, built.code, isBuilt(project)]).toEqual(['FAILED', plant.never, false]);
    return;
  }
  expect([built.status, built.line]).toEqual(['DONE', '']);
  await expectSeen(project, plant, { rule, severity, strict, built });
  const scanned = await scanAllOf(project);
  const seen = plant.rejects && severity === 'BLOCKER' ? 'rejected' : rule;
  expectFound(scanned.findings, seen, severity);
  expect(weight(scanned)).toBeGreaterThanOrEqual(weight(dry));
  await expectPromoted(project, scanned.status);
}

/** What the run says in its last lines, and that scan-module sees it, too. */
async function expectSeen(
  project: string,
  { stage, rejects }: RowPlant,
  at: { readonly rule: Rule; readonly severity: Severity; readonly strict: Said; readonly built: Said },
): Promise<void> {
  const { rule, severity, strict, built } = at;
  if (severity === 'WARNING') expectFound((await scanModulesOf(project, ['m'])).findings, rule, severity);
  if (stage !== 'map' || severity === 'INFO') return;
  const kept = !(rejects && severity === 'BLOCKER');
  const notes = built.outcome?.notes.at(-1);
  expect(notes).toMatch(kept ? new RegExp(`^\\d+ ${severity}s? on rows`) : /^\d+ rows? rejected/);
  if (severity !== 'BLOCKER') return;
  expect(strict.line).toContain(kept ? '--allow-blockers' : '--allow-rejected');
}

/** The whole way of a defect in what was sealed. */
async function holdSeal(rule: Rule, plant: SealPlant): Promise<void> {
  const { source = SOUND, allowRejected = 0, severity = 'BLOCKER' } = plant;
  const project = projectOf(source);
  expect((await migrateOf(project, { allowRejected })).status).toBe('DONE');
  const before = await scanAllOf(project);
  expect(before.status).toBe(allowRejected === 0 ? 'PASS' : 'FAIL');
  plant.harm(project);
  const verified = await verifyOf(project);
  if (plant.stage === 'verify') expectFound(verified.findings, rule, 'BLOCKER');
  const scanned = await scanAllOf(project);
  expectFound(scanned.findings, rule, severity);
  expect(scanned.status).toBe(VERDICT[severity]);
  expect(weight(scanned)).toBeGreaterThanOrEqual(weight(verified));
  await expectPromoted(project, scanned.status);
}

describe('the plants', () => {
  /** `rule stage`, of all that the rules say and of all that is planted. */
  const planted = [
    ...Object.entries(ROW_PLANTS).map(([rule, { stage }]) => `${rule} ${stage}`),
    ...[...Object.entries(SEAL_PLANTS), ...Object.entries(COMMAND_PLANTS)].flatMap(
      ([rule, plants]) => plants.map(({ stage }) => `${rule} ${stage}`),
    ),
  ].sort();
  const stated = NAMES.flatMap((rule) => RULES[rule].stages.map((stage) => `${rule} ${stage}`));

  it('are one for each rule and stage, and of no other', () => {
    expect(planted).toEqual(stated.sort());
  });

  it('are of every rule that there is', () => {
    const rules = new Set(planted.map((one) => one.split(' ')[0]));
    process.stdout.write(`${rules.size} rules planted at ${planted.length} stages\n`);
    expect(rules.size).toBe(NAMES.length);
    expect(rules.size).toBeGreaterThanOrEqual(57);
  });
});

describe('a defect in rows', () => {
  const rules = NAMES.filter((rule) => ROW_PLANTS[rule] !== undefined);
  const cases = rules.flatMap((rule) => {
    const { fixed, severity: own } = RULES[rule];
    const severities: Severity[] = fixed ? ['BLOCKER'] : ['BLOCKER', 'WARNING'];
    return [...new Set([...severities, own])].map((severity) => [rule, severity] as const);
  });

  it.each(cases)('%s as %s is in every verdict', async (rule, severity) => {
    await holdRows(rule, ROW_PLANTS[rule] ?? never(rule), severity);
  });
});

describe('a defect in what was sealed', () => {
  const cases = NAMES.flatMap((rule) =>
    (SEAL_PLANTS[rule] ?? []).map((plant) => [rule, plant.stage, plant] as const),
  );

  it.each(cases)('%s (%s) is in every verdict', async (rule, _, plant) => {
    await holdSeal(rule, plant);
  });
});

describe('a defect that a command of its own finds', () => {
  const cases = NAMES.flatMap((rule) =>
    (COMMAND_PLANTS[rule] ?? []).map((plant) => [rule, plant.stage, plant] as const),
  );

  it.each(cases)('%s (%s) is found', async (rule, _, plant) => {
    expectFound((await plant.find()).findings, rule, RULES[rule].severity);
  });
});

describe('without a defect', () => {
  it('nothing is found, and it goes live (negative control)', async () => {
    const project = projectOf(SOUND);
    const all = [await dryRunOf(project), await migrateOf(project), await scanAllOf(project)];
    expect(all.map(({ status, findings }) => [status, findings.length])).toEqual([
      ['PASS', 0],
      ['DONE', 0],
      ['PASS', 0],
    ]);
    await expectPromoted(project, 'PASS');
  });

  it('the hold fails (negative control)', async () => {
    const plant = { ...SOUND, stage: 'map', rejects: false } as const;
    await expect(holdRows('text-nul', plant, 'BLOCKER')).rejects.toThrow(/text-nul/);
  });
});

describe('several defects in one source', () => {
  const usual = NAMES.filter((rule) => {
    const plant = ROW_PLANTS[rule];
    return plant !== undefined && plant.never === undefined && plant.registries === undefined;
  });
  const weighed = fc.record({
    rule: fc.constantFrom(...usual),
    severity: fc.constantFrom<Severity>('BLOCKER', 'WARNING', 'INFO'),
  });

  it('never make scan-all milder than dry-run', async () => {
    const some = fc.uniqueArray(weighed, { minLength: 2, maxLength: 6, selector: ({ rule }) => rule });
    await fc.assert(
      fc.asyncProperty(some, async (chosen) => {
        const severities = chosen.filter(({ rule }) => !RULES[rule].fixed);
        const project = projectOf(joined(chosen.map(({ rule }) => rule)), severities);
        const dry = await dryRunOf(project);
        expect((await migrateOf(project, ALL)).status).toBe('DONE');
        const scanned = await scanAllOf(project);
        expect(weight(scanned)).toBeGreaterThanOrEqual(weight(dry));
        await expectPromoted(project, scanned.status);
      }),
      { numRuns: 8 },
    );
  });
});

/** The plants of these rules in one source, tables and modules by the number of the rule. */
function joined(rules: readonly Rule[]): Source {
  const renamed = rules.map((rule, index): Source => {
    const { sql, modules } = ROW_PLANTS[rule] ?? never(rule);
    const name = (text: string): string =>
      text
        .replaceAll(/(?<=TABLE |INTO |FROM )[mp]\b/g, (table) => `${table}${index}`)
        .replaceAll(/(?<=":)"[mp]"/g, (quoted) => `"${quoted.charAt(1)}${index}"`)
        .replaceAll('["m"]', `["m${index}"]`)
        .replaceAll('"few"', `"few${index}"`);
    const named = Object.entries(modules).map(([module, mapping]) => [
      `${module}${index}`,
      JSON.parse(name(JSON.stringify(mapping))) as object,
    ]);
    return { sql: name(sql), modules: Object.fromEntries(named) as Source['modules'] };
  });
  const modules = Object.assign({}, ...renamed.map((one) => one.modules)) as Source['modules'];
  return { sql: renamed.map(({ sql }) => sql).join('\n'), modules };
}

function never(rule: string): RowPlant {
  throw new Error(`${rule} has no plant`);
}
