/**
 * docs/vectors and docs/format.md: every published vector is computed again, by Sealift's code and,
 * where that is a few lines, by others that share nothing with it.
 */

import { createHash, createHmac } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { decodeKey, encodeKey, type KeyValue } from '../../src/record/keyOrder.ts';
import { KINDS, parseType, type FieldType } from '../../src/record/type.ts';
import { uuidV5, uuidV5OfBytes, uuidV8 } from '../../src/record/uuid.ts';
import { isOrdered } from '../../src/record/keyOrder.ts';

interface KeyOrder {
  readonly groups: readonly {
    readonly types: readonly string[];
    readonly keys: readonly { readonly key: readonly KeyValue[]; readonly encoded: string }[];
  }[];
}

interface Ids {
  readonly namespace: string;
  readonly secretKey: string;
  readonly uuid: readonly {
    readonly module: string;
    readonly key: readonly unknown[];
    readonly name: string;
    readonly id: string;
  }[];
  readonly keyless: readonly {
    readonly module: string;
    readonly content: string;
    readonly ordinal: number;
    readonly name: string;
    readonly id: string;
    readonly idWithKey: string;
  }[];
  readonly blind: readonly {
    readonly module: string;
    readonly key: readonly unknown[];
    readonly message: string;
    readonly blind: string;
  }[];
}

interface Tiny {
  readonly project: unknown;
  readonly module: { readonly module: string };
  readonly source: readonly string[];
  readonly data: readonly string[];
  readonly leaves: readonly string[];
  readonly node: string;
  readonly root: string;
  readonly lineage: readonly string[];
  readonly schema: string;
  readonly merkle: string;
  readonly ranges: readonly string[];
  readonly form: string;
  readonly dataRootLeaf: string;
  readonly dataRoot: string;
}

function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(join('docs/vectors', name), 'utf8'));
}

const PAGE = readFileSync('docs/format.md', 'utf8');

function typesOf(texts: readonly string[]): FieldType[] {
  return texts.map((text) => {
    const type = parseType(text);
    if (type === null) throw new Error(`${text} is no type`);
    return type;
  });
}

function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
}

describe('docs/vectors/key-order.json', () => {
  const { groups } = readVectors('key-order.json') as KeyOrder;

  it.each(groups)('encodes and decodes keys of $types', ({ types, keys }) => {
    expect(keys.length).toBeGreaterThan(1);
    for (const { key, encoded } of keys) {
      expect(encodeKey(typesOf(types), key).toString('hex')).toBe(encoded);
      expect(decodeKey(typesOf(types), Buffer.from(encoded, 'hex'))).toEqual(key);
    }
  });

  it.each(groups)('lists keys of $types in ascending order', ({ keys }) => {
    for (const [index, { encoded }] of keys.slice(1).entries()) {
      const before = Buffer.from(keys[index]?.encoded ?? '', 'hex');
      expect(Buffer.compare(before, Buffer.from(encoded, 'hex'))).toBe(-1);
    }
  });

  it('covers every kind of type that has an order', () => {
    const covered = new Set(groups.flatMap(({ types }) => typesOf(types)).map(({ kind }) => kind));
    const digits = new Set(['decimal', 'time', 'timestamp', 'timestamptz']);
    const ordered = KINDS.filter((kind) => {
      const type = parseType(digits.has(kind) ? `${kind}(3)` : kind);
      return type !== null && isOrdered(type);
    });
    expect([...covered].sort()).toEqual(ordered);
  });

  it('is shown in docs/format.md', () => {
    const rows = [...PAGE.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| `([0-9a-f]+)` \|$/gm)];
    expect(rows.length).toBeGreaterThan(15);
    for (const [, types = '', key = '', encoded] of rows) {
      const parts = typesOf(types.split(', '));
      expect([key, encodeKey(parts, JSON.parse(key) as KeyValue[]).toString('hex')]).toEqual([
        key,
        encoded,
      ]);
    }
  });
});

