/**
 * What the documents of a run are made of, in its folder or in that of a bag, which have the same paths. Every path
 * is confined to the folder, and every size bounded.
 */

import { join } from 'node:path';

import { MAX_APPROVAL } from '../../journal/approval.ts';
import { approvalPath } from '../../journal/approvalFile.ts';
import { readPlainFile } from '../../seal/files.ts';
import { OUTPUTS_OF_RUN } from '../world/artifacts.ts';
import type { RunSources } from './runEvidence.ts';

/** Most bytes of an output: those of programs have 2 MiB, and reports of steps a few more. */
const MAX_OUTPUT = 64 * 1024 * 1024;

/** Returns how outputs and approvals are read; what is larger than any that is made is missing. */
export function readRunFiles(folder: string): Pick<RunSources, 'outputs' | 'approvals'> {
  return {
    outputs: (name) => readPlainFile(join(folder, OUTPUTS_OF_RUN, name), MAX_OUTPUT),
    approvals: (digest) => readPlainFile(join(folder, approvalPath(digest)), MAX_APPROVAL),
  };
}
