/** Ways to harm a sealed candidate, seeded, and the way back. */

import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { formatSums, SUMS_FILE } from '../../src/seal/format.ts';
import type { Random } from '../dogschool/random.ts';

/** Content of every file, by relative path. */
export type Files = ReadonlyMap<string, Buffer>;

/** Harms the candidate in a folder; `files` is what is in it. Says what it did. */
export type Corruption = (folder: string, files: Files, random: Random) => string;

export function readFiles(folder: string): Files {
  const files = new Map<string, Buffer>();
  const visit = (relative: string): void => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) files.set(path, readFileSync(join(folder, path)));
    }
  };
  visit('');
  return files;
}

/** Makes the folder hold exactly these files again. */
export function restore(folder: string, files: Files): void {
  const same = clean(folder, '', files);
  for (const [path, bytes] of files) {
    if (same.has(path)) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}

/** Removes what does not belong there; returns the files that are as they should be. */
function clean(folder: string, relative: string, files: Files): Set<string> {
  const same = new Set<string>();
  if (!existsSync(folder)) return same;
  for (const entry of readdirSync(join(folder, relative), {
    withFileTypes: true,
    encoding: 'buffer',
  })) {
    const name = entry.name.toString();
    const path = relative === '' ? name : `${relative}/${name}`;
    const full = Buffer.concat([Buffer.from(`${join(folder, relative)}/`), entry.name]);
    const bytes = files.get(path);
    const isFolder = entry.isDirectory() && [...files.keys()].some((f) => f.startsWith(`${path}/`));
    if (isFolder) for (const inner of clean(folder, path, files)) same.add(inner);
    else if (entry.isFile() && bytes !== undefined && readFileSync(full).equals(bytes)) {
      same.add(path);
    } else rmSync(full, { recursive: true });
  }
  return same;
}

/** Replaces SHA256SUMS by the one that these files have: a seal that was made again. */
export function resum(folder: string): void {
  const lines = [...readFiles(folder)]
    .filter(([path]) => path !== SUMS_FILE)
    .map(([path, bytes]) => ({
      path,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }));
  writeFileSync(join(folder, SUMS_FILE), formatSums(lines));
}

function pickFile(files: Files, random: Random, of: RegExp = /./): [string, Buffer] {
  return random.pick([...files].filter(([path, bytes]) => of.test(path) && bytes.length > 0));
}

function edit(change: (bytes: Buffer, random: Random) => Buffer, of: RegExp = /./): Corruption {
  return (folder, files, random) => {
    const [path, bytes] = pickFile(files, random, of);
    writeFileSync(join(folder, path), change(Buffer.from(bytes), random));
    return path;
  };
}

const LINES = /\.ndjson$|SHA256SUMS$/;

function lines(change: (all: string[], random: Random) => string[]): Corruption {
  return edit((bytes, random) => {
    const all = bytes.toString('latin1').split('\n').slice(0, -1);
    return Buffer.from(
      change(all, random)
        .map((line) => `${line}\n`)
        .join(''),
      'latin1',
    );
  }, LINES);
}

/** Two files of different modules and the same name, exchanged. */
const swapFiles: Corruption = (folder, files, random) => {
  const [path, bytes] = pickFile(files, random, /^(dogs|owners)\/(data|lineage|schema|.*merkle)/);
  const name = path.slice(path.indexOf('/') + 1);
  const [other, otherBytes] = random.pick(
    [...files].filter(([one]) => one !== path && one.endsWith(`/${name}`)),
  );
  writeFileSync(join(folder, path), otherBytes);
  writeFileSync(join(folder, other), bytes);
  return `${path} and ${other}`;
};

const NAMES = ['extra', '.hidden', 'a b', 'x\ny', 'data.ndjson', '\u202Etxt', "'", '\\'];

function somewhere(folder: string, files: Files, random: Random): string {
  const [path] = pickFile(files, random);
  let name = random.pick(NAMES);
  for (; lstatSync(join(folder, dirname(path), name), { throwIfNoEntry: false }); name += '1');
  return join(dirname(path), name);
}

const extraFile: Corruption = (folder, files, random) => {
  const path = somewhere(folder, files, random);
  writeFileSync(join(folder, path), random.pick(['', 'x', '{}\n']));
  return path;
};

const extraFolder: Corruption = (folder, files, random) => {
  const path = somewhere(folder, files, random);
  mkdirSync(join(folder, path));
  return path;
};

const extraLink: Corruption = (folder, files, random) => {
  const path = somewhere(folder, files, random);
  symlinkSync(random.pick(['run.json', '/etc/passwd', 'nowhere', '..', '.']), join(folder, path));
  return path;
};

/** A file becomes a link to the very same content, outside of the candidate. */
const fileToLink: Corruption = (folder, files, random) => {
  const [path, bytes] = pickFile(files, random);
  const aside = `${folder}.aside`;
  writeFileSync(aside, bytes);
  unlinkSync(join(folder, path));
  symlinkSync(aside, join(folder, path));
  return path;
};

const fileToFolder: Corruption = (folder, files, random) => {
  const [path] = pickFile(files, random);
  unlinkSync(join(folder, path));
  mkdirSync(join(folder, path));
  return path;
};

/** A folder becomes a link to the very same files, or to itself. */
const folderToLink: Corruption = (folder, files, random) => {
  const [path] = pickFile(files, random, /\//);
  const name = dirname(path);
  const aside = `${folder}.folder`;
  rmSync(aside, { recursive: true, force: true });
  renameSync(join(folder, name), aside);
  symlinkSync(random.pick([aside, basename(name)]), join(folder, name));
  return name;
};

/** Names in bytes that are not UTF-8. */
const brokenName: Corruption = (folder, files, random) => {
  const [path] = pickFile(files, random);
  const name = Buffer.concat([Buffer.from(`${join(folder, dirname(path))}/`), Buffer.from([0xff])]);
  if (random.chance(0.5)) mkdirSync(name);
  else writeFileSync(name, 'x');
  return path;
};

const notRecords = ['null', '1', '""', '[]', '{}', '{"__proto__":{"id":1}}', '{', '\uFFFF'];

const removed: Corruption = (folder, files, random) => {
  const [path] = pickFile(files, random);
  unlinkSync(join(folder, path));
  return path;
};

const removedFolder: Corruption = (folder, files, random) => {
  const [path] = pickFile(files, random, /\//);
  rmSync(join(folder, path.slice(0, path.indexOf('/'))), { recursive: true });
  return dirname(path);
};

const renamed: Corruption = (folder, files, random) => {
  const [path, bytes] = pickFile(files, random);
  unlinkSync(join(folder, path));
  writeFileSync(join(folder, `${path}.bak`), bytes);
  return path;
};

function splice(bytes: Buffer, at: number, remove: number, put: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + remove)]);
}

