/**
 * Loads the mapping of a project: read, validated, checked in itself, and digested.
 *
 * Promises: the result is complete, and its digest is that of the files' bytes; nothing outside the
 * mapping folder is read; every error is a MAPPING failure of one line with file, line and column.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isForbidden, readFailure } from '../disk/errors.ts';
import { entriesOf, realFolder, statOf } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { canonicalJson } from '../record/canonical.ts';
import { checkMapping } from './check/checkMapping.ts';
import { fileFailure, readDocument, type MappingDocument } from './document.ts';
import type { Mapping, ModuleMapping, ProjectMapping } from './model.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { formatPlace, type MappingFile } from './place.ts';
import {
  duplicateFailure,
  readRegistry,
  registryIds,
  type RegistryDuplicate,
} from './registryFile.ts';
import { MODULE_PATTERN } from './schema/names.ts';
import { SIDE_FILES } from './sideFile.ts';
import { readSigners, SIGNERS_FILE } from './signersFile.ts';
import { assertShape } from './check/shape.ts';

/** A mapping with the data that the seal needs. Plain data: it survives structured clone. */
export interface LoadedMapping extends Mapping {
  /** Absolute, or relative to the working directory, like the given project folder. */
  readonly folder: string;
  /** Every file of the mapping, ascending by the UTF-8 bytes of its name. */
  readonly files: readonly MappingFile[];
  /** Digest of all files: see {@link mappingDigest}. */
  readonly digest: string;
}

const NAME = new RegExp(MODULE_PATTERN);
/** Folders of a candidate, whose names no module may have. */
const RESERVED: ReadonlySet<string> = new Set(['checksums', 'mapping']);

export interface LoadOptions {
  /** Called for each id that registries give twice. Without it, such an id is an error. */
  readonly onDuplicate?: (duplicate: RegistryDuplicate) => void;
  /**
   * Accepts a registry that a module names and that does not exist yet: it is in `registries` as
   * NDJSON, and not among the `files`.
   */
  readonly registriesToCome?: boolean;
  /** Reads a sealed mapping: the folder is a real path, and a link in it is not followed. */
  readonly sealed?: boolean;
}

