/** Names of the files that a runbook leaves as evidence: each is a file name everywhere, and stands for one file. */

import { pointerTo } from '../../mapping/place.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { RESERVED_ARTIFACTS } from '../evidence/artifactNames.ts';
import type { Runbook } from '../runbook.ts';
import type { Report } from './report.ts';

/** What is a file name on every system, and is hidden on none. */
const SAFE = /^[A-Za-z0-9](?:[\w.-]{0,126}[\w-])?$/;

export function lintArtifacts({ artifacts }: Runbook, report: Report): void {
  const seen = new Set(RESERVED_ARTIFACTS);
  for (const file of artifacts.keys()) {
    const reason = faultOf(file, seen);
    seen.add(file.toLowerCase());
    if (reason !== null) report('runbook-name', pointerTo('artifacts', file), reason);
  }
}

function faultOf(file: string, seen: ReadonlySet<string>): string | null {
  const name = quoteName(file);
  if (!SAFE.test(file)) return `${name} is no name of a file, without a folder, on every system`;
  if (RESERVED_ARTIFACTS.has(file.toLowerCase())) return `every run leaves a file ${name}`;
  const isTwice = seen.has(file.toLowerCase());
  return isTwice ? `another file has the name ${name}, but for its case` : null;
}
