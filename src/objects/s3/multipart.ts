/**
 * Objects in parts. An upload that was begun for the same key is continued, by whichever process began it:
 * the key is made of the content, so its parts are the same. Where two processes end one upload, the
 * second finds it gone, and the object tells that nothing was lost.
 */

import type { ListMultipartUploadsOutput, Part } from '@aws-sdk/client-s3';

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { assertPart, partPlan, type PartPlan } from '../objectKey.ts';
import type { ObjectFacts, ObjectHead, Put, Upload } from '../objectStore.ts';
import { digestOf, factHeaders } from './facts.ts';
import { S3Error } from './s3Failure.ts';
import { orFail, type Session } from './s3Session.ts';

/** An upload that was begun and not ended. */
interface Begun {
  readonly key: string;
  readonly id: string;
}

interface Parts {
  readonly session: Session;
  /** Key of the object in the store, and in the bucket. */
  readonly key: string;
  readonly name: string;
  readonly facts: ObjectFacts;
  readonly plan: PartPlan;
  readonly head: () => Promise<ObjectHead | null>;
  /** Whether the server keeps what is there when parts become an object. */
  readonly keepsFirst: boolean;
}

/** Begins an object in parts, or goes on with one. @throws Failure */
export async function openUpload(parts: Omit<Parts, 'plan' | 'name'>): Promise<Upload> {
  const { session, key, facts } = parts;
  const all = {
    ...parts,
    name: `${session.settings.prefix}${key}`,
    plan: partPlan(facts.size),
  };
  return orFail(session, key, async () => {
    const id = (await begunOf(session, all.name)) ?? (await begin(all));
    const present = new Set((await wholeParts(all, id)).keys());
    return uploadOf(all, id, present);
  });
}

function uploadOf(parts: Parts, id: string, present: ReadonlySet<number>): Upload {
  const { session, key, plan } = parts;
  return {
    partSize: plan.partSize,
    present,
    async put(part, bytes) {
      assertPart(plan, key, part, bytes);
      await orFail(session, key, async () => {
        if ((await orGone(putPart(parts, id, part, bytes))) === 'gone') await assertThere(parts);
      });
    },
    complete: () =>
      orFail(session, key, async () => {
        const put = await complete(parts, id);
        // Leaves no twin: an upload whose beginning was never received, or whose end was cut short.
        await abandonUploads(session, parts.name);
        return put;
      }),
    abort: () => orFail(session, key, () => abortUpload(session, { key: parts.name, id })),
  };
}

async function putPart(
  { session, name }: Parts,
  id: string,
  part: number,
  bytes: Uint8Array,
): Promise<void> {
  const query = { partNumber: String(part), uploadId: id };
  const body = { bytes, sha256: digestOf(bytes) };
  await session.send(`${name} ${part}`, (exchange) =>
    exchange.send({ method: 'PUT', key: name, query, body }),
  );
}

async function begin({ session, name, facts }: Parts): Promise<string> {
  const { contentType, metadata } = factHeaders(facts);
  const { UploadId } = await session.command(name, (client, { CreateMultipartUploadCommand }) =>
    client.send(
      new CreateMultipartUploadCommand({
        Bucket: session.settings.bucket,
        Key: name,
        ContentType: contentType,
        Metadata: metadata,
      }),
    ),
  );
  if (UploadId === undefined) throw new S3Error({ status: 200, code: 'no UploadId' });
  return UploadId;
}

/** The oldest upload of this very key, on which all processes agree; null if there is none. */
async function begunOf(session: Session, name: string): Promise<string | null> {
  for await (const { key, id } of uploadsBelow(session, name)) {
    if (key === name) return id;
  }
  return null;
}

/** Parts that are there with the size that they must have, by number. */
async function wholeParts({ session, name, plan }: Parts, id: string): Promise<Map<number, Part>> {
  const found = new Map<number, Part>();
  let marker: string | undefined;
  do {
    const page = await session.command(name, (client, { ListPartsCommand }) =>
      client.send(
        new ListPartsCommand({
          Bucket: session.settings.bucket,
          Key: name,
          UploadId: id,
          ...(marker === undefined ? {} : { PartNumberMarker: marker }),
        }),
      ),
    );
    for (const part of page.Parts ?? []) {
      const { PartNumber: number = 0 } = part;
      if (number <= plan.parts && part.Size === plan.sizeOf(number)) found.set(number, part);
    }
    const next = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    marker = next === marker ? undefined : next;
  } while (marker !== undefined);
  return found;
}

