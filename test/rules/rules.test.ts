/**
 * Nothing that is found gets lost on the way. The list of rules is the code's own; each has its defect
 * planted here, at every stage that it names, and dry-run, migrate, scan-all and promote have to stand
 * by each other: a later one is never milder than an earlier one.
 */

import { assert, asyncProperty, constantFrom, record, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Finding, Severity } from '../../src/outcome/finding.ts';
import type { Status } from '../../src/outcome/outcome.ts';
import { RULES, type Rule } from '../../src/outcome/rules.ts';
import { ATTACHMENT_PLANTS } from './attachmentPlants.ts';
import { COMMAND_PLANTS, type CommandPlant } from './commandPlants.ts';
import { CUTOVER_PLANTS } from './cutoverPlants.ts';
import { EVIDENCE_PLANTS } from './evidencePlants.ts';
import { KEYS_PLANTS } from './keysPlants.ts';
import {
  dryRunOf,
  isBuilt,
  isLive,
  migrateOf,
  projectOf,
  promoteOf,
  scanAllOf,
  scanModulesOf,
  verifyOf,
  type Said,
  type Source,
} from './flows.ts';
import { PII_CONTROLS, PII_ROW_PLANTS } from './piiPlants.ts';
import { OTHER_ROW_PLANTS, ROW_PLANTS, type RowPlant } from './rowPlants.ts';
import { SEAL_PLANTS, SOUND, type SealPlant } from './sealPlants.ts';
import { TARGET_PLANTS } from './targetPlants.ts';

const BY_COMMAND: Readonly<Record<string, readonly CommandPlant[]>> = {
  ...COMMAND_PLANTS,
  ...EVIDENCE_PLANTS,
  ...TARGET_PLANTS,
  ...ATTACHMENT_PLANTS,
  ...KEYS_PLANTS,
  ...CUTOVER_PLANTS,
  empty: [COMMAND_PLANTS, TARGET_PLANTS].flatMap(({ empty = [] }) => empty),
};
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
async function expectPromoted(
  project: string,
  verdict: Status,
  sourceGone: boolean = false,
): Promise<void> {
  const plain = await promoteOf(project, false, sourceGone);
  expect([verdict, plain.status]).toEqual([verdict, verdict === 'PASS' ? 'DONE' : 'FAILED']);
  expect(isLive(project)).toBe(verdict === 'PASS');
  if (verdict === 'WARN') expect(plain.line).toContain('--allow-warnings');
  if (verdict === 'PASS') return;
  const allowed = await promoteOf(project, true, sourceGone);
  expect([verdict, allowed.status]).toEqual([verdict, verdict === 'FAIL' ? 'FAILED' : 'DONE']);
  expect(isLive(project)).toBe(verdict !== 'FAIL');
}

/** The whole way of a defect in rows that is a BLOCKER. */
async function holdBlocker(rule: Rule, plant: RowPlant): Promise<void> {
  const { stage, rejects, allowed, never: code = 'REJECTED' } = plant;
  const severity = 'BLOCKER';
  const project = projectOf(plant, weighed([rule], severity));
  const dry = await dryRunOf(project);
  expectFound(dry.findings, rule, severity);
  expect(dry.status).toBe('FAIL');
  const strict = await migrateOf(project);
  const refused = stage !== 'scan' || allowed === 'proof';
  expect([strict.status, strict.code]).toEqual(refused ? ['FAILED', code] : ['DONE', '']);
  expect(isBuilt(project)).toBe(!refused);
  const built = refused ? await migrateOf(project, ALL) : strict;
  if (plant.never !== undefined) {
    expect([built.status, built.code, isBuilt(project)]).toEqual(['FAILED', code, false]);
    return;
  }
  expect([built.status, built.line]).toEqual(['DONE', '']);
  if (refused) {
    const [option, said] = rejects
      ? ['--allow-rejected', /^\d+ rows? rejected/]
      : ['--allow-blockers', /^\d+ BLOCKERs? on (?:rows|personal data)/];
    expect(strict.line).toContain(option);
    expect(built.outcome?.notes.at(-1)).toMatch(said);
  }
  const scanned = await scanAllOf(project);
  expectFound(scanned.findings, rejects ? 'rejected' : rule, severity);
  expect(scanned.status).toBe('FAIL');
  await expectPromoted(project, 'FAIL');
}

/** The whole way of many defects at once, none of which is a BLOCKER: each is in every verdict. */
async function holdMilder(
  rules: readonly Rule[],
  severityOf: (rule: Rule) => Severity,
  severities: readonly object[],
): Promise<void> {
  const source = joined(rules);
  const project = projectOf(source, severities);
  const runs = {
    dryRun: await dryRunOf(project),
    migrate: await migrateOf(project),
    scanAll: await scanAllOf(project),
    scanModules: await scanModulesOf(project, Object.keys(source.modules)),
  };
  const verdict = rules.some((rule) => severityOf(rule) === 'WARNING') ? 'WARN' : 'PASS';
  const { dryRun, migrate, scanAll, scanModules } = runs;
  expect([dryRun, migrate, scanAll, scanModules].map(({ status }) => status)).toEqual([
    verdict,
    'DONE',
    verdict,
    verdict,
  ]);
  for (const rule of rules) {
    expectFound(dryRun.findings, rule, severityOf(rule));
    expectFound(scanAll.findings, rule, severityOf(rule));
    expectFound(scanModules.findings, rule, severityOf(rule));
  }
  const note = /^\d+ WARNINGs? on rows/;
  const noted = (migrate.outcome?.notes ?? []).some((text) => note.test(text));
  expect(noted).toBe(verdict === 'WARN');
  await expectPromoted(project, verdict);
}

