/**
 * All documents that a run leaves, for a bag of evidence: made of the runbook, the journal, the outputs and the
 * approvals alone, so that a verifier makes them again and compares the bytes. Pure.
 */

import { lastKnownGood } from '../engine/lastKnownGood.ts';
import { artifactsOf } from './artifactsOf.ts';
import { goNoGoMarkdown } from './goNoGoMarkdown.ts';
import { incidentMarkdown } from './incident.ts';
import type { RunEvidence } from './runEvidence.ts';

export interface RunDocument {
  /** Relative, with `/`: `artifacts/NAME`. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** Makes the documents, in an order that does not depend on the machine. @throws Failure JOURNAL */
export function runDocuments(evidence: RunEvidence): readonly RunDocument[] {
  const { record, lines, head } = evidence;
  const incident = incidentMarkdown(evidence);
  const isDeployed = record.state.status === 'COMPLETED' && record.begun?.isRehearsal !== true;
  const end = { seq: lines.length, head };
  const documents = [
    { path: 'checklist.md', content: Buffer.from(goNoGoMarkdown(evidence)) },
    ...(incident === null ? [] : [{ path: 'incident.md', content: Buffer.from(incident) }]),
    ...(isDeployed
      ? [{ path: 'last-known-good.json', content: lastKnownGood({ ...evidence, end }) }]
      : []),
  ];
  const stated = documents.map(({ path, content }) => ({ name: path, content }));
  const artifacts = artifactsOf(evidence, stated).map(({ name, content }) => {
    return { path: `artifacts/${name}`, content };
  });
  return [...artifacts, ...documents];
}