async function complete(parts: Parts, id: string): Promise<Put> {
  const { session, name, plan, key, keepsFirst, head } = parts;
  const found = await orGone(wholeParts(parts, id));
  if (found === 'gone') return assertThere(parts);
  if (found.size !== plan.parts) {
    throw new Failure('OBJECT', {
      what: `${plan.parts - found.size} of ${plan.parts} parts of the object are missing`,
      where: quoteName(key),
      hint: 'run again',
    });
  }
  if (!keepsFirst && (await head()) !== null) {
    await abortUpload(session, { key: name, id });
    return 'exists';
  }
  const ordered = [...found].sort(([a], [b]) => a - b);
  const list = ordered.map(([PartNumber, { ETag }]) => ({ PartNumber, ETag }));
  try {
    const done = session.command(name, (client, { CompleteMultipartUploadCommand }) =>
      client.send(
        new CompleteMultipartUploadCommand({
          Bucket: session.settings.bucket,
          Key: name,
          UploadId: id,
          MultipartUpload: { Parts: list },
          IfNoneMatch: '*',
        }),
      ),
    );
    if ((await orGone(done)) === 'gone') return await assertThere(parts);
    return 'stored';
  } catch (error) {
    if (!(error instanceof S3Error) || error.status !== 412) throw error;
    await abortUpload(session, { key: name, id });
    return 'exists';
  }
}

/** The object, which another process, or an attempt whose answer was lost, has made of the upload. */
async function assertThere({ key, facts, head }: Parts): Promise<Put> {
  const found = await head();
  if (found?.size === facts.size && found.stated === facts.sha256) return 'exists';
  throw new Failure('OBJECT', {
    what: 'the upload of the object was removed while it went on',
    where: quoteName(key),
    hint: 'run again',
  });
}

async function orGone<T>(work: Promise<T>): Promise<T | 'gone'> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof S3Error && error.code === 'NoSuchUpload') return 'gone';
    throw error;
  }
}

/** Where a list of uploads goes on. */
interface Markers {
  readonly KeyMarker?: string;
  readonly UploadIdMarker?: string;
}

/** Yields uploads of keys in the bucket that begin so, by key and age. @throws S3Error */
export async function* uploadsBelow(session: Session, prefix: string): AsyncGenerator<Begun> {
  let after: Markers | null = {};
  while (after !== null) {
    const page: ListMultipartUploadsOutput = await pageOfUploads(session, prefix, after);
    for (const { Key, UploadId } of page.Uploads ?? []) {
      if (Key !== undefined && UploadId !== undefined) yield { key: Key, id: UploadId };
    }
    after = nextMarkers(page);
  }
}

function pageOfUploads(
  session: Session,
  prefix: string,
  markers: Markers,
): Promise<ListMultipartUploadsOutput> {
  return session.command(prefix, (client, { ListMultipartUploadsCommand }) =>
    client.send(
      new ListMultipartUploadsCommand({
        Bucket: session.settings.bucket,
        Prefix: prefix,
        ...markers,
      }),
    ),
  );
}

function nextMarkers(page: ListMultipartUploadsOutput): Markers | null {
  const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
  if (IsTruncated !== true || NextKeyMarker === undefined) return null;
  return {
    KeyMarker: NextKeyMarker,
    ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
  };
}

/** Removes the parts of all uploads of this very key; returns how many there were. @throws S3Error */
export async function abandonUploads(session: Session, name: string): Promise<number> {
  let count = 0;
  for await (const upload of uploadsBelow(session, name)) {
    if (upload.key !== name) continue;
    await abortUpload(session, upload);
    count += 1;
  }
  return count;
}

/** Removes the parts of an upload; nothing happens if it is gone. @throws S3Error */
async function abortUpload(session: Session, { key, id }: Begun): Promise<void> {
  await orGone(
    session.command(key, (client, { AbortMultipartUploadCommand }) =>
      client.send(
        new AbortMultipartUploadCommand({
          Bucket: session.settings.bucket,
          Key: key,
          UploadId: id,
        }),
      ),
    ),
  );
}
