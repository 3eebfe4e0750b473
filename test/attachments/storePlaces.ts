/**
 * Stores of the tests, each with a reading of its own: files of the folder, the memory of the strict
 * server, or the provider's client. None of it comes from src/.
 */

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';

import { workFolder } from '../kit/project.ts';
import { hasRgw, startRgw, type Rgw } from '../kit/rgw.ts';
import { emptyBucket } from '../kit/s3Answers.ts';
import { startS3, type S3Server } from '../kit/s3Server.ts';

export interface StorePlace {
  readonly name: string;
  readonly isHere: boolean;
  begin(): Promise<void>;
  end(): Promise<void>;
  /** URL of a new, empty place of this name, and the variables that a command needs for it. */
  make(
    name: string,
  ): Promise<{ readonly url: string; readonly env: Readonly<Record<string, string>> }>;
  /** All keys in a place. */
  keys(name: string): Promise<string[]>;
  /** Content of an object; null if there is none. */
  content(name: string, key: string): Promise<Buffer | null>;
  /** Keys of uploads that were begun and not ended. */
  unfinished(name: string): Promise<string[]>;
  /** Changes a byte of an object at rest. */
  damage(name: string, key: string): Promise<void>;
}

/** A server that can be killed and started again. */
export interface KillableStore extends StorePlace {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** What the store keeps for itself is below a name that no key begins with. */
function isOwn(path: string): boolean {
  return path.startsWith('.');
}

export function folderPlace(): StorePlace {
  const work = workFolder('attachments-store');
  const all = (name: string): string[] => {
    const root = join(work, name);
    if (!existsSync(root)) return [];
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  };
  return {
    name: 'a folder',
    isHere: true,
    async begin() {},
    async end() {},
    make: async (name) => ({ url: `folder:${join(work, name)}`, env: {} }),
    keys: async (name) => all(name).filter((path) => !isOwn(path)),
    content: async (name, key) => {
      const path = join(work, name, key);
      return statSync(path, { throwIfNoEntry: false }) === undefined ? null : readFileSync(path);
    },
    unfinished: async (name) => all(name).filter((path) => /part|upload/.test(path) && isOwn(path)),
    async damage(name, key) {
      const path = join(work, name, key);
      const bytes = readFileSync(path);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(path, bytes);
    },
  };
}

export interface StrictPlace extends StorePlace {
  /** The server, once it has begun. */
  server(): S3Server;
}

export function strictPlace(): StrictPlace {
  let server: S3Server;
  const bucket = (name: string): ReturnType<typeof emptyBucket> =>
    server.buckets.get(name) ?? emptyBucket();
  return {
    name: 'the strict S3 server',
    isHere: true,
    begin: async () => {
      server = await startS3();
    },
    end: () => server.stop(),
    async make(name) {
      server.buckets.set(name, emptyBucket());
      return { url: `s3://${name}`, env: server.env };
    },
    keys: async (name) => [...bucket(name).objects.keys()],
    content: async (name, key) => {
      const bytes = bucket(name).objects.get(key)?.bytes;
      return bytes === undefined ? null : Buffer.from(bytes);
    },
    unfinished: async (name) => [...bucket(name).uploads.values()].map(({ key }) => key),
    damage: async (name, key) => server.flipBit(name, key),
    server: () => server,
  };
}

export function cephPlace(): KillableStore {
  let server: Rgw;
  let client: S3Client;
  const content = async (name: string, key: string): Promise<Buffer | null> => {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return null;
      throw error;
    }
  };
  return {
    name: 'Ceph',
    isHere: hasRgw(),
    begin: async () => {
      server = await startRgw();
      const { accessKeyId, secretAccessKey } = server;
      client = new S3Client({
        endpoint: server.endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      });
    },
    async end() {
      client.destroy();
      await server.stop();
    },
    async make(name) {
      await client.send(new CreateBucketCommand({ Bucket: name }));
      return { url: `s3://${name}`, env: server.env };
    },
    async keys(name) {
      const keys: string[] = [];
      for (let token: string | undefined; ;) {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: name, ContinuationToken: token }),
        );
        keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
        token = page.NextContinuationToken;
        if (token === undefined) return keys;
      }
    },
    content,
    async unfinished(name) {
      const page = await client.send(new ListMultipartUploadsCommand({ Bucket: name }));
      return (page.Uploads ?? []).map(({ Key = '' }) => Key);
    },
    async damage(name, key) {
      const bytes = (await content(name, key)) ?? Buffer.alloc(1);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: bytes }));
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
  };
}
