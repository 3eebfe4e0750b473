/**
 * Checks a field that is not a reference: its type, options that only some types have, a constant.
 */

import type { Failure } from '../../outcome/failure.ts';
import { formatType, parseType, type FieldType } from '../../record/type.ts';
import { isZone } from '../../record/zone.ts';
import { checkTransforms } from './transforms.ts';
import { constantFault } from '../compile/constant.ts';
import type { ValueField, ValueOptions } from '../model.ts';
import { didYouMean } from '../../outcome/nearest.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { wholeMatch } from '../compile/pattern.ts';
import { unknownType } from './schemaErrors.ts';

/** Makes a failure at a place inside the field, or at the field itself. */
export type FieldFault = (
  path: readonly (string | number)[],
  what: string,
  hint: string,
) => Failure;

/** @throws Failure MAPPING */
export function checkValueField(field: ValueField, fault: FieldFault): void {
  const type = parseType(field.type);
  if (type === null) {
    const { what, hint } = unknownType(field.type);
    throw fault(['type'], what, hint);
  }
  checkOptions(field, type, fault);
  if (field.zone !== undefined && !isZone(field.zone)) {
    throw fault(['zone'], `unknown time zone ${quoteName(field.zone)}`, nearestZone(field.zone));
  }
  if (field.pattern !== undefined && wholeMatch(field.pattern) === null) {
    const what = `pattern ${quoteName(field.pattern)} is not valid RE2 syntax`;
    throw fault(
      ['pattern'],
      what,
      'RE2 has no look-around and no backreferences: write the pattern without them',
    );
  }
  checkTransforms(field.transforms ?? [], fault);
  if (!('constant' in field)) return;
  if (type.kind === 'blob') {
    throw fault(['type'], 'a constant cannot be of type blob', 'use bytes, or a column');
  }
  const reason = constantFault(field);
  if (reason === null) return;
  const hint = 'correct the constant, or the type and options of its field';
  throw fault(['constant'], `the field rejects its constant, as ${reason}`, hint);
}

function checkOptions(field: ValueOptions, type: FieldType, fault: FieldFault): void {
  const { kind } = innermost(type);
  if (kind === 'enum' && field.values === undefined) {
    throw fault([], 'an enum needs its values', 'add "values"');
  }
  for (const { option, kinds, elements } of OPTIONS) {
    if (field[option] === undefined || kinds.includes(elements ? kind : type.kind)) continue;
    const hint = `remove it, or use type ${kinds.join(' or ')}`;
    throw fault([option], `"${option}" does not belong to type ${formatType(type)}`, hint);
  }
}

/** Options that only some types have. An array passes some of them on to its elements. */
const OPTIONS: readonly {
  readonly option:
    | 'values'
    | 'maxLength'
    | 'zone'
    | 'encoding'
    | 'nonBlank'
    | 'format'
    | 'pattern'
    | 'longText'
    | 'references'
    | 'onMissing';
  readonly kinds: readonly string[];
  readonly elements: boolean;
}[] = [
  { option: 'values', kinds: ['enum'], elements: true },
  { option: 'maxLength', kinds: ['string'], elements: true },
  { option: 'zone', kinds: ['timestamptz'], elements: true },
  { option: 'encoding', kinds: ['bytes', 'blob'], elements: true },
  { option: 'nonBlank', kinds: ['string'], elements: false },
  { option: 'format', kinds: ['string'], elements: false },
  { option: 'pattern', kinds: ['string'], elements: false },
  { option: 'longText', kinds: ['string'], elements: false },
  { option: 'references', kinds: ['array', 'json'], elements: false },
  { option: 'onMissing', kinds: ['array', 'json'], elements: false },
];

function innermost(type: FieldType): FieldType {
  return type.kind === 'array' ? innermost(type.of) : type;
}

function nearestZone(zone: string): string {
  return didYouMean(zone, Intl.supportedValuesOf('timeZone'), 'use an IANA name: "Europe/Zurich"');
}
