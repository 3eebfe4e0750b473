/**
 * Requests of other terminals to a run that a process works on: a small file each, which that process takes up
 * within a second. A request stays until it could be done, so that it is not lost with the process.
 */

import { basename, join } from 'node:path';

import { makeFolder, syncFolder, writeFileDurably } from '../../disk/durable.ts';
import { entriesOf, remove, rename, statOf } from '../../disk/noLinks.ts';
import { readPlainFile } from '../../seal/files.ts';
import type { RunPlaces } from './runPlaces.ts';

export const REQUESTS = ['pause', 'abort', 'panic', 'approved', 'rollback'] as const;
export type RequestKind = (typeof REQUESTS)[number];

export interface RunRequest {
  readonly request: RequestKind;
  readonly who: string;
  /** Why, in the person's words; empty if nothing was said. */
  readonly why: string;
  /** Members of the line that is to be written, such as the digest of an approval. */
  readonly facts: Readonly<Record<string, string | boolean | null>>;
}

/** A request in its file. */
export interface FiledRequest extends RunRequest {
  readonly path: string;
}

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
    const { request, who, why, facts } = value;
    const kind = REQUESTS.find((one) => one === request);
    if (kind === undefined || typeof who !== 'string' || typeof why !== 'string') return null;
    return { request: kind, who, why, facts: Object(facts) as RunRequest['facts'] };
  } catch {
    return null;
  }
}
