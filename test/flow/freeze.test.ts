/** freeze, freeze --check, and what migrate makes of them. */

import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { digestsOf, runFileOf } from '../kit/project.ts';
import { freezeCheck, freezeIt, project, runDry, runMigrate, uuid } from './registered.ts';

const ENTRIES = { dogs: [{ legacyId: 'a', targetUuid: uuid(1) }] };

interface Frozen {
  readonly who: string;
  readonly why: string;
  readonly when: string;
  readonly digest: string;
  readonly files: Readonly<Record<string, string>>;
}

function freezeOf(folder: string): Frozen {
  return JSON.parse(readFileSync(join(folder, 'mapping/freeze.json'), 'utf8')) as Frozen;
}

function edit(path: string): void {
  writeFileSync(path, ` ${readFileSync(path, 'utf8')}`);
}

/** What may become of a mapping, and what is said of it. */
const HARMS: readonly (readonly [string, string, (mapping: string) => void])[] = [
  ['changed', 'project.json', (mapping) => edit(join(mapping, 'project.json'))],
  ['changed', 'registries/dogs.ndjson', (mapping) => edit(join(mapping, 'registries/dogs.ndjson'))],
  [
    'added',
    'registries/cats.json',
    (mapping) => {
      const entry = { legacyId: 'x', targetUuid: uuid(9) };
      writeFileSync(join(mapping, 'registries/cats.json'), JSON.stringify([entry]));
    },
  ],
  ['removed', 'modules/pups.json', (mapping) => rmSync(join(mapping, 'modules/pups.json'))],
];

