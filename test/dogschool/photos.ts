/** Photos of the dogs: files on disk and the rows that name them, as an application keeps uploads. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { randomOf } from './random.ts';

/** Makes a project with so many photos, and declares where they are and where they go. */
export function makePhotos(project: string, count: number): void {
  mkdirSync(join(project, 'mapping'), { recursive: true });
  mkdirSync(join(project, 'uploads'), { recursive: true });
  const random = randomOf(1, 'photos');
  const database = new Database(join(project, 'app.db'));
  database.exec(`CREATE TABLE photos
    (id INTEGER PRIMARY KEY, disk_path TEXT, storage_key TEXT, content_type TEXT)`);
  const insert = database.prepare("INSERT INTO photos VALUES (?, ?, NULL, 'image/jpeg')");
  for (let id = 1; id <= count; id += 1) {
    const bytes = Buffer.from(Array.from({ length: 2000 }, () => random.integer(0, 255)));
    writeFileSync(join(project, 'uploads', `dog-${id}.jpg`), bytes);
    insert.run(id, `dog-${id}.jpg`);
  }
  database.close();
  const table = {
    table: 'photos',
    id: 'id',
    path: 'disk_path',
    key: 'storage_key',
    contentType: 'content_type',
  };
  const mapping = {
    format: 1,
    database: 'sqlite:app.db',
    root: 'uploads',
    store: 'folder:objects',
    tables: [table],
  };
  writeFileSync(join(project, 'mapping/attachments.json'), `${JSON.stringify(mapping, null, 2)}\n`);
}
