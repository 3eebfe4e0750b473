/**
 * The S3 store: AWS, or any server that speaks its protocol. Promises: bytes are verified by the server as
 * they arrive, by the SHA-256 that their request is signed with; an object that is there is not
 * overwritten where the server can keep it; ETags are never compared, and redirects never followed.
 */

import { Failure } from '../outcome/failure.ts';
import { assertKey, LONGEST_KEY, PART_BYTES } from './objectKey.ts';
import type {
  ListedObject,
  ObjectFacts,
  ObjectHead,
  ObjectStore,
  OpenStore,
  Put,
  StoreAbilities,
  StoreAdapter,
  StoreLocation,
} from './objectStore.ts';
import { describeObject } from './s3/describe.ts';
import { headOf, putHeaders } from './s3/facts.ts';
import { abandonUploads, openUpload, uploadsBelow } from './s3/multipart.ts';
import { proveReads, proveWrites } from './s3/probe.ts';
import { receiveObject } from './s3/receive.ts';
import { PATIENCE, type Patience } from './s3/retry.ts';
import { S3Error } from './s3/s3Failure.ts';
import { openSession, orFail, type Session } from './s3/s3Session.ts';
import { parsePlace, S3_SCHEME, s3Settings, S3_USAGE, type S3Place } from './s3/s3Settings.ts';
import { encodeKey, UNSIGNED } from './s3/sign.ts';

/** A signed URL is good for at most a week, as S3 has it. */
const LONGEST_URL_SECONDS = 604_800;

interface S3Location extends StoreLocation, S3Place {}

/** The adapter, with the patience that suits servers far away. */
export const s3Store: StoreAdapter = s3Stores(PATIENCE);

/** Makes the adapter. */
export function s3Stores(patience: Patience): StoreAdapter {
  return {
    scheme: S3_SCHEME,
    usage: S3_USAGE,
    parse: (rest): S3Location => ({ scheme: S3_SCHEME, ...parsePlace(rest) }),
    open: (location, options) => open(placeOf(location), patience, options),
  };
}

function placeOf(location: StoreLocation): S3Place {
  if (location.scheme === S3_SCHEME && 'bucket' in location) return location as S3Location;
  throw new TypeError(`not a location of ${S3_SCHEME}`);
}

async function open(place: S3Place, patience: Patience, options: OpenStore): Promise<ObjectStore> {
  options.signal.throwIfAborted();
  const settings = s3Settings(place, options.variables);
  const session = await openSession(settings, patience, options);
  try {
    const abilities = await orFail(session, null, async () => {
      const known = await proveReads(session);
      return options.writes ? proveWrites(session, uniqueName(options.now())) : known;
    });
    session.opened();
    return storeOf(session, abilities);
  } catch (error) {
    session.close();
    throw error;
  }
}

/** Names this moment of this process. */
function uniqueName(now: Date): string {
  return `${process.pid}-${now.getTime()}-${process.hrtime.bigint()}`;
}

function storeOf(session: Session, abilities: StoreAbilities): ObjectStore {
  const { bucket, prefix } = session.settings;
  const { keepsFirst, computesSha256 } = abilities;
  const longest = LONGEST_KEY - Buffer.byteLength(prefix);
  const nameOf = (key: string): string => {
    assertKey(key, longest);
    return `${prefix}${key}`;
  };
  const head = (key: string): Promise<ObjectHead | null> =>
    orFail(session, key, async () => {
      const found = await describeObject(session, nameOf(key), computesSha256, true);
      return found === null ? null : headOf(key, found, computesSha256);
    });
  return {
    label: session.label,
    keyPrefix: prefix,
    bucket,
    abilities,
    largestPut: PART_BYTES,
    async put(key, bytes, facts) {
      const name = nameOf(key);
      return orFail(session, key, async () => {
        const isThere = !keepsFirst && (await describeObject(session, name, false, false)) !== null;
        return isThere ? 'exists' : put(session, abilities, name, bytes, facts);
      });
    },
    async upload(key, facts) {
      nameOf(key);
      return openUpload({ session, key, facts, keepsFirst, head: () => head(key) });
    },
    head,
    read: (key) => orFail(session, key, () => receiveObject(session, key, nameOf(key))),
    remove: (key) =>
      orFail(session, key, async () => {
        const Key = nameOf(key);
        await session.command(Key, (client, { DeleteObjectCommand }) =>
          client.send(new DeleteObjectCommand({ Bucket: bucket, Key })),
        );
      }),
    list: (start) => listed(session, start),
    unfinished: (start) => unfinished(session, start),
    abandon: (key) => orFail(session, key, () => abandonUploads(session, nameOf(key))),
    signedUrl: (key, seconds) => signedUrl(session, nameOf(key), seconds),
    async close() {
      session.close();
    },
  };
}

async function put(
  session: Session,
  { computesSha256 }: StoreAbilities,
  key: string,
  bytes: Uint8Array,
  facts: ObjectFacts,
): Promise<Put> {
  const headers = putHeaders(facts, computesSha256);
  const body = { bytes, sha256: facts.sha256 };
  try {
    await session.send(key, (exchange) => exchange.send({ method: 'PUT', key, headers, body }));
    return 'stored';
  } catch (error) {
    if (error instanceof S3Error && error.status === 412) return 'exists';
    throw error;
  }
}

async function* listed(session: Session, start: string): AsyncGenerator<ListedObject> {
  const { bucket, prefix } = session.settings;
  let after: string | undefined;
  do {
    const token = after;
    const page = await orFail(session, null, () =>
      session.command(start, (client, { ListObjectsV2Command }) =>
        client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: `${prefix}${start}`,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
        ),
      ),
    );
    for (const { Key, Size = 0 } of page.Contents ?? []) {
      if (Key !== undefined) yield { key: Key.slice(prefix.length), size: Size };
    }
    after = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    if (page.IsTruncated === true && after === undefined) throw endlessList(session);
  } while (after !== undefined);
}

function endlessList({ label }: Session): Failure {
  return new Failure('STORE', {
    what: 'the object store gives a list without its end',
    where: label,
    hint: 'use a server that supports ListObjectsV2',
  });
}

async function* unfinished(session: Session, start: string): AsyncGenerator<string> {
  const { prefix } = session.settings;
  const uploads = uploadsBelow(session, `${prefix}${start}`);
  let before: string | null = null;
  for (;;) {
    const next = await orFail(session, null, () => uploads.next());
    if (next.done === true) return;
    const { key } = next.value;
    if (key !== before) yield key.slice(prefix.length);
    before = key;
  }
}

function signedUrl(session: Session, name: string, seconds: number): string {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_URL_SECONDS) {
    throw new Failure('USAGE', {
      what: `a signed URL is good for 1 to ${LONGEST_URL_SECONDS} seconds`,
      where: String(seconds),
      hint: 'give a number of seconds in between',
    });
  }
  const { base, lastKeys, keys } = session.identity;
  // So that credentials are new when the next URL is signed; what fails here, fails there, too.
  keys().catch(() => {});
  const path = `${base.pathname === '/' ? '' : base.pathname}/${encodeKey(name)}`;
  const request = {
    method: 'GET',
    path,
    query: '',
    headers: { host: base.host },
    payload: UNSIGNED,
  };
  const query = session.signer.presign(request, lastKeys(), session.now(), seconds);
  return `${base.protocol}//${base.host}${path}?${query}`;
}
