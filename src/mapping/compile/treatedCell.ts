/** Treats the value of a cell as the policy on personal data says; one that has no such form is rejected. */

import { Rejection, type RawJson } from '../../record/converted.ts';
import type { KeyValue } from '../../record/keyOrder.ts';
import { treater } from '../../treatment/treat.ts';
import { treatmentKeys, type TreatmentKeys } from '../../treatment/treatment.ts';
import type { DiagnosticLog } from './diagnostics.ts';
import type { MapperContext } from './identity.ts';
import type { CompiledField } from './module.ts';

/** Takes a value that is not null and the key of its record, [] if that is not known yet. */
type TreatCell = (
  value: string | number | boolean | RawJson,
  key: readonly KeyValue[],
) => string | null;

/** Returns null for a field whose values stay as they are. */
export function treatedCell(
  { name, treated }: CompiledField,
  { secrets }: Pick<MapperContext, 'secrets'>,
  log: DiagnosticLog,
): TreatCell | null {
  if (treated === null) return null;
  const treat = treater(treated, keysOf(treated, secrets));
  const unfit = new Rejection('pii-treatment', `the value cannot be ${treated.treatment}`);
  return (value, key) => treat(value, key) ?? log.reject(name, unfit);
}

/** Keys are derived once for each secret, which many fields share. */
const DERIVED = new WeakMap<Uint8Array, TreatmentKeys>();

/** Returns the keys of a treated field; null if its policy names none. */
export function keysOf(
  { keyId }: { readonly keyId?: string | null },
  secrets: ReadonlyMap<string, Uint8Array>,
): TreatmentKeys | null {
  const secret = secrets.get(keyId ?? '');
  if (secret === undefined) return null;
  const known = DERIVED.get(secret) ?? treatmentKeys(secret);
  DERIVED.set(secret, known);
  return known;
}
