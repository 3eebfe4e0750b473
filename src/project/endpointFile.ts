/**
 * The secrets of a webhook endpoint on disk: a file that only its owner can read, replaced in one step, so
 * that an application reads the old ones or the new ones. One command at a time changes it, and the
 * journal has the digest of each file before it is written: one that was put back from elsewhere would
 * bring back secrets that were revoked.
 */

import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { countMatches, withMatches, type SecretMatches } from '../crypto/secretMatches.ts';
import type { EncryptionKey } from '../crypto/encryptionKey.ts';
import { readSecrets, writeSecrets, type EndpointSecrets } from '../crypto/secretsText.ts';
import type { SecretRecords } from '../crypto/webhookSecrets.ts';
import { makeFolder, PRIVATE_FILE, replaceFile, syncFolder } from '../disk/durable.ts';
import { diskFailure, readFailure, systemCode } from '../disk/errors.ts';
import { acquireLock } from '../disk/lock.ts';
import { openNoLinks, realFolder } from '../disk/noLinks.ts';
import { signed, type SecretChange, type SecretEvent } from '../journal/event.ts';
import { appendToJournal, readJournal } from '../journal/journal.ts';
import { eventOf } from '../journal/readEvent.ts';
import { readKey, type KeyHost, type KeySource } from '../mapping/keyFile.ts';
import { readSecretsFile, SECRETS_FILE, type DeclaredSecret } from '../mapping/secretsFile.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { assertFileAsFrozen } from './freezeInForce.ts';
import { assertOperatorIfKnown } from './operatorNeeded.ts';
import { projectPaths, type ProjectPaths } from './paths.ts';

/** The secrets of an endpoint as they are on disk, and what the application has reported. */
export interface Endpoint {
  readonly declared: DeclaredSecret;
  /** Path of the file of secrets. */
  readonly path: string;
  /** A retiring secret lives for as long as the matches say. */
  readonly secrets: EndpointSecrets;
  /** Null if there is no file of matches: the application reports nothing. */
  readonly matches: SecretMatches | null;
  /** Path of the file of matches. */
  readonly matchesPath: string;
  /** An id that no secret of this endpoint has had. */
  readonly nextId: string;
}

/** What is recorded of a change. */
export interface Change {
  readonly change: SecretChange;
  readonly ids: readonly string[];
  readonly records: SecretRecords;
  readonly forced: boolean;
}

/** Who changes which endpoint. */
export interface EndpointWork {
  readonly project: string;
  readonly name: string;
  /** Name of the command. */
  readonly command: string;
  readonly who: string | null;
  /** Whether a file that the journal does not know is replaced. */
  readonly replaces?: boolean;
}

const MOST_BYTES = 2 ** 20;
const MOST_MATCHES = 2 ** 28;

/** Returns the declared endpoints, as they were frozen. @throws Failure */
export async function declaredEndpoints(project: string): Promise<readonly DeclaredSecret[]> {
  const { root, mapping } = projectPaths(project);
  const { secrets, fileSha256 } = await readSecretsFile(mapping);
  await assertFileAsFrozen(root, SECRETS_FILE, fileSha256);
  return secrets;
}

/**
 * Returns who changes secrets; what is forced has a name. @throws Failure USAGE if there is none where one
 * is needed
 */
export async function changerOf(
  {
    project,
    who,
    forced,
  }: { readonly project: string; readonly who: string | null; readonly forced: boolean },
  env: Environment,
): Promise<string | null> {
  const name = operatorOf(who, env);
  await assertOperatorIfKnown(project, name);
  if (!forced || name !== null) return name;
  throw new Failure('USAGE', {
    what: 'what is forced needs the name of the operator',
    where: '--who',
    hint: 'give your name with --who, or set MIGRATE_OPERATOR',
  });
}

/** Returns the endpoint of a name. @throws Failure USAGE if it is not declared */
export async function endpointNamed(project: string, name: string): Promise<DeclaredSecret> {
  const all = await declaredEndpoints(project);
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = all.map((one) => one.name);
  throw new Failure('USAGE', {
    what: `no secret ${quoteName(name)} is declared`,
    where: `mapping/${SECRETS_FILE}`,
    hint: didYouMean(name, names, `declared are ${names.join(', ')}`),
  });
}

/** Reads the key that an endpoint's secrets are sealed under. @throws Failure USAGE */
export function keyOf(
  { name, key }: DeclaredSecret,
  project: string,
  env: Environment,
): EncryptionKey {
  return readKey(name, sourceBelow(key, realFolder(project)), keyHost(env));
}

/** What keys and secrets are read with. */
export function keyHost({ variables }: Environment): KeyHost {
  return { env: variables, userId: process.geteuid?.() ?? null };
}

/** Resolves the path of a source, which starts at this folder. */
export function sourceBelow(source: KeySource, folder: string): KeySource {
  return source.from === 'file' ? { ...source, path: resolve(folder, source.path) } : source;
}

/** Reads an endpoint; without a file it has no secrets. @throws Failure REJECTED, JOURNAL, DISK */
export function readEndpoint(declared: DeclaredSecret, project: string, now: Date): Endpoint {
  return endpointOn(projectPaths(project), declared, now, false);
}

