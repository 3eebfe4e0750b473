/**
 * Searches the value of a field for personal data that its policy does not allow there, and for
 * faults of the form in which it is stored: places, never data.
 */

import { searchAll, wholeMatch } from '../../mapping/compile/pattern.ts';
import { mayHoldNumber } from '../../pii/bareNumber.ts';
import { findPii, mayHoldPii } from '../../pii/findPii.ts';
import type { PersonNames, Tier } from '../../pii/piiClass.ts';
import { fingerprint } from '../../treatment/fingerprint.ts';
import { storedFault } from '../../treatment/stored.ts';
import type { TreatmentKeys } from '../../treatment/treatment.ts';
import type { SearchedField } from './searchedField.ts';
import { codePoints, textsIn } from './texts.ts';

/** One thing that is wrong with a value. */
export type ValueFault =
  | {
      readonly kind: 'class';
      readonly of: string;
      /** Whether its form alone is sufficient, or a column and a word agree on it. */
      readonly tier: Tier;
      /** In code points of the field's text, [start, end); absent if the value is a structure. */
      readonly place?: { readonly start: number; readonly end: number };
      /** Whether it is the name of a member in a structure. */
      readonly isName?: true;
      readonly fp?: string;
    }
  /** A clause about the stored form, or about the shape. */
  | { readonly kind: 'stored' | 'shape'; readonly reason: string };

export interface ValueSearch {
  /** Returns what is wrong with a value, ascending by place, or by class in a structure. */
  (value: unknown, key: readonly (string | number | boolean)[]): ValueFault[];
  /** Whether there may be something to find in a value but names; quick. Each character of its JSON is a byte. */
  readonly mayHold: (json: string) => boolean;
  /** Counts a value in which the quick filter found nothing; returns the names of people in it. */
  readonly quick: (value: () => unknown) => ValueFault[];
  /** Counts so far. */
  readonly counts: FieldCounts;
}

/** Numbers of cells of a field. */
export interface FieldCounts {
  readonly field: string;
  /** Cells that were searched, those without a value included. */
  cells: number;
  /** Cells with a value. */
  values: number;
  /** Values with data of each class, whether allowed or not. */
  readonly classes: Record<string, number>;
}

interface Match {
  readonly of: string;
  readonly tier: Tier;
  readonly start: number;
  readonly end: number;
}

/** Matches an e-mail address as most are: the search finds it as a whole, and nothing else. */
export const PLAIN_EMAIL: RegExp =
  /^[a-z][a-z0-9]{0,11}(?:[._+-][a-z0-9]{1,11})?@[a-z0-9]{1,20}(?:-[a-z0-9]{1,20})?(?:\.[a-z0-9]{1,20})?\.[a-z]{2,12}$/;

const NOT_THE_SHAPE: ValueFault = {
  kind: 'shape',
  reason: 'it does not have the shape that the policy states',
};

/** Makes the search of one field; with keys, stored forms are proven and data has fingerprints. */
export function valueSearch(
  field: SearchedField,
  keys: TreatmentKeys | null,
  known: PersonNames | null = null,
): ValueSearch {
  const { treated, holds } = field;
  const counts: FieldCounts = { field: field.name, cells: 0, values: 0, classes: {} };
  const isStored = treated === null ? null : storedFault(treated, keys);
  const shape = field.shape === null ? null : wholeMatch(field.shape);
  const names = known === null || !mayNamePeople(field) ? null : known;
  const find = finder(field, names);
  const isMail = field.declared === 'EMAIL' && Object.keys(field.patterns).length === 0;
  const count = (of: string): void => {
    counts.classes[of] = (counts.classes[of] ?? 0) + 1;
  };
  const undeclared = (text: string): Match[] => {
    const matches = find(text);
    for (const of of new Set(matches.map((match) => match.of))) count(of);
    return matches.filter(({ of }) => !field.allowed.includes(of));
  };
  const printOf = (text: string, { of, start, end }: Match): { readonly fp?: string } =>
    keys === null
      ? {}
      : { fp: fingerprint(keys, of, text.slice(start, end), field.regions ?? undefined) };
  const inText = (text: string): ValueFault[] =>
    undeclared(text).map((match): ValueFault => {
      const { of, tier, start, end } = match;
      const place = { start: codePoints(text, start), end: codePoints(text, end) };
      return Object.assign({ kind: 'class', of, tier, place } as const, printOf(text, match));
    });
  const search = (value: unknown, key: readonly (string | number | boolean)[]): ValueFault[] => {
    counts.cells += 1;
    if (value === null || value === undefined) return [];
    counts.values += 1;
    if (isStored !== null) {
      const reason = isStored(value, key);
      if (reason !== null) return [{ kind: 'stored', reason }];
      return SHOWN.has(treated?.treatment ?? '') ? storedFaults(find(textIn(value))) : [];
    }
    if (holds === 'structure') return inStructure(value, undeclared, printOf);
    const text = textIn(value);
    if (isMail && PLAIN_EMAIL.test(text)) {
      count('EMAIL');
      return [];
    }
    const isShaped = shape?.(text) ?? true;
    const wrong = isShaped ? [] : [NOT_THE_SHAPE];
    // A tenth of any numbers pass a check digit: what a column of them holds is told by their share.
    if (holds === 'number') return [...wrong, ...inText(text).filter(isOwn)];
    if (shape === null || !isShaped) return [...wrong, ...inText(text)];
    // A value of the stated shape is what the policy says, as long as no class is seen too often.
    undeclared(text);
    return [];
  };
  const isOwn = (fault: ValueFault): boolean =>
    fault.kind === 'class' && Object.hasOwn(field.patterns, fault.of);
  const quick = (value: () => unknown): ValueFault[] => {
    counts.cells += 1;
    counts.values += 1;
    if (names === null) return [];
    const text = value();
    // The filter has seen that there is nothing else.
    return typeof text === 'string' ? inText(text) : inStructure(text, undeclared, printOf);
  };
  return Object.assign(search, { counts, quick, mayHold: quickTest(field) });
}