describe('freeze', () => {
  it('states the digest that the seal states, and changes nothing of what is sealed', async () => {
    const folder = project(['a'], ENTRIES);
    expect(await runMigrate(folder)).toMatchObject({ code: 0 });
    const before = digestsOf(join(folder, 'storage_candidate/v1'));
    expect(await freezeIt(folder)).toMatchObject({ code: 0 });
    const frozen = freezeOf(folder);
    const { digest } = runFileOf(folder).mapping;
    expect(frozen).toMatchObject({ who: 'Ada', why: 'CHG-1', digest });
    expect(frozen.when).toBe('1970-01-01T00:00:00.000Z');
    const files = digestsOf(join(folder, 'mapping'));
    files.delete('freeze.json');
    expect(frozen.files).toEqual(Object.fromEntries(files));
    expect(await runMigrate(folder)).toMatchObject({ code: 0 });
    expect(digestsOf(join(folder, 'storage_candidate/v1'))).toEqual(before);
  });

  it.each(HARMS)('finds a file that was %s: %s', async (change, file, harm) => {
    const folder = project(['a'], ENTRIES);
    const mapping = join(folder, 'mapping');
    const twin = readFileSync(join(mapping, 'modules/dogs.json'), 'utf8');
    const pups = twin.replace('"module":"dogs"', '"module":"pups"');
    writeFileSync(join(mapping, 'modules/pups.json'), pups);
    expect(await freezeIt(folder)).toMatchObject({ code: 0 });
    expect(await freezeCheck(folder)).toMatchObject({ code: 0, findings: [] });
    harm(mapping);
    const checked = await freezeCheck(folder);
    expect(checked.code).toBe(2);
    expect(checked.findings).toMatchObject([
      { rule: 'freeze', severity: 'BLOCKER', file: `mapping/${file}` },
    ]);
    const migrated = await runMigrate(folder);
    expect(migrated.code).toBe(64);
    expect(migrated.line).toContain(`(mapping/${file} ${change}): restore`);
    expect(existsSync(join(folder, 'storage_candidate'))).toBe(false);
    expect((await runDry(folder)).line).toBe('');
    const again = await freezeIt(folder, 'CHG-2');
    expect(again.notes.slice(2)).toEqual([
      '1 file changed since the previous freeze:',
      `  ${change} ${file}`,
    ]);
    expect((await runMigrate(folder)).line).toBe('');
  });

  it('ignores notes, backups and schemas', async () => {
    const folder = project(['a'], ENTRIES);
    await freezeIt(folder);
    const mapping = join(folder, 'mapping');
    writeFileSync(join(mapping, 'registries/README.md'), 'Ask Ada.');
    copyFileSync(join(mapping, 'project.json'), join(mapping, 'modules/.project.json.swp'));
    copyFileSync(join(mapping, 'project.json'), join(mapping, 'modules/dogs.json~'));
    expect(await freezeCheck(folder)).toMatchObject({ code: 0 });
    expect(await runMigrate(folder)).toMatchObject({ code: 0 });
    const again = await freezeIt(folder, 'CHG-2');
    expect(again.notes.at(-1)).toBe('nothing has changed since the previous freeze');
  });

  it('finds what it cannot load as a mapping, and freezes nothing like it', async () => {
    const folder = project(['a'], ENTRIES);
    await freezeIt(folder);
    const before = freezeOf(folder);
    writeFileSync(join(folder, 'mapping/modules/dogs.jsno'), '{');
    const { findings } = await freezeCheck(folder);
    expect(findings.map(({ file }) => file)).toEqual(['mapping/modules/dogs.jsno']);
    expect(await freezeIt(folder)).toMatchObject({ code: 64 });
    expect(freezeOf(folder)).toEqual(before);
  });

  it('refuses a digest that does not fit its files', async () => {
    const folder = project(['a'], ENTRIES);
    await freezeIt(folder);
    const forged = { ...freezeOf(folder), digest: '0'.repeat(64) };
    writeFileSync(join(folder, 'mapping/freeze.json'), JSON.stringify(forged));
    // Also where the journal does not know of a freeze.
    rmSync(join(folder, 'storage_journal'), { recursive: true });
    const { code, line } = await runMigrate(folder);
    expect([code, line]).toEqual([64, expect.stringMatching(/digest of the mapping is not/)]);
  });

  it.each<[string, (frozen: object) => unknown]>([
    ['of another format', (frozen) => ({ ...frozen, format: 2 })],
    ['with a member more', (frozen) => ({ ...frozen, approved: true })],
    ['without a reason', (frozen) => ({ ...frozen, why: undefined })],
    ['with a digest that is none', (frozen) => ({ ...frozen, files: { 'project.json': 'x' } })],
    ['that is a list', () => []],
  ])('refuses a freeze.json %s', async (_, forge) => {
    const folder = project(['a'], ENTRIES);
    await freezeIt(folder);
    const path = join(folder, 'mapping/freeze.json');
    writeFileSync(path, JSON.stringify(forge(freezeOf(folder))));
    for (const { code, line } of [await runMigrate(folder), await freezeCheck(folder)]) {
      expect([code, line]).toEqual([64, expect.stringMatching(/not written by sealift freeze/)]);
    }
  });

  it('writes through no link, and keeps the permissions of its file', async () => {
    const folder = project(['a'], ENTRIES);
    const path = join(folder, 'mapping/freeze.json');
    await freezeIt(folder);
    chmodSync(path, 0o640);
    await freezeIt(folder, 'CHG-2');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    rmSync(path);
    writeFileSync(join(folder, 'precious'), 'x');
    symlinkSync('../precious', path);
    expect(await freezeIt(folder)).toMatchObject({ code: 64 });
    expect(readFileSync(join(folder, 'precious'), 'utf8')).toBe('x');
  });

  it.each([
    ['', 'CHG-1'],
    ['Ada', ' '],
    ['A\u001B[31m', 'CHG-1'],
    ['A'.repeat(129), 'CHG-1'],
    ['Ada', 'line\nbreak'],
    ['Ada', '\ud800'],
  ])('refuses to say %j and %j', async (who, why) => {
    const folder = project(['a'], ENTRIES);
    expect(await freezeIt(folder, why, who)).toMatchObject({ code: 64 });
    expect(existsSync(join(folder, 'mapping/freeze.json'))).toBe(false);
  });

  it('fails a check of what was never frozen, and says how', async () => {
    const { code, line } = await freezeCheck(project(['a'], ENTRIES));
    expect(code).toBe(2);
    expect(line).toContain('freeze it with sealift freeze --who NAME --why TEXT');
  });
});
