/**
 * Writes a new mapping, whole or not at all, and never over an existing one.
 *
 * All files are written and synced in a folder beside the target first. An absent or empty target
 * is then replaced by that folder in one rename. In a target that holds other things (a README,
 * schemas) the files are linked one by one, which fails if a name is taken; project.json, which
 * makes it a mapping, comes last.
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { syncFolder, syncFolders, writeAll } from '../disk/durable.ts';
import { diskFailure, systemCode } from '../disk/errors.ts';
import { Failure } from '../outcome/failure.ts';
import type { MappingFile } from './mappingFiles.ts';

/**
 * Throws the error of {@link writeMapping} for an existing mapping before the database is read.
 * `folder` is the mapping folder itself.
 */
export function assertNoMapping(folder: string): void {
  if (!isThere(folder)) return;
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined)
    throw alreadyThere(folder, 'a dangling link is in place of the mapping folder');
  if (!stat.isDirectory()) throw alreadyThere(folder, 'a file is in place of the mapping folder');
  const project = join(folder, 'project.json');
  if (isThere(project)) throw alreadyThere(project, 'a mapping exists already');
  const modules = join(folder, 'modules');
  const files = isThere(modules) && statSync(modules).isDirectory() ? readdirSync(modules) : [];
  const [module] = files.filter((name) => name.endsWith('.json')).sort();
  if (module !== undefined) throw alreadyThere(join(modules, module), 'a mapping exists already');
}

/**
 * Writes `files` to the mapping folder. On a failure every written file is removed again. @throws
 * Failure USAGE if a mapping, or a file with one of its names, is there; DISK
 */
export function writeMapping(folder: string, files: readonly MappingFile[]): void {
  const target = resolve(folder);
  assertNoMapping(target);
  let draft: string | null = null;
  try {
    makeParents(dirname(target));
    draft = newFolderBeside(target);
    for (const { name, text } of files) {
      const path = within(draft, name);
      mkdirSync(dirname(path), { recursive: true });
      writeNew(path, text);
    }
    syncFolders(draft);
    if (!moveWhole(draft, target)) linkEach(draft, target, files);
    syncFolder(dirname(target));
  } catch (error) {
    throw diskFailure(error, target);
  } finally {
    if (draft !== null) rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Creates a folder and its parents. Node's own recursive mkdir does not end on a file system such as
 * /proc, which refuses new folders with ENOENT.
 */
function makeParents(folder: string): void {
  if (existsSync(folder)) return;
  if (!existsSync(dirname(folder))) makeParents(dirname(folder));
  mkdirSync(folder);
}

/** A mapping is meant to be shared, unlike a candidate: the usual permissions apply. */
function writeNew(path: string, text: string): void {
  const file = openSync(path, 'wx');
  try {
    writeAll(file, Buffer.from(text));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function newFolderBeside(target: string): string {
  for (let number = 1; ; number += 1) {
    const path = join(dirname(target), `.${basename(target)}.draft-${number}`);
    try {
      mkdirSync(path);
      return path;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
  }
}

/** The names are made by Sealift; a path that points outside the folder is a defect. */
function within(folder: string, name: string): string {
  const path = resolve(folder, name);
  if (!path.startsWith(`${folder}/`)) throw new TypeError('a file outside the mapping folder');
  return path;
}

/** Moves the draft to the target if that is absent or an empty folder; false if it is not. */
function moveWhole(draft: string, target: string): boolean {
  try {
    renameSync(draft, target);
    return true;
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) return false;
    throw error;
  }
}

function linkEach(draft: string, target: string, files: readonly MappingFile[]): void {
  const undo: (() => void)[] = [];
  try {
    refuseLink(target);
    for (const { name, text } of files) {
      const path = join(target, name);
      refuseLink(dirname(path));
      if (!existsSync(dirname(path))) {
        mkdirSync(dirname(path));
        undo.push(() => rmdirSync(dirname(path)));
      }
      if (hasContent(path, text)) continue;
      linkNew(join(draft, name), path);
      undo.push(() => rmSync(path));
    }
    for (const parent of new Set(files.map(({ name }) => dirname(join(target, name))))) {
      syncFolder(parent);
    }
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}

/** Rejects a link in place of a folder of the mapping, which would send the files elsewhere. */
function refuseLink(folder: string): void {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined || stat.isDirectory()) return;
  throw alreadyThere(folder, 'a link or a file is in place of a folder of the mapping');
}

/** Whether an existing schema has the same content and need not be written. */
function hasContent(path: string, text: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && readFileSync(path, 'utf8') === text;
}

function linkNew(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (systemCode(error) === 'EEXIST')
      throw alreadyThere(to, 'a file of the mapping exists already');
    throw error;
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    // Below a file there is nothing; making the folder reports it.
    if (systemCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}

function alreadyThere(path: string, what: string): Failure {
  const hint =
    'init never overwrites a mapping; move it away, or choose another folder with --project';
  return new Failure('USAGE', { what, where: path, hint });
}
