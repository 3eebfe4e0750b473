/** A real gateway that is killed and started again while objects are put: none is lost, none is wrong. */

import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';

import { s3Stores } from '../../src/objects/s3.ts';
import { times } from '../kit/long.ts';
import { hasRgw, startRgw } from '../kit/rgw.ts';

const PATIENCE = { attempts: 12, pauseMs: 20, longestPauseMs: 1000, stallMs: 10_000 };
const KILLS = times('SEALIFT_KILLS_RGW', 2, 20, 6);

describe.runIf(hasRgw())('a gateway that crashes', () => {
  it('loses no object that was put', async () => {
    const server = await startRgw();
    const client = new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: server,
    });
    await client.send(new CreateBucketCommand({ Bucket: 'crash' }));
    const adapter = s3Stores(PATIENCE);
    const store = await adapter.open(adapter.parse('//crash', '/'), {
      writes: true,
      concurrency: 8,
      variables: server.env,
      signal: new AbortController().signal,
      now: () => new Date(),
    });
    const sums = new Map<string, string>();
    const enough = new AbortController();
    const writer = async (name: number): Promise<void> => {
      for (let at = 0; !enough.signal.aborted; at += 1) {
        const bytes = Buffer.alloc(20_000, `${name} ${at}`);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const key = `${name}/${at}`;
        await store.put(key, bytes, { size: bytes.length, sha256, contentType: null });
        sums.set(key, sha256);
        expect(await store.head(key)).toMatchObject({ size: bytes.length, stated: sha256 });
      }
    };
    const writers = Promise.all(Array.from({ length: 8 }, (_, name) => writer(name)));
    for (let kill = 0; kill < KILLS; kill += 1) {
      await pause(100 + kill * 17);
      await server.restart();
    }
    enough.abort();
    await writers;
    const keys: string[] = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys.toSorted()).toEqual([...sums.keys()].toSorted());
    for (const [key, sum] of sums) {
      const hash = createHash('sha256');
      for await (const chunk of (await store.read(key)) ?? []) hash.update(chunk);
      expect(hash.digest('hex')).toBe(sum);
    }
    expect(sums.size).toBeGreaterThan(8);
    await store.close();
    client.destroy();
    await server.stop();
  });
});
