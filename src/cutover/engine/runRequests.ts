/**
 * Requests of other terminals to a run that a process works on: a small file each, which that process takes up
 * within a second. A request stays until it could be done, so that it is not lost with the process.
 */

import { basename, join } from 'node:path';

import { makeFolder, syncFolder, writeFileDurably } from '../../disk/durable.ts';
import { entriesOf, remove, rename, statOf } from '../../disk/noLinks.ts';
import { readPlainFile } from '../../seal/files.ts';
import type { RunPlaces } from './runPlaces.ts';

const ASKED = ['pause', 'abort', 'panic'] as const;
export type AskKind = (typeof ASKED)[number];

/** An approval that is to be recorded; see {@link RecordedApproval}. */
export interface ApprovalFacts {
  readonly step: string;
  readonly approval: string;
  readonly signer: string | null;
}

interface Asks {
  readonly request: AskKind;
  readonly who: string;
  /** Why, in the person's words; empty if nothing was said. */
  readonly why: string;
}

interface Approved {
  readonly request: 'approved';
  readonly who: string;
  readonly facts: ApprovalFacts;
}

/** The number of a metric that a person gives. */
interface Attested {
  readonly request: 'attested';
  readonly who: string;
  readonly metric: string;
  readonly number: number;
}

export type RunRequest = Asks | Approved | Attested;

/** A request in its file. */
export type FiledRequest = RunRequest & { readonly path: string };

const MAX_BYTES = 16 * 1024;

/** Files a request; durable when it returns. `at` orders requests of one process, ISO 8601. */
export function fileRequest(places: RunPlaces, request: RunRequest, at: string, pid: number): void {
  makeFolder(places.requests);
  const name = `${at.replaceAll(/[^0-9]/g, '')}-${pid}-${request.request}.json`;
  const draft = join(places.requests, `.${name}.new`);
  remove(draft);
  writeFileDurably(draft, Buffer.from(`${JSON.stringify(request)}\n`));
  rename(draft, join(places.requests, name));
  syncFolder(places.requests);
}

/** Returns the requests that are open, the oldest first; what is no request is left alone. */
export function openRequests({ requests }: RunPlaces): readonly FiledRequest[] {
  if (statOf(requests)?.isDirectory() !== true) return [];
  const names = entriesOf(requests)
    .filter((entry) => entry.isFile() && /^\d+-\d+-[a-z]+\.json$/.test(entry.name))
    .map(({ name }) => name)
    .toSorted();
  return names.flatMap((name) => {
    const path = join(requests, name);
    const request = parsed(readPlainFile(path, MAX_BYTES));
    return request === null ? [] : [{ ...request, path }];
  });
}

/** Removes a request that was taken up. */
export function closeRequest({ requests }: RunPlaces, { path }: FiledRequest): void {
  remove(join(requests, basename(path)));
}

function parsed(bytes: Buffer | null): RunRequest | null {
  if (bytes === null) return null;
  try {
    const value = Object(JSON.parse(bytes.toString('utf8'))) as Record<string, unknown>;
    const { request, who, why, facts, metric, number } = value;
    if (typeof who !== 'string') return null;
    if (request === 'approved') return isApproval(facts) ? { request, who, facts } : null;
    if (request === 'attested') {
      if (typeof metric !== 'string' || !Number.isFinite(number)) return null;
      return { request, who, metric, number: Number(number) };
    }
    const kind = ASKED.find((one) => one === request);
    return kind === undefined || typeof why !== 'string' ? null : { request: kind, who, why };
  } catch {
    return null;
  }
}

/** Whether these are the members of an approval, and no others, which would become members of its line. */
function isApproval(facts: unknown): facts is ApprovalFacts {
  const { step, approval, signer, ...others } = Object(facts) as Record<string, unknown>;
  return (
    typeof step === 'string' &&
    /^[0-9a-f]{64}$/.test(String(approval)) &&
    (typeof signer === 'string' || signer === null) &&
    Object.keys(others).length === 0
  );
}
