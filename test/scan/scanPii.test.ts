/** scan-pii: personal data, and nothing else. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, it } from 'vitest';

import { scanAll, scanPii, sealedProject, type SealedProject } from './project.ts';

let project: SealedProject;

/** Replaces members of a module's mapping. */
function edit(
  path: string,
  name: string,
  change: (fields: Record<string, object>) => object,
): void {
  const file = join(path, `mapping/modules/${name}.json`);
  const module = JSON.parse(readFileSync(file, 'utf8')) as { fields: Record<string, object> };
  writeFileSync(file, JSON.stringify({ ...module, ...change(module.fields) }));
}

beforeAll(async () => {
  project = await sealedProject((path) => {
    // A declaration less, and ten records of one constant that ought to be unique.
    edit(path, 'owners', (fields) => ({
      fields: { ...fields, mail: { column: 'mail', type: 'string' } },
      pii: undefined,
    }));
    edit(path, 'dogs', (fields) => ({
      fields: { ...fields, kind: { constant: 'dog', type: 'string' } },
      unique: [['kind']],
    }));
  });
});

function rulesOf({ findings }: Awaited<ReturnType<typeof scanPii>>): string[] {
  return [...new Set(findings.map(({ rule, module }) => `${rule} ${module ?? ''}`))].sort();
}

it('finds personal data in fields that do not declare it, once for each record', async () => {
  const scanned = await scanPii(project, null);
  expect(rulesOf(scanned)).toEqual(['pii-undeclared owners']);
  expect(scanned.findings).toHaveLength(10);
  expect(scanned.outcome).toMatchObject({ command: 'scan-pii', status: 'FAIL' });
  expect(scanned.outcome.checked?.isPartial).toBeUndefined();
});

it('says of references that they are some, not that they are undeclared', async () => {
  const { outcome } = await scanPii(project, ['dogs']);
  const fields = outcome.checked?.privacy?.flatMap((module) => module.fields) ?? [];
  const treatments = new Map(fields.map(({ field, treatment }) => [field, treatment]));
  expect([...new Set(treatments.values())].sort()).toEqual(['reference', 'undeclared']);
  expect(treatments.get('kind')).toBe('undeclared');
});

it('leaves other defects to scan-all (negative control)', async () => {
  expect(rulesOf(await scanAll(project))).toEqual(['pii-undeclared owners', 'unique dogs']);
});

it('looks at the modules that it is told', async () => {
  const { outcome, findings } = await scanPii(project, ['dogs', 'visits']);
  expect(findings).toEqual([]);
  expect(outcome.modules.map(({ module }) => module)).toEqual(['dogs', 'visits']);
  expect(outcome.checked?.isPartial).toBe(true);
  await expect(scanPii(project, ['nobody'])).rejects.toMatchObject({ code: 'USAGE' });
});