/**
 * Takes an endpoint, gives it to `work`, and saves what that returns. `work` is called twice, before and
 * after the endpoint is locked. @throws Failure BUSY and others
 */
export function changeEndpoint(
  { project, name, command, who, replaces = false }: EndpointWork,
  declared: DeclaredSecret,
  env: Environment,
  work: (endpoint: Endpoint) => Change,
): Endpoint {
  const paths = projectPaths(project);
  const now = env.now();
  const at = now.toISOString();
  // What is refused is refused before anything is made.
  work(endpointOn(paths, declared, now, replaces));
  try {
    makeFolder(paths.secrets);
    syncFolder(paths.root);
    const lock = acquireLock(paths.secrets, { command, pid: env.pid, since: at });
    try {
      const endpoint = endpointOn(paths, declared, now, replaces);
      const { change, ids, records, forced } = work(endpoint);
      const { name: endpointName, kind, retryWindow } = endpoint.secrets;
      const secrets = { name: endpointName, kind, retryWindow, records };
      const bytes = Buffer.from(writeSecrets(secrets));
      const file = sha256Of(bytes);
      const record = (step: SecretEvent['step']): void => {
        const about = { event: 'secret', change, step, endpoint: name, ids, file } as const;
        const event = signed(forced ? { ...about, forced } : about, who);
        appendToJournal(paths.journal, { command, pid: env.pid, at }, [event]);
      };
      // The journal comes first: a file that it does not know counts as put back from elsewhere.
      record('intended');
      replaceFile(endpoint.path, [bytes], PRIVATE_FILE);
      record('done');
      return { ...endpoint, secrets };
    } finally {
      lock.release();
    }
  } catch (error) {
    throw diskFailure(error, paths.secrets);
  }
}

function endpointOn(
  paths: ProjectPaths,
  declared: DeclaredSecret,
  now: Date,
  replaces: boolean,
): Endpoint {
  const { name, kind, retryHours, matches } = declared;
  const path = join(paths.secrets, `${name}.json`);
  const matchesPath = resolve(
    realFolder(paths.root),
    matches ?? join(paths.secrets, `${name}.matches.ndjson`),
  );
  const bytes = readIfThere(path, MOST_BYTES);
  const events = eventsOf(paths, name);
  const retryWindow = retryHours * 3600;
  const none: EndpointSecrets = { name, kind, retryWindow, records: [] };
  let stored: EndpointSecrets = none;
  try {
    assertAsJournaled(events, path, bytes);
    if (bytes !== null)
      stored = storedAs(declared, readSecrets(bytes.toString('utf8'), path), path);
  } catch (error) {
    // All that is in the file is revoked by what replaces it.
    if (!replaces || !(error instanceof Failure) || error.code === 'USAGE') throw error;
  }
  const text = readIfThere(matchesPath, MOST_MATCHES)?.toString('utf8') ?? null;
  const seconds = Math.floor(now.getTime() / 1000);
  const secrets = withMatches({ ...stored, retryWindow }, text ?? '', seconds);
  return {
    declared,
    path,
    secrets,
    matches: text === null ? null : countMatches(text),
    matchesPath,
    nextId: `${name}-${nextNumber(events, stored.records)}`,
  };
}

/** Returns the secrets if they are of this endpoint. */
function storedAs(
  { name, kind }: DeclaredSecret,
  secrets: EndpointSecrets,
  path: string,
): EndpointSecrets {
  if (secrets.name === name && secrets.kind === kind) return secrets;
  throw new Failure('USAGE', {
    what: 'the file of secrets is of another name or kind than declared',
    where: path,
    hint: `correct mapping/${SECRETS_FILE}, or move the file away`,
  });
}

function eventsOf({ journal }: ProjectPaths, name: string): SecretEvent[] {
  const events = readJournal(journal).entries.map(eventOf);
  return events.flatMap((event) =>
    event.event === 'secret' && event.endpoint === name ? [event] : [],
  );
}

/** Counts what was added by now; a file that was lost must not make an id mean two secrets. */
function nextNumber(events: readonly SecretEvent[], records: SecretRecords): number {
  const added = events.filter(
    ({ change, step }) => step === 'intended' && (change === 'rotate' || change === 'replace'),
  );
  return 1 + Math.max(added.length, records.length);
}

/** Asserts that the file is the one that was written last, or may have been when a command was killed. */
function assertAsJournaled(
  events: readonly SecretEvent[],
  path: string,
  bytes: Buffer | null,
): void {
  const last = events.findLastIndex(({ step }) => step === 'done');
  const known = events.slice(Math.max(last, 0)).map(({ file }): string | null => file);
  if (last === -1) known.push(null);
  if (known.includes(bytes === null ? null : sha256Of(bytes))) return;
  throw new Failure('JOURNAL', {
    what: `the file of secrets is ${bytes === null ? 'gone' : 'not the one that the journal records'}`,
    where: path,
    hint: 'restore the one that was written last, or replace its secrets with sealift secrets rotate --emergency',
  });
}

function readIfThere(path: string, most: number): Buffer | null {
  try {
    const file = openNoLinks(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(file);
      if (stat.isFile() && stat.size <= most) return readFileSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw readFailure(error, path);
  }
  throw new Failure('REJECTED', {
    what: 'this is not an ordinary file, or it is too large',
    where: path,
    hint: 'check what is there, and move it away',
  });
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
