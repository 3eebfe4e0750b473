/** Verifies a module's findings.ndjson: its lines, their order, and their number as in run.json. */

import { encodeKey } from '../record/keyOrder.ts';
import { parseType, type FieldType } from '../record/type.ts';
import type { Finding } from '../outcome/finding.ts';
import { fileFinding } from './candidateFinding.ts';
import { byUtf8, FINDINGS_FILE, type MerkleFile, type SealedModule } from './format.ts';
import { readSealedFindings, type SealedFinding } from './sealedFindings.ts';

/** Verifies the file; `isListed` is whether the seal lists it, `merkle` the module's, if any. */
export async function verifyFindings(
  folder: string,
  module: SealedModule,
  merkle: MerkleFile | null,
  isListed: boolean,
): Promise<Finding[]> {
  const path = `${module.name}/${FINDINGS_FILE}`;
  const types = (merkle?.order.types ?? []).map(parseType).filter((type) => type !== null);
  let [count, valid] = [0, true];
  let before: Position | null = null;
  for await (const batch of readSealedFindings(folder, module.name)) {
    for (const finding of batch) {
      const position: Position | null = finding === null ? null : positionOf(finding, types);
      valid &&= position !== null && (before === null || comparePositions(before, position) < 0);
      before = position;
      count += 1;
    }
  }
  const faults: Finding[] = [];
  if (!valid) {
    const reason = 'its lines are not all findings, or not in the order of the records';
    faults.push(fileFinding('seal-format', path, reason));
  }
  if (count !== module.findings || isListed !== count > 0) {
    const reason = 'the number of findings is not the one in run.json';
    faults.push(fileFinding('accounting', path, reason));
  }
  return faults;
}

/** Position of a finding in the order of the file. */
interface Position {
  readonly key: Buffer;
  readonly finding: SealedFinding;
}

/** Returns the position; null if the id is not a key of these types. */
function positionOf(finding: SealedFinding, types: readonly FieldType[]): Position | null {
  if (finding.id.length !== types.length) return null;
  try {
    return { key: encodeKey(types, finding.id), finding };
  } catch {
    return null;
  }
}

function comparePositions(a: Position, b: Position): number {
  return (
    Buffer.compare(a.key, b.key) ||
    byUtf8(a.finding.field, b.finding.field) ||
    byUtf8(a.finding.rule, b.finding.rule)
  );
}
