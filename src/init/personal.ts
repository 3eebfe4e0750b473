/**
 * Columns of personal data, by their values and their names: a mapping has to declare them, or the
 * scan finds them undeclared.
 */

import type { PiiClass } from '../pii/findPii.ts';
import type { ColumnPlan } from './tablePlan.ts';

/** Words of a column's name that say what it holds, in the languages that legacy systems speak. */
const WORDS: Readonly<Record<PiiClass, ReadonlySet<string>>> = {
  EMAIL: new Set(['email', 'mail']),
  PHONE: new Set([
    'phone',
    'telephone',
    'telefon',
    'tel',
    'fax',
    'telefax',
    'mobile',
    'mobil',
    'handy',
    'natel',
    'cell',
  ]),
  IBAN: new Set(['iban']),
  AHV: new Set(['ahv', 'avs']),
  CREDIT_CARD: new Set(['card', 'creditcard', 'kreditkarte']),
};

/**
 * The class of a column's values: what half of its texts hold, or what its name says and any of its
 * texts confirms. Undefined where a few texts hold some: those are for the scan to find.
 */
export function personalClass({ name, profile, type }: ColumnPlan): PiiClass | undefined {
  if (type.kind !== 'string') return undefined;
  const words = wordsOf(name);
  const classes = Object.keys(WORDS) as PiiClass[];
  return classes.find((of) => {
    const share = (profile.personal[of] ?? 0) / Math.max(1, profile.counts.text);
    return share >= 0.5 || (share > 0 && words.some((word) => WORDS[of].has(word)));
  });
}

/** The class of a column of integers, half of which are personal data written as numbers. */
export function personalNumber({ profile, type }: ColumnPlan): PiiClass | undefined {
  if (type.kind !== 'integer' && type.kind !== 'bigint') return undefined;
  const classes = Object.keys(WORDS) as PiiClass[];
  const enough = Math.max(1, profile.counts.number) * 0.5;
  return classes.find((of) => (profile.personal[of] ?? 0) >= enough);
}

/** The words of `HomePhone`, `home_phone` or `e-mail`. */
function wordsOf(name: string): string[] {
  const words = name
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u);
  return [...words, words.join('')];
}
