/** The files of the rows and the objects of the store are never in one folder. */

import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { attachments, declareAttachments } from './project.ts';
import { sqlitePlace } from './rowPlaces.ts';

const work = workFolder('attachments-apart');

describe('a store that is a folder', () => {
  it.each([
    ['below the files', 'uploads', 'folder:uploads/objects'],
    ['above the files', 'all/uploads', 'folder:all'],
    ['the folder of the files', 'uploads', 'folder:uploads'],
    ['a link to the folder of the files', 'uploads', 'folder:link'],
  ])('is refused if it is %s', async (name, root, store) => {
    const project = join(work, name.replaceAll(' ', '-'));
    mkdirSync(join(project, root), { recursive: true });
    symlinkSync(join(project, root), join(project, 'link'));
    const { url } = await sqlitePlace().make(project, 'app', [{ id: 1, path: 'a' }]);
    declareAttachments(project, { database: url, root, store });
    const ran = await attachments(project, ['plan']);
    expect(ran.code).toBe(64);
    expect(ran.stderr).toContain('the files and the store share a folder');
  });

  it('is taken beside the files, whatever their names begin with', async () => {
    const project = join(work, 'beside');
    mkdirSync(join(project, 'uploads'), { recursive: true });
    const { url } = await sqlitePlace().make(project, 'app', [{ id: 1, path: 'a' }]);
    declareAttachments(project, { database: url, root: 'uploads', store: 'folder:uploads-moved' });
    expect((await attachments(project, ['plan'])).stderr).toContain('1 file cannot');
  });
});