/** What a project says to give these rules a severity. */
function weighed(rules: readonly Rule[], severity: Severity): object[] {
  return rules.filter((rule) => !RULES[rule].fixed).map((rule) => ({ rule, severity }));
}

/** The whole way of a defect in what was sealed. */
async function holdSeal(rule: Rule, plant: SealPlant): Promise<void> {
  const { source = SOUND, allowRejected = 0, severity = 'BLOCKER' } = plant;
  const { skipIntegrityCheck = false } = plant;
  const project = projectOf(source);
  expect((await migrateOf(project, { allowRejected, skipIntegrityCheck })).status).toBe('DONE');
  const before = await scanAllOf(project);
  const sound = skipIntegrityCheck ? 'WARN' : 'PASS';
  expect(before.status).toBe(allowRejected === 0 ? sound : 'FAIL');
  await plant.harm(project);
  const verified = await verifyOf(project);
  if (plant.stage === 'verify') expectFound(verified.findings, rule, 'BLOCKER');
  const scanned = await scanAllOf(project);
  expectFound(scanned.findings, rule, severity);
  expect(scanned.status).toBe(VERDICT[severity]);
  expect(weight(scanned)).toBeGreaterThanOrEqual(weight(verified));
  if (plant.inSource === undefined) {
    await expectPromoted(project, scanned.status);
    return;
  }
  const allowed = await promoteOf(project, true);
  expect([allowed.status, allowed.line]).toEqual([
    'FAILED',
    expect.stringContaining(plant.inSource),
  ]);
  expect(isLive(project)).toBe(false);
  if (plant.inSource === 'cannot be reached') await expectPromoted(project, scanned.status, true);
}

