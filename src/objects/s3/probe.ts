/**
 * Proves that a bucket can be used, before the first object: by a list, and by a tiny object that is
 * written, read back and removed. What servers of different makers do differently is tried out on
 * it, and never assumed.
 */

import { Failure } from '../../outcome/failure.ts';
import type { ObjectFacts, StoreAbilities } from '../objectStore.ts';
import { digestOf, putHeaders } from './facts.ts';
import { S3Error } from './s3Failure.ts';
import type { Session } from './s3Session.ts';
import { isAws } from './s3Settings.ts';

const CONTENT = Buffer.from('Sealift proves that it can write here. This object can be removed.\n');
const FACTS: ObjectFacts = {
  size: CONTENT.length,
  sha256: digestOf(CONTENT),
  contentType: 'text/plain',
};
/** Base64 of 32 bytes that are no digest of the content. */
const WRONG = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';

/** Proves that objects can be listed and read. @throws S3Error */
export async function proveReads(session: Session): Promise<StoreAbilities> {
  const { settings } = session;
  const query = { 'list-type': '2', 'max-keys': '1', prefix: settings.prefix };
  await session.send('list', (exchange) => exchange.send({ method: 'GET', key: '', query }));
  // Without a write it is only known of AWS, whose documentation says so.
  const known = isAws(settings.endpoint);
  return { keepsFirst: known, computesSha256: known };
}

/**
 * Proves that objects can be written and removed; returns what the server was seen to do. `unique` is in
 * the key of the tiny object, so that processes that open the store at once do not meet.
 * @throws S3Error
 */
export async function proveWrites(session: Session, unique: string): Promise<StoreAbilities> {
  const key = `${session.settings.prefix}.sealift-probe-${unique}`;
  const remove = (): Promise<unknown> =>
    session.send(key, (exchange) => exchange.send({ method: 'DELETE', key }));
  try {
    const found = await examine(session, key);
    await remove();
    return found;
  } catch (error) {
    // The first error tells more than one of the removal.
    await remove().catch(() => {});
    throw error;
  }
}

async function examine(session: Session, key: string): Promise<StoreAbilities> {
  const first = await tryPut(session, key, WRONG);
  if (first !== 'stored') await tryPut(session, key, null);
  const second = await tryPut(session, key, null);
  await assertReadBack(session, key);
  return { keepsFirst: second === 'exists', computesSha256: first === 'mismatch' };
}

/** How servers call a checksum that is not that of the content. */
const MISMATCH = new Set(['BadDigest', 'InvalidDigest', 'XAmzContentChecksumMismatch']);
/** How those answer that do not know the header. */
const UNKNOWN = new Set(['InvalidArgument', 'InvalidRequest', 'NotImplemented']);

type Tried = 'stored' | 'exists' | 'mismatch' | 'unknown';

async function tryPut(session: Session, key: string, checksum: string | null): Promise<Tried> {
  const headers = putHeaders(FACTS, false);
  if (checksum !== null) headers['x-amz-checksum-sha256'] = checksum;
  const body = { bytes: CONTENT, sha256: FACTS.sha256 };
  return session.send(key, async (exchange) => {
    try {
      await exchange.send({ method: 'PUT', key, headers, body });
      return 'stored';
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      if (error.status === 412) return 'exists';
      if (checksum !== null && MISMATCH.has(error.code)) return 'mismatch';
      if (checksum !== null && UNKNOWN.has(error.code)) return 'unknown';
      throw error;
    }
  });
}

async function assertReadBack(session: Session, key: string): Promise<void> {
  const found = await session.send(key, async (exchange) => {
    const response = await exchange.receive({ method: 'GET', key });
    const chunks: Uint8Array[] = [];
    for await (const chunk of response) chunks.push(chunk as Uint8Array);
    return Buffer.concat(chunks);
  });
  if (found.equals(CONTENT)) return;
  throw new Failure('STORE', {
    what: 'the object store gives back other bytes than were written',
    where: session.label,
    hint: 'do not use it: see what stands between this machine and the server',
  });
}
