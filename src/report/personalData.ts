/**
 * What a scan says of personal data, summed up from its modules and its findings: for the page that
 * is signed, for the summary, and for the terminal. Names, classes and numbers, never a value. Pure.
 */

import { countCauses } from '../outcome/cause.ts';
import { counted, grouped } from '../outcome/counted.ts';
import type { Severity } from '../outcome/finding.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { AcceptedPrivacy, FieldPrivacy, ModulePrivacy } from '../outcome/privacy.ts';

/** Findings of a rule by severity; those that a policy accepts are INFO. */
export interface RuleCounts extends Readonly<Record<Severity, number>> {
  readonly rule: string;
}

/** What a module does with a class of personal data. */
export interface ClassUse {
  /** Treatments of the fields that are declared as this class → number of fields, the plainest first. */
  readonly treatments: ReadonlyMap<string, number>;
  /** Number of fields that may hold it besides their own class. */
  readonly mayContain: number;
  /** Values with it in fields whose policy does not allow it. */
  readonly undeclared: number;
  /** Values of this form in fields that are declared not personal. */
  readonly notPersonal: number;
}

/** How much was searched, and what the policies declare. */
interface Coverage {
  readonly cellsPresent: number;
  readonly cellsScanned: number;
  /** Classes that a policy declares, by name. */
  readonly declared: readonly string[];
  /** Number of modules that declare one. */
  readonly declaring: number;
}

export interface PersonalData extends Coverage {
  /** Of all rules on personal data that have findings, by name. */
  readonly findings: readonly RuleCounts[];
  /** Modules without a policy, in the order of the scan. */
  readonly withoutPolicy: readonly string[];
  /** Fields that a policy allows without naming them. */
  readonly undeclared: readonly { readonly module: string; readonly fields: readonly string[] }[];
  readonly acceptances: readonly (AcceptedPrivacy & { readonly module: string })[];
}

/** Sums up an outcome; null where personal data was not searched for. */
export function personalData({ checked, findings }: Outcome): PersonalData | null {
  const modules = checked?.privacy;
  if (modules === undefined) return null;
  return {
    ...coverageOf(modules),
    findings: ruleCounts(findings),
    withoutPolicy: modules.filter(({ declared }) => !declared).map(({ module }) => module),
    undeclared: modules
      .filter((module) => module.default === 'allow')
      .map(({ module, fields }) => {
        const unnamed = fields.filter(({ treatment }) => treatment === 'undeclared');
        return { module, fields: unnamed.map(({ field }) => field) };
      })
      .filter(({ fields }) => fields.length > 0),
    acceptances: modules.flatMap(({ module, acceptances }) => {
      return acceptances.map((acceptance) => ({ ...acceptance, module }));
    }),
  };
}

/** Returns the line of a terminal: how much was searched, and what is declared. */
export function personalDataLine(modules: readonly ModulePrivacy[]): string {
  const { cellsPresent, cellsScanned, declared, declaring } = coverageOf(modules);
  const cells = `${grouped(cellsPresent)} ${cellsPresent === 1 ? 'cell' : 'cells'}`;
  const classes = `${declared.length} ${declared.length === 1 ? 'class' : 'classes'}`;
  const told =
    declared.length === 0
      ? 'no class declared'
      : `${classes} declared in ${counted(declaring, 'module')}`;
  return `personal data: ${grouped(cellsScanned)} of ${cells} searched, ${told}`;
}

function coverageOf(modules: readonly ModulePrivacy[]): Coverage {
  const declared = modules.map((module) => {
    const own = module.fields.flatMap((field) => (field.class === null ? [] : [field.class]));
    return [...own, ...module.dropped.map((column) => column.class)];
  });
  return {
    cellsPresent: sum(modules, ({ cellsPresent }) => cellsPresent),
    cellsScanned: sum(modules, ({ cellsScanned }) => cellsScanned),
    declared: [...new Set(declared.flat())].sort(),
    declaring: declared.filter((classes) => classes.length > 0).length,
  };
}

/** Treatments, the plainest first. */
const TREATMENTS: readonly string[] = [
  'plain',
  'generalised',
  'masked',
  'pseudonymised',
  'hashed',
  'encrypted',
  'dropped',
];

/** Returns what a module does with each class that it declares, allows or holds, by name. */
export function classUses(module: ModulePrivacy): Map<string, ClassUse> {
  const { fields, dropped } = module;
  const declared = [
    ...fields.flatMap((field) => (field.class === null ? [] : [[field.class, field.treatment]])),
    ...dropped.map((column) => [column.class, 'dropped']),
  ];
  const classes = new Set([
    ...declared.map(([of = '']) => of),
    ...fields.flatMap(({ mayContain = [], found }) => [...mayContain, ...Object.keys(found)]),
  ]);
  return new Map(
    [...classes].sort().map((of) => {
      const own = declared.filter(([other]) => other === of).map(([, treatment]) => treatment);
      const all = [...new Set([...TREATMENTS, ...own])].map(
        (treatment) =>
          [treatment ?? '', own.filter((other) => other === treatment).length] as const,
      );
      const use: ClassUse = {
        treatments: new Map(all.filter(([, count]) => count > 0)),
        mayContain: fields.filter(({ mayContain = [] }) => mayContain.includes(of)).length,
        undeclared: sum(fields, (field) => (isAllowed(field, of) ? 0 : (field.found[of] ?? 0))),
        notPersonal: sum(fields, (field) => {
          return field.treatment === 'not personal' ? (field.found[of] ?? 0) : 0;
        }),
      };
      return [of, use] as const;
    }),
  );
}

function isAllowed({ class: own, mayContain = [], treatment }: FieldPrivacy, of: string): boolean {
  return own === of || mayContain.includes(of) || treatment === 'not personal';
}

function ruleCounts(findings: Outcome['findings']): RuleCounts[] {
  const rules = new Map<string, Record<Severity, number>>();
  for (const { rule, severity, count } of countCauses(findings)) {
    if (!rule.startsWith('pii-')) continue;
    const counts = rules.get(rule) ?? { BLOCKER: 0, WARNING: 0, INFO: 0 };
    counts[severity] += count;
    rules.set(rule, counts);
  }
  return [...rules].map(([rule, counts]) => Object.assign({ rule }, counts)).sort(byRule);
}

function byRule(a: RuleCounts, b: RuleCounts): number {
  return a.rule < b.rule ? -1 : 1;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
