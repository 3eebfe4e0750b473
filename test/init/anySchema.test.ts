/** Whatever objects a source has, under whatever names: what init writes accounts for each of them. */

import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { mappingFiles } from '../../src/init/mappingFiles.ts';
import { unaccounted } from '../../src/mapping/check/objects.ts';
import { anySchema, applySchema } from '../source/anySchema.ts';
import { inFolder, propose, rejections, withDatabase } from './database.ts';

it('a mapping that init writes is taken as it is, and accounts for every object of any schema', async () => {
  await fc.assert(
    fc.asyncProperty(anySchema, fc.constantFrom('keep', 'uuid'), async (statements, ids) => {
      await inFolder(async (folder) => {
        const file = join(folder, 'legacy.db');
        const db = new Database(file);
        db.pragma('synchronous = OFF');
        applySchema(db, statements);
        db.close();
        await withDatabase(file, async (opened) => {
          const proposal = await propose(opened, ids);
          expect(await rejections(opened, proposal)).toEqual([]);
          const mapping = { ...proposal, registries: new Map<string, string>() };
          expect(unaccounted(mapping, 'main', opened.source.objects ?? [])).toEqual([]);
          const names = mappingFiles(proposal).map(({ name }) => name.toLowerCase());
          expect(new Set(names).size).toBe(names.length);
        });
      });
    }),
    { numRuns: 30 },
  );
});
