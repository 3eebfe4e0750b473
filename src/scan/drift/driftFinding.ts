/** How something is written that is not as it was sealed. */

import type { Mapping } from '../../mapping/model.ts';
import { severityOf } from '../../mapping/severity.ts';
import type { Finding, Severity } from '../../outcome/finding.ts';

export interface DriftPlace {
  readonly module?: string | undefined;
  /** Path inside the candidate. */
  readonly file?: string;
  /** Where it is not the rule's own. */
  readonly severity?: Severity;
}

/**
 * A finding `drift`. It weighs what the sealed mapping says: who changes the mapping does not judge
 * the change.
 */
export function driftFinding(sealed: Mapping, reason: string, place: DriftPlace = {}): Finding {
  const { module, file, severity } = place;
  return {
    rule: 'drift',
    severity: severity ?? severityOf(sealed.project, 'drift', module ?? ''),
    ...(module === undefined ? {} : { module }),
    ...(file === undefined ? {} : { file }),
    reason,
  };
}
