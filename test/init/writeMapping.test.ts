import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assertNoMapping, writeMapping } from '../../src/init/writeMapping.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { inFolder } from './database.ts';

const FILES = [
  { name: 'schema/project.schema.json', text: 'schema' },
  { name: 'DECISIONS.md', text: 'decisions' },
  { name: 'modules/a.json', text: 'a' },
  { name: 'modules/b.json', text: 'b' },
  { name: 'project.json', text: 'project' },
];
const ROOT = process.getuid?.() === 0;

/** Every file and folder below, with its content. */
function tree(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = new Set(
    entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)),
  );
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name);
      return [name, files.has(path) ? readFileSync(path, 'utf8') : ''];
    }),
  );
}

const WRITTEN = {
  mapping: '',
  'mapping/schema': '',
  'mapping/modules': '',
  ...Object.fromEntries(FILES.map(({ name, text }) => [`mapping/${name}`, text])),
};

describe('writeMapping', () => {
  it('writes all files, with folders that are not there yet', async () => {
    await inFolder((folder) => {
      writeMapping(join(folder, 'new/mapping'), FILES);
      expect(tree(join(folder, 'new'))).toEqual(WRITTEN);
    });
  });

  it('fills an empty folder, and one with a README, the same schema or no modules', async () => {
    await inFolder((folder) => {
      mkdirSync(join(folder, 'mapping'));
      writeMapping(join(folder, 'mapping'), FILES);
      expect(tree(folder)).toEqual(WRITTEN);
    });
    await inFolder((folder) => {
      mkdirSync(join(folder, 'mapping/schema'), { recursive: true });
      mkdirSync(join(folder, 'mapping/modules'));
      writeFileSync(join(folder, 'mapping/README.md'), 'read me');
      writeFileSync(join(folder, 'mapping/schema/project.schema.json'), 'schema');
      writeMapping(join(folder, 'mapping'), FILES);
      expect(tree(folder)).toEqual({ ...WRITTEN, 'mapping/README.md': 'read me' });
    });
  });

  it('never writes over a mapping, and changes nothing', async () => {
    const there = ['project.json', 'modules/x.json', 'DECISIONS.md', 'schema/project.schema.json'];
    for (const name of there) {
      await inFolder((folder) => {
        const path = join(folder, 'mapping', name);
        mkdirSync(join(path, '..'), { recursive: true });
        writeFileSync(path, 'mine');
        const before = tree(folder);
        expect(() => writeMapping(join(folder, 'mapping'), FILES)).toThrow(Failure);
        expect(tree(folder)).toEqual(before);
      });
    }
  });

  it('names what is there', async () => {
    await inFolder((folder) => {
      expect(() => assertNoMapping(join(folder, 'mapping'))).not.toThrow();
      mkdirSync(join(folder, 'mapping'));
      symlinkSync('/nowhere', join(folder, 'mapping/project.json'));
      const expected = { code: 'USAGE', where: join(folder, 'mapping/project.json') };
      expect(() => assertNoMapping(join(folder, 'mapping'))).toThrow(
        expect.objectContaining(expected),
      );
      writeFileSync(join(folder, 'file'), '');
      expect(() => assertNoMapping(join(folder, 'file'))).toThrow(Failure);
    });
  });

  it('removes all that it wrote when one file fails', async () => {
    await inFolder((folder) => {
      mkdirSync(join(folder, 'mapping/modules/b.json.d'), { recursive: true });
      const files = [...FILES, { name: 'modules', text: 'cannot be a file and a folder' }];
      const before = tree(folder);
      expect(() => writeMapping(join(folder, 'mapping'), files)).toThrow(Failure);
      expect(tree(folder)).toEqual(before);
    });
  });

  it.skipIf(ROOT)('says which folder cannot be written', async () => {
    await inFolder((folder) => {
      chmodSync(folder, 0o500);
      const expected = { code: 'DISK', where: join(folder, 'mapping') };
      expect(() => writeMapping(join(folder, 'mapping'), FILES)).toThrow(
        expect.objectContaining(expected),
      );
      chmodSync(folder, 0o700);
      expect(existsSync(join(folder, 'mapping'))).toBe(false);
    });
  });

  it.skipIf(!existsSync('/proc/self'))('ends where no folder can be made', () => {
    expect(() => writeMapping('/proc/sealift/mapping', [])).toThrow(Failure);
  });
});
