/** Makes findings of drift: differences from the sealed state. */

import type { Mapping } from '../../mapping/model.ts';
import { severityOf } from '../../mapping/severity.ts';
import type { Finding, Severity } from '../../outcome/finding.ts';

export interface DriftDetails {
  readonly module?: string | undefined;
  /** Path inside the candidate. */
  readonly file?: string;
  /** If it differs from the severity of the rule. */
  readonly severity?: Severity;
}

/**
 * Makes a finding `drift`. Its severity is that of the sealed mapping, so that a change of the
 * mapping cannot lower its own severity.
 */
export function driftFinding(sealed: Mapping, reason: string, details: DriftDetails = {}): Finding {
  const { module, file, severity } = details;
  return {
    rule: 'drift',
    severity: severity ?? severityOf(sealed.project, 'drift', module ?? ''),
    ...(module === undefined ? {} : { module }),
    ...(file === undefined ? {} : { file }),
    reason,
  };
}
