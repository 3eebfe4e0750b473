/** What the strict S3 server of the tests answers to a request that is signed: objects, lists, parts. */

import { createHash } from 'node:crypto';

import { pairsOf, split, type Arrived } from './s3Signature.ts';

export interface StoredObject {
  bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface StoredUpload {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, Buffer>;
}

export interface Bucket {
  readonly objects: Map<string, StoredObject>;
  /** Uploads by their id, the oldest first. */
  readonly uploads: Map<string, StoredUpload>;
  /** Number of the next upload. */
  next: number;
}

export interface Reply {
  readonly status: number;
  /** Code of an error. */
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface Ways {
  readonly checksums: boolean;
  readonly conditions: boolean;
  readonly page: number;
}

export function emptyBucket(): Bucket {
  return { objects: new Map(), uploads: new Map(), next: 1 };
}

interface Asked {
  readonly request: Arrived;
  readonly bucket: Bucket;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly ways: Ways;
}

export function answer(buckets: Map<string, Bucket>, request: Arrived, ways: Ways): Reply {
  const [path, text] = split(request.target);
  const [, name = '', ...rest] = path.split('/').map(decodeURIComponent);
  const bucket = buckets.get(name);
  if (bucket === undefined) return { status: 404, code: 'NoSuchBucket' };
  const asked = { request, bucket, key: rest.join('/'), query: new Map(pairsOf(text)), ways };
  if (asked.key === '') return ofBucket(asked);
  if (Buffer.byteLength(asked.key) > 1024) return { status: 400, code: 'KeyTooLongError' };
  return asked.query.has('uploadId') || asked.query.has('uploads')
    ? ofUpload(asked)
    : ofObject(asked);
}

function ofBucket(asked: Asked): Reply {
  if (asked.request.method !== 'GET') return { status: 405, code: 'MethodNotAllowed' };
  return asked.query.has('uploads') ? listUploads(asked) : listObjects(asked);
}

function ofObject(asked: Asked): Reply {
  const { request, bucket, key } = asked;
  const found = bucket.objects.get(key);
  switch (request.method) {
    case 'PUT':
      return putObject(asked);
    case 'DELETE':
      bucket.objects.delete(key);
      return { status: 204 };
    case 'HEAD':
      if (found === undefined) return { status: 404 };
      return { status: 200, headers: headersOf(found, asked) };
    case 'GET':
      return found === undefined ? { status: 404, code: 'NoSuchKey' } : getObject(asked, found);
    default:
      return { status: 405, code: 'MethodNotAllowed' };
  }
}

function putObject({ request, bucket, key, ways }: Asked): Reply {
  if (isKept(request, bucket, key, ways)) return { status: 412, code: 'PreconditionFailed' };
  const sum = request.headers['x-amz-checksum-sha256'];
  const headers = {
    ...keptHeaders(request),
    ...(typeof sum === 'string' && ways.checksums ? { 'x-amz-checksum-sha256': sum } : {}),
  };
  bucket.objects.set(key, { bytes: request.body, headers });
  return { status: 200, headers: { etag: etagOf(request.body) } };
}

function isKept({ headers }: Arrived, bucket: Bucket, key: string, ways: Ways): boolean {
  return ways.conditions && headers['if-none-match'] === '*' && bucket.objects.has(key);
}

function keptHeaders({ headers }: Arrived): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'content-type' || name.startsWith('x-amz-meta-')) kept[name] = String(value);
  }
  return kept;
}

function headersOf({ bytes, headers }: StoredObject, { request }: Asked): Record<string, string> {
  const shown = { ...headers };
  if (request.headers['x-amz-checksum-mode'] !== 'ENABLED') delete shown['x-amz-checksum-sha256'];
  return { ...shown, 'content-length': String(bytes.length), etag: etagOf(bytes) };
}

function getObject(asked: Asked, found: StoredObject): Reply {
  const [, from] = /^bytes=(\d+)-\d*$/.exec(asked.request.headers.range ?? '') ?? [];
  const headers = headersOf(found, asked);
  if (from === undefined) return { status: 200, headers, body: found.bytes };
  if (Number(from) >= found.bytes.length) return { status: 416, code: 'InvalidRange' };
  const body = found.bytes.subarray(Number(from));
  return { status: 206, headers: { ...headers, 'content-length': String(body.length) }, body };
}

function ofUpload(asked: Asked): Reply {
  const { request, bucket, key, query } = asked;
  if (query.has('uploads')) {
    if (request.method !== 'POST') return { status: 405, code: 'MethodNotAllowed' };
    const id = `upload-${String(bucket.next).padStart(6, '0')}`;
    bucket.next += 1;
    bucket.uploads.set(id, { key, headers: keptHeaders(request), parts: new Map() });
    return xml('InitiateMultipartUploadResult', `<UploadId>${id}</UploadId>`);
  }
  const id = query.get('uploadId') ?? '';
  const upload = bucket.uploads.get(id);
  if (upload?.key !== key) return { status: 404, code: 'NoSuchUpload' };
  switch (request.method) {
    case 'PUT':
      upload.parts.set(Number(query.get('partNumber')), request.body);
      return { status: 200, headers: { etag: etagOf(request.body) } };
    case 'GET':
      return listParts(asked, upload);
    case 'DELETE':
      bucket.uploads.delete(id);
      return { status: 204 };
    default:
      return complete(asked, id, upload);
  }
}

