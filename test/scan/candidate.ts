/** Candidates made by hand for the tests of the scan: records of our choice, written as they are. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { FieldMapping, Mapping, ModuleMapping } from '../../src/mapping/model.ts';
import type { ProjectMapping } from '../../src/mapping/model.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { scanCandidate, type ScanInput } from '../../src/scan/scanCandidate.ts';

export type Fields = Readonly<Record<string, FieldMapping>>;

/** Records by module; a string is a line as it is. */
export type Data = Readonly<Record<string, readonly (object | string)[]>>;

/** A module that keeps its key, the field and column `id`. */
export function module(
  name: string,
  fields: Fields,
  more: Partial<ModuleMapping> = {},
): ModuleMapping {
  return {
    module: name,
    source: { table: name },
    key: [{ column: 'id', type: 'string' }],
    id: { rule: 'keep' },
    fields: { id: { column: 'id', type: 'string', harmless: true }, ...fields },
    ...more,
  };
}

/** A field of a column of its name. */
export function text(column: string, more: object = {}): FieldMapping {
  return { column, type: 'string', ...more };
}

export function mappingOf(
  modules: readonly ModuleMapping[],
  project: Partial<ProjectMapping> = {},
): Mapping {
  return {
    project: {
      format: 1,
      name: 'test',
      namespace: '6ba7b810-9dad-41d1-80b4-00c04fd430c8',
      sources: { main: { url: 'sqlite:x.db' } },
      ...project,
    },
    modules: [...modules].sort((a, b) => (a.module < b.module ? -1 : 1)),
    registries: new Map(),
  };
}

/** A folder that is removed with the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sealift-scan-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function writeCandidate(data: Data): string {
  const folder = scratchFolder();
  for (const [name, records] of Object.entries(data)) {
    mkdirSync(join(folder, name));
    const lines = records.map((record) =>
      typeof record === 'string' ? `${record}\n` : `${canonicalJson(record)}\n`,
    );
    writeFileSync(join(folder, name, 'data.ndjson'), lines.join(''));
  }
  return folder;
}

export type Options = Partial<Omit<ScanInput, 'mapping' | 'folder' | 'scratch'>>;

/** All findings of a scan. */
export async function scanned(
  mapping: Mapping,
  folder: string,
  options: Options = {},
): Promise<Finding[]> {
  const found: Finding[] = [];
  const scan = scanCandidate({
    mapping,
    folder,
    scratch: scratchFolder(),
    memory: 64 * 1024 * 1024,
    ...options,
  });
  for await (const finding of scan) found.push(finding);
  return found;
}

/** Findings as `rule module recordId-or-member-rows field`. */
export function brief(findings: readonly Finding[]): string[] {
  return findings.map(({ rule, module: name, recordId, members, field }) => {
    const rows = members?.map(({ row }) => row).join(',');
    return [rule, name, recordId ?? rows ?? '-', field].join(' ');
  });
}