describe('the plants', () => {
  /** `rule stage`, of all that the rules say and of all that is planted. */
  const planted = [
    ...[...Object.entries(ROW_PLANTS), ...Object.entries(OTHER_ROW_PLANTS)].map(
      ([rule, { stage }]) => `${rule} ${stage}`,
    ),
    ...[...Object.entries(SEAL_PLANTS), ...Object.entries(BY_COMMAND)].flatMap(([rule, plants]) =>
      plants.map(({ stage }) => `${rule} ${stage}`),
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

const IN_ROWS = NAMES.filter((rule) => ROW_PLANTS[rule] !== undefined);

describe('a defect in rows', () => {
  it.each(IN_ROWS)('%s as a BLOCKER is in every verdict', async (rule) => {
    await holdBlocker(rule, ROW_PLANTS[rule] ?? never(rule));
  });

  it.each(Object.entries(OTHER_ROW_PLANTS))(
    '%s is in every verdict here, too',
    async (rule, plant) => {
      await holdBlocker(rule as Rule, plant);
    },
  );

  const weighable = IN_ROWS.filter((rule) => !RULES[rule].fixed);

  it.each<Severity>(['WARNING', 'INFO'])('is in every verdict as %s', async (severity) => {
    expect(weighable.length).toBeGreaterThan(30);
    await holdMilder(weighable, () => severity, weighed(weighable, severity));
  });

  it('is in every verdict with the severity that its rule has', async () => {
    const milder = IN_ROWS.filter((rule) => RULES[rule].severity !== 'BLOCKER');
    expect(milder.length).toBeGreaterThan(9);
    await holdMilder(milder, (rule) => RULES[rule].severity, []);
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
    (BY_COMMAND[rule] ?? []).map((plant) => [rule, plant.stage, plant] as const),
  );

  it.each(cases)('%s (%s) is found', async (rule, _, plant) => {
    expectFound((await plant.find()).findings, rule, RULES[rule].severity);
  });
});

/** A module whose records have ids made from the text k, which is in no field. */
function keyOnly(...keys: string[]): RowPlant {
  const m = {
    source: { table: 'm' },
    key: [{ column: 'k', type: 'string' }],
    id: { rule: 'uuid' },
    fields: { v: { column: 'v', type: 'string' } },
  };
  const rows = keys.map((key) => `(${key}, 'x')`).join(', ');
  const sql = `CREATE TABLE m (k TEXT, v TEXT); INSERT INTO m VALUES ${rows};`;
  return { sql, modules: { m }, stage: 'map', rejects: false };
}

describe('a defect in the text of a key that is in no field', () => {
  it.each<[Rule, string]>([
    ['text-nul', "'a' || char(0)"],
    ['text-control', "'a' || char(7)"],
    ['text-mojibake', "'GÃ¤ssli'"],
  ])('%s is in every verdict', async (rule, bad) => {
    await holdBlocker(rule, keyOnly("'plain'", bad));
  });
});

/** Table m of a key and a text, and the policy of its module. */
function policed(k: string, v: string, field: object): RowPlant {
  const key = [{ column: 'k', type: 'string' }];
  const m = {
    source: { table: 'm' },
    key,
    id: { rule: 'uuid' },
    fields: { k: { column: 'k', type: 'string' }, v: { column: 'v', ...field } },
  };
  const sql = `CREATE TABLE m (k TEXT, v TEXT); INSERT INTO m VALUES ('a', '{}'), (${k}, ${v});`;
  return { sql, modules: { m }, stage: 'scan', rejects: false };
}

describe('personal data that is a name of other data', () => {
  it.each([
    ['a key that is in a field', policed("'ada@example.org'", "'{}'", { type: 'string' })],
    ['a member of a structure', policed("'b'", `'{"ada@example.org":1}'`, { type: 'json' })],
  ])('%s is in every verdict as pii-id', async (_, plant) => {
    await holdBlocker('pii-id', plant);
  });
});

describe('a column that is a copy of one that the policy drops', () => {
  it('is in every verdict as pii-dropped', async () => {
    const { modules } = PII_ROW_PLANTS['pii-dropped'] ?? never('pii-dropped');
    const names = Array.from({ length: 12 }, (_, at) => `Lovelace the ${at}th`);
    const rows = names.map((name, at) => `(${at}, '${name}', '${name}')`).join(', ');
    const sql = `CREATE TABLE m (k INTEGER PRIMARY KEY, v TEXT, w TEXT); INSERT INTO m VALUES ${rows};`;
    const plant = { sql, modules, stage: 'scan', rejects: false, allowed: 'proof' } as const;
    await holdBlocker('pii-dropped', plant);
  });
});

describe('personal data without a defect', () => {
  it('has a control for each plant', () => {
    expect(Object.keys(PII_CONTROLS)).toEqual(Object.keys(PII_ROW_PLANTS));
  });

  it.each(Object.entries(PII_CONTROLS))('%s is in no verdict (negative control)', async (_, of) => {
    const project = projectOf(of);
    const runs = [await dryRunOf(project), await migrateOf(project), await scanAllOf(project)];
    expect(runs.map(({ line }) => line)).toEqual(['', '', '']);
    expect(runs.flatMap(({ findings }) => findings)).toEqual([]);
    await expectPromoted(project, 'PASS');
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
    await expect(holdBlocker('text-nul', plant)).rejects.toThrow(/text-nul/);
  });
});

describe('several defects in one source', () => {
  const usual = IN_ROWS.filter((rule) => ROW_PLANTS[rule]?.never === undefined);
  const weighing = record({
    rule: constantFrom(...usual),
    severity: constantFrom<Severity>('BLOCKER', 'WARNING', 'INFO'),
  });

  it('never make scan-all milder than dry-run', async () => {
    const some = uniqueArray(weighing, {
      minLength: 2,
      maxLength: 6,
      selector: ({ rule }) => rule,
    });
    await assert(
      asyncProperty(some, async (chosen) => {
        const severities = chosen.filter(({ rule }) => !RULES[rule].fixed);
        const project = projectOf(joined(chosen.map(({ rule }) => rule)), severities);
        const dry = await dryRunOf(project);
        expect((await migrateOf(project, ALL)).status).toBe('DONE');
        const scanned = await scanAllOf(project);
        expect(weight(scanned)).toBeGreaterThanOrEqual(weight(dry));
        await expectPromoted(project, scanned.status);
      }),
      { numRuns: 5 },
    );
  });
});

/** The plants of these rules in one source, tables and modules by the number of the rule. */
function joined(rules: readonly Rule[]): Source {
  const renamed = rules.map((rule, index): Source => {
    const { sql, modules, registries = {} } = ROW_PLANTS[rule] ?? never(rule);
    const name = (text: string): string =>
      text
        .replaceAll(/(?<=TABLE |INTO |FROM )[mp]\b/g, (table) => `${table}${index}`)
        .replaceAll(/(?<=":)"[mpr]"/g, (quoted) => `"${quoted.charAt(1)}${index}"`)
        .replaceAll('["m"]', `["m${index}"]`)
        .replaceAll('"few"', `"few${index}"`);
    const named = <T>(of: Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(Object.entries(of).map(([key, value]) => [`${key}${index}`, value]));
    const mappings = JSON.parse(name(JSON.stringify(modules))) as Source['modules'];
    return { sql: name(sql), modules: named(mappings), registries: named(registries) };
  });
  return {
    sql: renamed.map(({ sql }) => sql).join('\n'),
    modules: Object.assign({}, ...renamed.map((one) => one.modules)) as Source['modules'],
    registries: Object.assign({}, ...renamed.map((one) => one.registries)) as Record<
      string,
      string
    >,
  };
}

function never(rule: string): RowPlant {
  throw new Error(`${rule} has no plant`);
}