/** Loads `mapping/` of the project folder. @throws Failure MAPPING */
export async function loadMapping(
  projectDir: string,
  options: LoadOptions = {},
): Promise<LoadedMapping> {
  const given = join(projectDir, 'mapping');
  const folder = options.sealed === true ? given : realFolder(given);
  assertThere(folder);
  const project = await readDocument(folder, 'project.json');
  assertShape(project, 'project');
  const modules = await loadModules(folder);
  const found = listRegistries(folder);
  const documents = [project, ...modules].map(fileOf);
  const values = modules.map((document) => document.value as ModuleMapping);
  const mapping = {
    project: project.value as ProjectMapping,
    modules: values,
    registries: options.registriesToCome === true ? withNamed(found, values) : found,
    folder,
  };
  checkMapping({ ...mapping, files: documents });
  const signers = await readSigners(folder);
  const others = [...(await registryFiles(folder, found, options)), ...(signers ? [signers] : [])];
  const files = [...documents, ...others].sort((a, b) =>
    Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
  return { ...mapping, files, digest: mappingDigest(files) };
}

/**
 * Returns the SHA-256, lower-case hex, of RFC 8785 of `[{"file": name, "sha256": digest of its
 * bytes}, …]`, ascending by the UTF-8 bytes of the names.
 */
export function mappingDigest(files: readonly Pick<MappingFile, 'name' | 'sha256'>[]): string {
  const listing = files.map(({ name, sha256 }) => ({ file: name, sha256 }));
  return sha256Of(canonicalJson(listing));
}

/** Whether the path exists, even as a dangling link. */
function isThere(path: string): boolean {
  try {
    return statOf(path) !== undefined;
  } catch (error) {
    if (isForbidden(error)) throw readFailure(error, path);
    return false;
  }
}

function assertThere(folder: string): void {
  if (isThere(join(folder, 'project.json'))) return;
  throw new Failure('MAPPING', {
    what: 'there is no mapping',
    where: 'mapping/project.json',
    hint: 'create one with sealift init, or name the project folder with --project',
  });
}

async function loadModules(folder: string): Promise<MappingDocument[]> {
  const documents: MappingDocument[] = [];
  for (const { file, stem } of filesOf(folder, 'modules', ['.json'])) {
    const document = await readDocument(folder, file);
    // A bad name is reported before any other error of the file.
    assertModuleName(document, stem);
    assertShape(document, 'module');
    documents.push(document);
  }
  if (documents.length > 0) return documents;
  throw fileFailure('modules', 'the mapping has no modules', 'create them with sealift init');
}

function assertModuleName(document: MappingDocument, stem: string): void {
  const { value } = document;
  const isObject = typeof value === 'object' && value !== null;
  const name: unknown = isObject ? Reflect.get(value, 'module') : null;
  if (typeof name !== 'string') return;
  const fault = (what: string, hint: string): Failure => {
    const where = formatPlace({ file: document.name, pointer: '/module' }, document.text);
    return new Failure('MAPPING', { what: `module name ${quoteName(name)} ${what}`, where, hint });
  };
  if (!NAME.test(name)) {
    throw fault(
      'is not allowed',
      'use a-z, 0-9, "_" and "-", at most 63 characters, a letter first',
    );
  }
  if (RESERVED.has(name)) throw fault('is reserved', 'use another name');
  if (name !== stem) throw fault('is not the name of its file', `call the file "${name}.json"`);
}

function listRegistries(folder: string): ReadonlyMap<string, string> {
  const registries = new Map<string, string>();
  for (const { file, stem } of filesOf(folder, 'registries', ['.json', '.ndjson'])) {
    if (!NAME.test(stem)) {
      throw fileFailure(file, 'the name of a registry is not allowed', 'use a-z, 0-9, "_" and "-"');
    }
    if (registries.has(stem)) {
      throw fileFailure(file, 'the registry exists twice', 'keep either .json or .ndjson');
    }
    registries.set(stem, file);
  }
  return registries;
}

/** Adds the registries that modules name. */
function withNamed(
  found: ReadonlyMap<string, string>,
  modules: readonly ModuleMapping[],
): ReadonlyMap<string, string> {
  const registries = new Map(found);
  for (const { id } of modules) {
    if (id.rule !== 'registry' || registries.has(id.registry)) continue;
    registries.set(id.registry, `registries/${id.registry}.ndjson`);
  }
  return registries;
}

function namesIn(path: string, name: string): string[] {
  try {
    return entriesOf(path).map((entry) => entry.name);
  } catch (error) {
    throw fileFailure(name, 'the folder cannot be read', 'check its permissions', error);
  }
}

/**
 * Lists files of a folder with one of these endings, ascending by UTF-8 bytes. Others are rejected.
 */
function filesOf(
  folder: string,
  name: string,
  endings: readonly string[],
): { file: string; stem: string }[] {
  const path = join(folder, name);
  const stat = isThere(path) ? statOf(path) : undefined;
  if (stat === undefined) return [];
  if (!stat.isDirectory()) throw fileFailure(name, 'this is not a folder', 'make it a folder');
  const names = namesIn(path, name);
  return names
    .filter((entry) => !isIgnored(entry))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((entry) => {
      const ending = endings.find((end) => entry.endsWith(end));
      if (ending !== undefined) {
        return { file: `${name}/${entry}`, stem: entry.slice(0, -ending.length) };
      }
      const what = `only ${endings.join(' and ')} files belong here`;
      throw fileFailure(`${name}/${entry}`, what, 'move it away or rename it');
    });
}

/**
 * Lists every file of the mapping in `folder` as on disk, valid or not, ascending by the UTF-8
 * bytes of its name: project.json, the files beside the mapping that are there, the allowed signers, and
 * the files in modules/ and registries/.
 */
export async function listMappingFiles(folder: string): Promise<string[]> {
  const all = ['project.json', ...SIDE_FILES, SIGNERS_FILE];
  const names = all.filter((name) => isThere(join(folder, name)));
  for (const part of ['modules', 'registries']) {
    for (const { file } of filesOf(folder, part, [''])) names.push(file);
  }
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Whether the file is a note, hidden, or an editor's backup, and not part of the mapping. */
function isIgnored(name: string): boolean {
  return name.startsWith('.') || name.endsWith('.md') || name.endsWith('~');
}

function fileOf(document: MappingDocument): MappingFile {
  const { name, bytes, text } = document;
  // Plain bytes, as they arrive in a worker.
  return { name, sha256: sha256Of(bytes), bytes: Uint8Array.from(bytes), text };
}

async function registryFiles(
  folder: string,
  registries: ReadonlyMap<string, string>,
  { onDuplicate = refuse }: LoadOptions,
): Promise<MappingFile[]> {
  const ids = registryIds(onDuplicate);
  const files: MappingFile[] = [];
  for (const name of registries.values()) {
    let count = 0;
    const hash = createHash('sha256');
    for await (const entry of readRegistry(folder, name, (bytes) => hash.update(bytes))) {
      count += 1;
      ids.add({ file: name, entry: count }, entry);
    }
    files.push({ name, sha256: hash.digest('hex'), bytes: null, text: null });
  }
  return files;
}

function refuse(duplicate: RegistryDuplicate): void {
  throw duplicateFailure(duplicate);
}

function sha256Of(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
