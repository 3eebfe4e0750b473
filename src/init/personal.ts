/**
 * Finds columns of personal data by their values and their names. A mapping has to declare them, or
 * the scan reports them as undeclared.
 */

import type { PiiClass } from '../pii/findPii.ts';
import type { ColumnPlan } from './tablePlan.ts';

/** Words in a column's name that reveal its content, in the languages of legacy systems. */
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
 * Returns the class that half of a column's texts hold, or that its name suggests and any of its
 * texts confirms. Undefined if few texts hold personal data: the scan finds those.
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

/** Returns the class of a column of integers half of which are personal data written as numbers. */
export function personalNumber({ profile, type }: ColumnPlan): PiiClass | undefined {
  if (type.kind !== 'integer' && type.kind !== 'bigint') return undefined;
  const classes = Object.keys(WORDS) as PiiClass[];
  const enough = Math.max(1, profile.counts.number) * 0.5;
  return classes.find((of) => (profile.personal[of] ?? 0) >= enough);
}

/** Splits `HomePhone`, `home_phone` or `e-mail` into words. */
function wordsOf(name: string): string[] {
  const words = name
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u);
  return [...words, words.join('')];
}