/** Version and variant as RFC 9562 §4 has them, on 16 bytes. */
function asUuid(bytes: Buffer, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

describe('docs/vectors/ids.json', () => {
  const ids = readVectors('ids.json') as Ids;
  const space = Buffer.from(ids.namespace.replaceAll('-', ''), 'hex');
  const secret = Buffer.from(ids.secretKey, 'hex');
  const v5 = (name: string): string =>
    asUuid(createHash('sha1').update(space).update(name).digest(), 5);

  it.each(ids.uuid)('makes the id of $name', ({ module, key, name, id }) => {
    expect(name).toBe(JSON.stringify([module, ...key]));
    expect([v5(name), uuidV5(ids.namespace)(name)]).toEqual([id, id]);
    expect(PAGE).toContain(id);
  });

  it.each(ids.keyless)('makes the id of equal record $ordinal', (vector) => {
    const { name, id, idWithKey } = vector;
    expect(name).toBe(`"${vector.module}"${vector.content}${vector.ordinal}`);
    expect([v5(name), uuidV5OfBytes(ids.namespace, Buffer.from(name))]).toEqual([id, id]);
    const keyed = createHmac('sha256', secret).update(name).digest();
    expect([asUuid(keyed, 8), uuidV8(secret, Buffer.from(name))]).toEqual([idWithKey, idWithKey]);
  });

  it.each(ids.blind)('blinds $message', ({ module, key, message, blind }) => {
    expect(message).toBe(JSON.stringify([module, ...key]));
    const hmac = createHmac('sha256', secret).update(message).digest();
    expect(hmac.subarray(0, 16).toString('base64url')).toBe(blind);
    expect(PAGE).toContain(blind);
  });
});

/** Migrates `vectors` in a folder and returns its candidate. */
function migrate(
  folder: string,
  vectors: Pick<Tiny, 'project' | 'module' | 'source'>,
  env: Record<string, string> = {},
): string {
  mkdirSync(join(folder, 'mapping/modules'), { recursive: true });
  const { module } = vectors.module;
  writeFileSync(join(folder, `${module}.ndjson`), vectors.source.map((l) => `${l}\n`).join(''));
  writeFileSync(join(folder, 'mapping/project.json'), JSON.stringify(vectors.project));
  writeFileSync(join(folder, `mapping/modules/${module}.json`), JSON.stringify(vectors.module));
  const args = ['src/cli/main.ts', 'migrate', '--project', folder];
  const ran = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  expect([ran.status, ran.stdout]).toEqual([0, expect.stringContaining('migrate: DONE')]);
  return join(folder, 'storage_candidate/v1');
}

describe('docs/vectors/tiny-module.json', () => {
  const tiny = readVectors('tiny-module.json') as Tiny;
  const ids = readVectors('ids.json') as Ids;
  let folder = '';
  let candidate = '';
  const lines = (name: string): string[] =>
    readFileSync(join(candidate, name), 'utf8').split('\n').slice(0, -1);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vectors-'));
    candidate = migrate(join(folder, 'tiny'), tiny);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('is what a run writes', () => {
    expect(lines('dog/data.ndjson')).toEqual(tiny.data);
    expect(lines('dog/lineage.ndjson')).toEqual(tiny.lineage);
    expect(lines('dog/schema.json')).toEqual([tiny.schema]);
    expect(lines('dog/checksums/merkle.json')).toEqual([tiny.merkle]);
    expect(lines('dog/checksums/ranges.ndjson')).toEqual(tiny.ranges);
    const run = JSON.parse(lines('checksums/run.json')[0] ?? '') as { dataRoot: string };
    expect(run.dataRoot).toBe(tiny.dataRoot);
  });

  it('has leaves, node and root by hand', () => {
    const leaves = tiny.data.map((line) => sha256('\0', line));
    expect(leaves.map((leaf) => leaf.toString('hex'))).toEqual(tiny.leaves);
    const [first, second, third] = leaves as [Buffer, Buffer, Buffer];
    const node = sha256('\x01', first, second);
    expect(node.toString('hex')).toBe(tiny.node);
    expect(sha256('\x01', node, third).toString('hex')).toBe(tiny.root);
    const { root, segments } = JSON.parse(tiny.merkle) as { root: string; segments: string[] };
    expect([root, segments]).toEqual([tiny.root, [tiny.root]]);
    const end = Buffer.byteLength(tiny.data.join('\n')) + 1;
    const digest = sha256(...leaves).toString('hex');
    const last = '["63f943e5-955b-5599-9620-57dd9a275fe2"]';
    expect(tiny.ranges).toEqual([`{"count":3,"digest":"${digest}","end":${end},"last":${last}}`]);
  });

  it('has a data root by hand', () => {
    expect(tiny.schema).toContain(`"form":${tiny.form},"source"`);
    const schema = sha256(tiny.form).toString('hex');
    const leaf = `{"count":3,"module":"dog","root":"${tiny.root}","schema":"${schema}"}`;
    expect(tiny.dataRootLeaf).toBe(leaf);
    expect(sha256('\0', leaf).toString('hex')).toBe(tiny.dataRoot);
  });

  it('is shown in docs/format.md', () => {
    for (const text of [...tiny.data, ...tiny.leaves, tiny.node, tiny.root, tiny.dataRootLeaf]) {
      expect(PAGE).toContain(text);
    }
    const more = [tiny.dataRoot, tiny.merkle, tiny.form, ...tiny.ranges];
    for (const text of [...more, ...tiny.lineage.slice(0, 1)]) {
      expect(PAGE).toContain(text);
    }
  });

  it.each(['id', 'idWithKey'] as const)('makes keyless ids in a run (%s)', (which) => {
    const [vector] = ids.keyless;
    const content = vector?.content ?? '';
    const fields = Object.fromEntries(
      Object.keys(JSON.parse(content) as object).map((name) => [
        name,
        { column: name, type: name === 'minutes' ? 'integer' : 'string' },
      ]),
    );
    const keyed = which === 'idWithKey';
    const module = {
      module: 'walk',
      source: { table: 'walk' },
      key: [],
      id: keyed ? { rule: 'keyless', key: 'k1' } : { rule: 'keyless' },
      fields,
      ...(keyed ? { blind: 'k1' } : {}),
    };
    const project = {
      ...(tiny.project as object),
      sources: { main: { url: 'ndjson:walk.ndjson' } },
    };
    const source = Array.from({ length: 11 }, () => content);
    const env = { SEALIFT_KEY_K1: ids.secretKey };
    const made = migrate(join(folder, which), { project, module, source }, env);
    const text = readFileSync(join(made, 'walk/data.ndjson'), 'utf8');
    const records = text
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l) as Record<string, string>);
    const found = records.map((record) => record['id']);
    for (const { [which]: id } of ids.keyless) expect(found).toContain(id);
    const secret = Buffer.from(ids.secretKey, 'hex');
    for (const record of keyed ? records : []) {
      const hmac = createHmac('sha256', secret).update(JSON.stringify(['walk', record['id']]));
      expect(record['~']).toBe(hmac.digest().subarray(0, 16).toString('base64url'));
    }
  });
});
