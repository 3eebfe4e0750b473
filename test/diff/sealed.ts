/** Sealed candidates from records of our choice, written by the real writers. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import { differenceFinding } from '../../src/diff/differenceFinding.ts';
import { diffCandidates } from '../../src/diff/diffCandidates.ts';
import { openSide, type Meter } from '../../src/seal/opened/side.ts';
import { compileModule } from '../../src/mapping/compile/module.ts';
import { loadMapping } from '../../src/mapping/loadMapping.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { encodeKey, type KeyValue } from '../../src/record/keyOrder.ts';
import { moduleWriter } from '../../src/seal/moduleWriter.ts';
import { writeSeal, type Seal } from '../../src/seal/writeSeal.ts';
import { declaredPii } from '../kit/declaredPii.ts';
import { HASHING } from '../fault/fixture.ts';

/** Fields by name → type, and what else their mapping says. */
export type Fields = Readonly<Record<string, string | { readonly type: string }>>;
export type Row = Readonly<Record<string, unknown>>;

export interface ModuleData {
  readonly fields: Fields;
  /** Fields that make the key; `id` where left out. */
  readonly key?: readonly string[];
  /** Classes of personal data by field, which stay as they are. */
  readonly pii?: Readonly<Record<string, string>>;
  /** In any order. */
  readonly records: readonly Row[];
}

export type Data = Readonly<Record<string, ModuleData>>;

/** A folder that is removed with the test. */
export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sealift-diff-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Seals the records in `folder`, which it makes. */
export async function sealed(folder: string, data: Data, runId = 'run-test'): Promise<Seal> {
  writeMapping(folder, data);
  const mapping = await loadMapping(folder);
  rmSync(join(folder, 'mapping'), { recursive: true });
  const modules = [];
  for (const name of Object.keys(data).sort()) {
    const module = compileModule(mapping, name);
    const lines = (data[name]?.records ?? [])
      .map((record) => {
        const key = module.orderFields.map((field) => record[field] as KeyValue);
        return { key: encodeKey(module.orderTypes, key), text: `${canonicalJson(record)}\n` };
      })
      .sort((one, other) => one.key.compare(other.key))
      .map(({ text }) => Buffer.from(text));
    const writer = moduleWriter(folder, module, HASHING);
    let end = 0;
    const part = {
      bytes: Buffer.concat(lines),
      leaves: Buffer.concat(lines.map((line) => leafHash(line.subarray(0, -1)))),
      ends: Uint32Array.from(lines.map((line) => (end += line.length))),
    };
    writer.write(part, Buffer.alloc(0));
    modules.push(await writer.finish());
  }
  return writeSeal(folder, mapping, modules, {
    format: 1,
    tool: { name: 'sealift', version: '0.0.0' },
    timeZoneData: 'test',
    unicode: 'test',
    runId,
    asOf: null,
    sources: [],
    accounting: [],
  });
}

function writeMapping(folder: string, data: Data): void {
  mkdirSync(join(folder, 'mapping/modules'), { recursive: true });
  const put = (name: string, value: object): void => {
    writeFileSync(join(folder, 'mapping', name), JSON.stringify(value));
  };
  put('project.json', {
    format: 1,
    name: 'tests',
    namespace: '6ba7b810-9dad-41d1-80b4-00c04fd430c8',
    sources: { main: { url: 'sqlite:x.db' } },
  });
  for (const [module, { fields, key = ['id'], pii = {} }] of Object.entries(data)) {
    const all = Object.entries(fields).map(([name, of]) => [
      name,
      {
        column: name,
        ...(typeof of === 'string' ? { type: of } : of),
        ...(key.includes(name) &&
        !Object.hasOwn(pii, name) &&
        (typeof of === 'string' || !('harmless' in of))
          ? { harmless: true }
          : {}),
      },
    ]);
    const typeOf = (name: string): string => {
      const of = fields[name] ?? '';
      return typeof of === 'string' ? of : of.type;
    };
    put(`modules/${module}.json`, {
      module,
      source: { table: module },
      key: key.map((name) => ({ column: name, type: typeOf(name) })),
      id: { rule: 'keep' },
      fields: Object.fromEntries(all) as object,
      ...declaredPii(pii),
    });
  }
}

export interface Compared {
  readonly findings: readonly Finding[];
  readonly meter: Meter;
}

/** All differences between two candidates. */
export async function compared(a: string, b: string): Promise<Compared> {
  const meter: Meter = { read: 0, total: 0 };
  const findings: Finding[] = [];
  const all = diffCandidates(openSide('A', a, meter), openSide('B', b, meter));
  for await (const difference of all) findings.push(differenceFinding(difference));
  return { findings, meter };
}

/** Findings as `rule module recordId field`. */
export function brief({ findings }: Compared): string[] {
  return findings.map(({ rule, module, recordId, field }) =>
    [rule, module, recordId ?? '-', field ?? '-'].join(' '),
  );
}
