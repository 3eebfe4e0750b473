/** A source that changes while it is read fails the run, and nothing of it is published. */

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import type { Environment } from '../../src/run/environment.ts';
import { init } from '../../src/flow/init.ts';
import { migrate } from '../../src/flow/migrate.ts';
import { Failure } from '../../src/outcome/failure.ts';
import type { SourceAdapter } from '../../src/source/source.ts';
import { start } from '../kit/run.ts';
import { ENVIRONMENT, temporaryFolder, treeOf, writeKennel } from './fixture.ts';

/** An adapter whose source is changed once every row was read, just before the run asks. */
function changedLate(adapter: SourceAdapter, change: () => void): SourceAdapter {
  return {
    ...adapter,
    async prepare(location, options) {
      const prepared = await adapter.prepare(location, options);
      return {
        ...prepared,
        assertUnchanged: async () => {
          change();
          await prepared.assertUnchanged();
        },
      };
    },
  };
}

/** An adapter whose source is changed between the first look at it and its reading. */
function changedEarly(adapter: SourceAdapter, change: () => void): SourceAdapter {
  return {
    ...adapter,
    async prepare(location, options) {
      const prepared = await adapter.prepare(location, options);
      change();
      return prepared;
    },
  };
}

type When = typeof changedLate;

function environment(scheme: string, when: When, change: () => void): Environment {
  const adapters = new Map(ENVIRONMENT.adapters);
  adapters.set(scheme, when(adapters.get(scheme) as SourceAdapter, change));
  return { ...ENVIRONMENT, adapters };
}

const RECORDS = Array.from({ length: 300 }, (_, id) => ({ id: id + 1, name: `Geheimnis ${id}` }));

describe('a source that changes while it is read', () => {
  let project: string;

  beforeEach(() => {
    project = temporaryFolder();
  });
  afterEach(() => {
    rmSync(project, { recursive: true });
  });

  const path = (name: string): string => join(project, name);

  const SOURCES: readonly (readonly [string, string, () => void, () => void])[] = [
    [
      'NDJSON that grows',
      'ndjson:a.ndjson',
      () => {
        writeFileSync(path('a.ndjson'), RECORDS.map((one) => `${JSON.stringify(one)}\n`).join(''));
      },
      () => {
        appendFileSync(path('a.ndjson'), '{"id":301,"name":"x"}\n');
      },
    ],
    [
      'a JSON array in which one letter changes',
      'json:a.json',
      () => {
        writeFileSync(path('a.json'), JSON.stringify(RECORDS));
      },
      () => {
        writeFileSync(
          path('a.json'),
          JSON.stringify(RECORDS).replace('Geheimnis 7', 'Geheimnis 8'),
        );
      },
    ],
    [
      'CSV that shrinks',
      'csv:a.csv',
      () => {
        const lines = RECORDS.map(({ id, name }) => `${id},${name}\n`);
        writeFileSync(path('a.csv'), `id,name\n${lines.join('')}`);
      },
      () => {
        writeFileSync(path('a.csv'), 'id,name\n1,x\n');
      },
    ],
    [
      'a database that is replaced',
      'sqlite:a.db',
      () => {
        writeKennel(path('a.db'), 20);
      },
      () => {
        copyFileSync(path('a.db'), path('b.db'));
        renameSync(path('b.db'), path('a.db'));
      },
    ],
  ];

  for (const [name, url, write, change] of SOURCES) {
    for (const when of [changedLate, changedEarly]) {
      it(`fails the run: ${name}, ${when === changedLate ? 'late' : 'early'}`, async () => {
        write();
        const [scheme = '', file = ''] = url.split(':');
        const options = { project, cwd: project, source: url, ids: 'uuid' } as const;
        await init(options, ENVIRONMENT);
        const run = {
          project,
          cwd: project,
          sources: new Map<string, string>(),
          runId: 'run',
          failAfter: null,
          allowRejected: 0,
          workers: 1,
          memory: 2 ** 28,
        };
        const env = environment(scheme, when, change);
        const error = await migrate(run, env, openFindings(project)).catch(
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(Failure);
        const { code, message } = error as Failure;
        expect([code, existsSync(path('storage_candidate/v1'))]).toEqual(['SOURCE_CHANGED', false]);
        expect((error as Failure).line()).toContain(file);
        expect((error as Failure).line()).not.toContain('Geheimnis');
        expect(message).toMatch(/changed while it was read|but \d+ were read/);
        expect([...treeOf(path('storage_candidate')).keys()]).toEqual(['.lock']);
      });
    }
  }

  it('fails init too, which writes no mapping', async () => {
    const [, url, write, change] = SOURCES[0] as (typeof SOURCES)[number];
    write();
    const env = environment('ndjson', changedLate, change);
    const options = { project, cwd: project, source: url, ids: 'uuid' } as const;
    await expect(init(options, env)).rejects.toThrow('the source changed while it was read');
    expect(existsSync(path('mapping'))).toBe(false);
  });

  it('is seen by the command itself, while another process writes', async () => {
    const lines = Array.from({ length: 8000 }, (_, id) => `{"id":${id},"name":"x"}\n`);
    writeFileSync(path('a.ndjson'), lines.join(''));
    const options = { project, cwd: project, source: 'ndjson:a.ndjson', ids: 'uuid' } as const;
    await init(options, ENVIRONMENT);
    const running = start(['migrate', '--project', project]);
    for (let id = 8000; running.child.exitCode === null; id += 1) {
      appendFileSync(path('a.ndjson'), `{"id":${id},"name":"x"}\n`);
      await wait(1);
    }
    const { code, stderr } = await running.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /sealift migrate: the source changed while it was read \(.+a\.ndjson\): wait until it is /,
    );
    expect(existsSync(path('storage_candidate/v1'))).toBe(false);
  });
});