const at = (bytes: Buffer, random: Random): number => random.integer(0, bytes.length - 1);

export const CORRUPTIONS: Readonly<Record<string, Corruption>> = {
  'bit flip': edit((bytes, random) => {
    const place = at(bytes, random);
    bytes[place] = (bytes[place] ?? 0) ^ (1 << random.integer(0, 7));
    return bytes;
  }),
  'bit flip in the seal': edit((bytes, random) => {
    const place = at(bytes, random);
    bytes[place] = (bytes[place] ?? 0) ^ (1 << random.integer(0, 7));
    return bytes;
  }, /checksums\//),
  'byte added': edit((bytes, random) =>
    splice(bytes, at(bytes, random), 0, Buffer.from([random.integer(0, 255)])),
  ),
  'byte removed': edit((bytes, random) => splice(bytes, at(bytes, random), 1, Buffer.alloc(0))),
  'end added': edit((bytes, random) =>
    Buffer.concat([bytes, Buffer.from(random.pick(['\n', ' ', '\0', '{}\n', '\r\n']))]),
  ),
  truncated: edit((bytes, random) => bytes.subarray(0, at(bytes, random))),
  'truncated at a line': edit((bytes, random) => {
    const stop = bytes.indexOf(0x0a, at(bytes, random)) + 1;
    return bytes.subarray(0, stop === bytes.length ? 0 : stop);
  }),
  emptied: edit(() => Buffer.alloc(0)),
  'line dropped': lines((all, random) => all.toSpliced(random.integer(0, all.length - 1), 1)),
  'lines swapped': lines((all, random) => {
    const one = random.integer(0, all.length - 1);
    const other = random.integer(0, all.length - 1);
    return all.with(one, all[other] ?? '').with(other, all[one] ?? '');
  }),
  'line doubled': lines((all, random) => {
    const line = random.integer(0, all.length - 1);
    return all.toSpliced(line, 0, all[line] ?? '');
  }),
  'lines reversed': lines((all) => all.toReversed()),
  CRLF: edit(
    (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
    /\.json$|\.ndjson$|SHA256SUMS$/,
  ),
  'byte order mark': edit((bytes) => Buffer.concat([Buffer.from('\uFEFF'), bytes])),
  'line replaced': lines((all, random) =>
    all.with(random.integer(0, all.length - 1), random.pick(notRecords)),
  ),
  'last line replaced': lines((all, random) => [...all.slice(0, -1), random.pick(notRecords)]),
  'folder became a link': folderToLink,
  'name not in UTF-8': brokenName,
  'files swapped': swapFiles,
  'extra file': extraFile,
  'extra folder': extraFolder,
  'extra link': extraLink,
  'file became a link': fileToLink,
  'file became a folder': fileToFolder,
  'file removed': removed,
  'folder removed': removedFolder,
  'file renamed': renamed,
};
