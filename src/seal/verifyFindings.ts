/** Verification of a module's findings.ndjson: as many lines as the run states, each in its place. */

import { encodeKey } from '../record/keyOrder.ts';
import { parseType, type FieldType } from '../record/type.ts';
import type { Finding } from '../outcome/finding.ts';
import { fileFinding } from './candidateFinding.ts';
import { byUtf8, FINDINGS_FILE, type MerkleFile, type SealedModule } from './format.ts';
import { readSealedFindings, type SealedFinding } from './sealedFindings.ts';

/** `isListed` says whether the seal has the file; `merkle` is the module's, where there is one. */
export async function verifyFindings(
  folder: string,
  module: SealedModule,
  merkle: MerkleFile | null,
  isListed: boolean,
): Promise<Finding[]> {
  const path = `${module.name}/${FINDINGS_FILE}`;
  const types = (merkle?.order.types ?? []).map(parseType).filter((type) => type !== null);
  let [count, sound] = [0, true];
  let before: Place | null = null;
  for await (const batch of readSealedFindings(folder, module.name)) {
    for (const finding of batch) {
      const place: Place | null = finding === null ? null : placeOf(finding, types);
      sound &&= place !== null && (before === null || comparePlaces(before, place) < 0);
      before = place;
      count += 1;
    }
  }
  const faults: Finding[] = [];
  if (!sound) {
    const reason = 'its lines are not findings in the order of the records';
    faults.push(fileFinding('seal-format', path, reason));
  }
  if (count !== module.findings || isListed !== count > 0) {
    const reason = 'it holds another number of findings than the run states';
    faults.push(fileFinding('accounting', path, reason));
  }
  return faults;
}

interface Place {
  readonly key: Buffer;
  readonly finding: SealedFinding;
}

/** Null where the id is no key of these types. */
function placeOf(finding: SealedFinding, types: readonly FieldType[]): Place | null {
  if (finding.id.length !== types.length) return null;
  try {
    return { key: encodeKey(types, finding.id), finding };
  } catch {
    return null;
  }
}

function comparePlaces(a: Place, b: Place): number {
  return (
    Buffer.compare(a.key, b.key) ||
    byUtf8(a.finding.field, b.finding.field) ||
    byUtf8(a.finding.rule, b.finding.rule)
  );
}
