/** Files of uploads with every kind of trouble, and what has to become of each. */

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { UploadRow } from './rowPlaces.ts';

export interface Upload {
  readonly row: UploadRow;
  /** What the object has to hold; null where the row must not move. */
  readonly content: Buffer | null;
  /** Part of the reason of the finding, where the row must not move. */
  readonly reason?: string;
}

interface Planter {
  readonly root: string;
  readonly id: number;
  /** Whether the database can hold a path that is no text. */
  readonly bytesAsPath: boolean;
}

type Plant = (at: Planter) => Upload;

const MIB = 2 ** 20;

function write(root: string, path: string | Buffer, content: Buffer): Buffer {
  if (typeof path === 'string') {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  } else {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), path]), content);
  }
  return content;
}

/** Plants a file of this size that moves. */
function plain(size: (id: number) => number, nameOf: (id: number) => string): Plant {
  return ({ root, id }) => {
    const content = write(root, nameOf(id), randomBytes(size(id)));
    return { row: { id, path: nameOf(id), size: content.length }, content };
  };
}

function refused(reason: string, path: (at: Planter) => string | Buffer): Plant {
  return (at) => ({ row: { id: at.id, path: path(at) }, content: null, reason });
}

const small = (id: number): number => 1 + ((id * 7919) % 40_000);

/** One of each kind, in the order of the ids. */
const KINDS: readonly Plant[] = [
  plain(small, (id) => `2024/${id}.bin`),
  plain(
    () => 0,
    (id) => `empty/${id}`,
  ),
  plain(small, (id) => `Ünïcode/Grüße ${id} é`.normalize('NFC')),
  plain(small, (id) => `Ünïcode/Grüße ${id} é`.normalize('NFD')),
  plain(small, (id) => ` blank ${id} .pdf `),
  plain(small, (id) => `odd/#${id}?a=b%20+c&d;e'f"g\\h<i>.txt`),
  plain(small, (id) => `odd/new\nline ${id}\t.txt`),
  plain(small, (id) => `long/${String(id).padStart(255, 'n')}`),
  plain(small, (id) => `${`${'d'.repeat(120)}/`.repeat(7)}${String(id).padStart(150, 'p')}`),
  plain(small, (id) => `emoji/🔑-${id}-文件.bin`),
  refused('the file is missing: restore it', ({ id }) => `missing/${id}`),
  refused("in Unicode's form NFD", ({ root, id }) => {
    write(root, `forms/é${id}`.normalize('NFD'), Buffer.from('x'));
    return `forms/é${id}`.normalize('NFC');
  }),
  refused('is outside of the root', ({ root, id }) => {
    write(root, `../outside/${id}`, Buffer.from('outside'));
    return `../outside/${id}`;
  }),
  refused('is outside of the root', ({ id }) => `/etc/${id}/../passwd`),
  refused('a link in its path points out of the root', ({ root, id }) => {
    write(root, `../outside/${id}`, Buffer.from('outside'));
    symlinkSync(join(root, '../outside'), join(root, `link-${id}`));
    return `link-${id}/${id}`;
  }),
  refused('names a symbolic link', ({ root, id }) => {
    write(root, `linked/${id}`, Buffer.from('inside'));
    symlinkSync(`${id}`, join(root, `linked/to-${id}`));
    return `linked/to-${id}`;
  }),
  refused('names a pipe', ({ root, id }) => {
    mkdirSync(join(root, 'pipes'), { recursive: true });
    execFileSync('mkfifo', [join(root, `pipes/${id}`)]);
    return `pipes/${id}`;
  }),
  refused('names a folder', ({ root, id }) => {
    mkdirSync(join(root, `folders/${id}`), { recursive: true });
    return `folders/${id}`;
  }),
  refused('its path is empty', () => ''),
  refused('too long for this system', ({ id }) => `${'x'.repeat(256)}${id}`),
  ({ root, id, bytesAsPath }) => {
    const name = Buffer.concat([Buffer.from(`${id}-`), Buffer.of(0xff, 0xfe)]);
    write(root, name, Buffer.from('name'));
    if (bytesAsPath)
      return { row: { id, path: name }, content: null, reason: 'is not text in UTF-8' };
    return { row: { id, path: `${id}-ÿþ` }, content: null, reason: 'the file is missing' };
  },
  ({ root, id }) => {
    write(root, `wrong-size/${id}`, Buffer.from('12345'));
    const row = { id, path: `wrong-size/${id}`, size: 6 };
    return { row, content: null, reason: 'the size that its row states' };
  },
  ({ root, id }) => {
    const content = write(root, `sums/${id}`, randomBytes(small(id)));
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { row: { id, path: `sums/${id}`, sha256: sha256.toUpperCase() }, content };
  },
  ({ root, id }) => {
    write(root, `sums/wrong-${id}`, Buffer.from('12345'));
    const row = { id, path: `sums/wrong-${id}`, sha256: '0'.repeat(64) };
    return { row, content: null, reason: 'the SHA-256 that its row states' };
  },
];

/** A file of two parts. */
const LARGE: Plant = plain(
  () => 17 * MIB,
  (id) => `large/${id}.mov`,
);

export interface PlantOptions {
  readonly count: number;
  /** How many of them are stored in parts. */
  readonly large: number;
  readonly bytesAsPath: boolean;
}

/** Plants files below `root`; ids ascend from 1, with gaps. */
export function plantUploads(root: string, options: PlantOptions): Upload[] {
  mkdirSync(root, { recursive: true });
  const { count, large, bytesAsPath } = options;
  return Array.from({ length: count }, (_, index) => {
    const id = 1 + index * 3;
    const plant = index < large ? LARGE : KINDS[index % KINDS.length];
    if (plant === undefined) throw new Error('there are kinds');
    return plant({ root, id, bytesAsPath });
  });
}
