/** The object store: signed URLs for what is there, and new uploads. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';

import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

import type { Settings } from './settings.ts';

export interface Objects {
  /** Returns a URL that gives anyone the object for a while. */
  signedUrl(key: string): Promise<string>;
  put(key: string, bytes: Uint8Array, contentType: string | null): Promise<void>;
  /** Returns the file of a signed URL of this application's own; null if it is not valid. */
  fileOf(url: URL): string | null;
}

export function openObjects(settings: Settings): Objects | null {
  if (settings.provider === null) return null;
  return settings.provider === 's3' ? inS3(settings) : inFolder(settings);
}

function inS3({ variables, ttlSeconds }: Settings): Objects {
  const of = (name: string): string | undefined => variables[`OBJECT_STORAGE_S3_${name}`];
  const Bucket = of('BUCKET');
  const endpoint = of('ENDPOINT');
  const client = new S3Client({
    region: of('REGION') ?? 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    credentials: {
      accessKeyId: of('ACCESS_KEY_ID') ?? '',
      secretAccessKey: of('SECRET_ACCESS_KEY') ?? '',
    },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return {
    signedUrl: (Key) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket, Key }), { expiresIn: ttlSeconds }),
    async put(Key, Body, contentType) {
      const type = contentType === null ? {} : { ContentType: contentType };
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ...type }));
    },
    fileOf: () => null,
  };
}

/** The application serves the objects of a folder itself, by URLs that it has signed. */
function inFolder({ variables, ttlSeconds }: Settings): Objects {
  const root = resolve(variables['OBJECT_STORAGE_FOLDER'] ?? 'objects');
  const secret = randomBytes(32);
  const signature = (key: string, until: string): Buffer =>
    createHmac('sha256', secret).update(`${until}\n${key}`).digest();
  const below = (key: string): string | null => {
    const path = resolve(root, key);
    return path.startsWith(`${root}${sep}`) ? path : null;
  };
  return {
    async signedUrl(key) {
      const until = String(Date.now() + ttlSeconds * 1000);
      const query = new URLSearchParams({ key, until, by: signature(key, until).toString('hex') });
      return `/objects?${query.toString()}`;
    },
    async put(key, bytes) {
      const path = below(key);
      if (path === null) throw new Error('the key leads out of the store');
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
    },
    fileOf({ searchParams }) {
      const [key, until, by] = ['key', 'until', 'by'].map((name) => searchParams.get(name) ?? '');
      if (key === undefined || until === undefined || by === undefined) return null;
      const given = Buffer.from(by, 'hex');
      const right = signature(key, until);
      if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
      return Number(until) < Date.now() ? null : below(key);
    },
  };
}