/** Smallest part but the last, as S3 has it. */
const SMALLEST_PART = 5 * 2 ** 20;

function complete({ request, bucket, key, ways }: Asked, id: string, upload: StoredUpload): Reply {
  if (isKept(request, bucket, key, ways)) return { status: 412, code: 'PreconditionFailed' };
  const listed = [...request.body.toString().matchAll(/<Part>.*?<\/Part>/gs)].map(([text]) => {
    const [, number] = /<PartNumber>(\d+)<\/PartNumber>/.exec(text) ?? [];
    const [, etag] = /<ETag>(.*?)<\/ETag>/.exec(text) ?? [];
    return { number: Number(number), etag: etag?.replaceAll('&quot;', '"') };
  });
  const bytes: Buffer[] = [];
  for (const [at, { number, etag }] of listed.entries()) {
    const part = upload.parts.get(number);
    if (part === undefined || etag !== etagOf(part)) return { status: 400, code: 'InvalidPart' };
    if (number !== at + 1) return { status: 400, code: 'InvalidPartOrder' };
    const isSmall = at + 1 < listed.length && part.length < SMALLEST_PART;
    if (isSmall) return { status: 400, code: 'EntityTooSmall' };
    bytes.push(part);
  }
  if (bytes.length === 0) return { status: 400, code: 'MalformedXML' };
  bucket.objects.set(key, { bytes: Buffer.concat(bytes), headers: upload.headers });
  bucket.uploads.delete(id);
  return xml('CompleteMultipartUploadResult', '');
}

function listParts({ query, ways }: Asked, { parts }: StoredUpload): Reply {
  const after = Number(query.get('part-number-marker') ?? 0);
  const rest = [...parts].filter(([number]) => number > after).sort(([a], [b]) => a - b);
  const page = rest.slice(0, ways.page);
  const entries = page.map(([number, bytes]) => {
    const tags = `<PartNumber>${number}</PartNumber><Size>${bytes.length}</Size>`;
    return `<Part>${tags}<ETag>${escape(etagOf(bytes))}</ETag></Part>`;
  });
  const isCut = rest.length > page.length;
  const next = `<NextPartNumberMarker>${page.at(-1)?.[0] ?? 0}</NextPartNumberMarker>`;
  return xml('ListPartsResult', `<IsTruncated>${isCut}</IsTruncated>${next}${entries.join('')}`);
}

function listUploads({ bucket, query, ways }: Asked): Reply {
  const prefix = query.get('prefix') ?? '';
  const [key, id] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
  const rest = [...bucket.uploads]
    .map(([uploadId, upload]) => ({ uploadId, key: upload.key }))
    .filter((each) => each.key.startsWith(prefix))
    .filter(
      (each) => key === '' || order(each.key, key) > 0 || (each.key === key && each.uploadId > id),
    )
    .sort((a, b) => order(a.key, b.key) || order(a.uploadId, b.uploadId));
  const page = rest.slice(0, ways.page);
  const last = page.at(-1);
  const entries = page.map(
    (each) =>
      `<Upload><Key>${escape(each.key)}</Key><UploadId>${each.uploadId}</UploadId></Upload>`,
  );
  const isCut = rest.length > page.length && last !== undefined;
  const next = isCut
    ? `<NextKeyMarker>${escape(last.key)}</NextKeyMarker><NextUploadIdMarker>${last.uploadId}</NextUploadIdMarker>`
    : '';
  return xml(
    'ListMultipartUploadsResult',
    `<IsTruncated>${isCut}</IsTruncated>${next}${entries.join('')}`,
  );
}

function listObjects({ bucket, query, ways }: Asked): Reply {
  if (query.get('list-type') !== '2') return { status: 501, code: 'NotImplemented' };
  const prefix = query.get('prefix') ?? '';
  const after = Buffer.from(query.get('continuation-token') ?? '', 'hex').toString();
  const rest = [...bucket.objects.keys()]
    .filter((key) => key.startsWith(prefix) && (after === '' || order(key, after) > 0))
    .sort(order);
  const page = rest.slice(0, Math.min(ways.page, Number(query.get('max-keys') ?? 1000)));
  const entries = page.map((key) => {
    const size = bucket.objects.get(key)?.bytes.length ?? 0;
    return `<Contents><Key>${escape(key)}</Key><Size>${size}</Size></Contents>`;
  });
  const isCut = rest.length > page.length;
  const token = Buffer.from(page.at(-1) ?? '').toString('hex');
  const next = isCut ? `<NextContinuationToken>${token}</NextContinuationToken>` : '';
  return xml('ListBucketResult', `<IsTruncated>${isCut}</IsTruncated>${next}${entries.join('')}`);
}

function order(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function xml(root: string, content: string): Reply {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${content}</${root}>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) };
}