/** Returns the quick test of a field; true for all values where its declaration or name suggests a class. */
function quickTest(field: SearchedField): (json: string) => boolean {
  const { holds, expected, treated, shape, patterns } = field;
  const isOpen = expected.length > 0 || Object.keys(patterns).length > 0;
  if (isOpen || treated !== null || shape !== null) return () => true;
  return holds === 'number' ? mayHoldNumber : mayHoldPii;
}

/** Whether names in a field are worth a look: not where they may be, nor in numbers and stored forms. */
function mayNamePeople({ allowed, holds, treated, shape }: SearchedField): boolean {
  return treated === null && shape === null && holds !== 'number' && !allowed.includes('PERSON');
}

/** Returns a text or a number as text; '' for what a file that was tampered with holds instead. */
function textIn(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Treatments after which a part of the value can still be seen. */
const SHOWN: ReadonlySet<string> = new Set(['masked', 'generalised']);

function storedFaults(matches: readonly Match[]): ValueFault[] {
  const match = matches.find(({ tier }) => tier === 'checked');
  if (match === undefined) return [];
  return [{ kind: 'stored', reason: `${match.of} can still be seen in it` }];
}

/** Makes the search for all classes in a text: those that are built in, and the project's own. */
function finder(
  { expected, regions, patterns, treated }: SearchedField,
  names: PersonNames | null,
): (text: string) => Match[] {
  const own = Object.entries(patterns).map(([of, pattern]) => ({ of, search: searchAll(pattern) }));
  const context = {
    expected: treated === null ? expected : [],
    ...(regions === null ? {} : { regions }),
    ...(names === null ? {} : { names }),
  };
  const isDouble = (text: string, { of, tier }: Match): boolean =>
    tier === 'context' &&
    context.expected.some((one) => one === of) &&
    findPii(text, { ...context, expected: [] }).some((match) => match.of === of);
  return (text) => {
    const found: Match[] = findPii(text, context).map(({ of, tier, start, end }) => {
      // A word before it and its column are two signs.
      const isSure = tier === 'checked' || isDouble(text, { of, tier, start, end });
      return { of, tier: isSure ? 'checked' : 'context', start, end };
    });
    for (const { of, search } of own) {
      for (const [start, end] of search?.(text) ?? [])
        found.push({ of, tier: 'checked', start, end });
    }
    return own.length === 0 ? found : found.sort((a, b) => a.start - b.start);
  };
}

function inStructure(
  value: unknown,
  undeclared: (text: string) => Match[],
  printOf: (text: string, match: Match) => { readonly fp?: string },
): ValueFault[] {
  const faults = new Map<string, ValueFault>();
  for (const { text, isName } of textsIn(value)) {
    for (const match of undeclared(text)) {
      const { of, tier } = match;
      const id = `${of} ${String(isName)} ${tier}`;
      if (faults.has(id)) continue;
      const name = isName ? ({ isName } as const) : {};
      faults.set(id, { kind: 'class', of, tier, ...name, ...printOf(text, match) });
    }
  }
  return [...faults].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, fault]) => fault);
}
