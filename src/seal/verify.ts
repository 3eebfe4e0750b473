/**
 * Verifies a sealed candidate: computes everything again from the files, compares, and accounts for
 * every file. Returns violations as findings, and throws only if it cannot read.
 *
 * A folder that is named by a seal id has to hold that candidate. Without a seal id that was kept
 * elsewhere, this proves only that the candidate is consistent, as an older or forged one may be,
 * too.
 */

import { join } from 'node:path';

import { realFolder } from '../disk/noLinks.ts';
import type { Pool } from '../threads/pool.ts';
import { mappingDigest } from '../mapping/loadMapping.ts';
import type { Finding } from '../outcome/finding.ts';
import { HASH_FILE } from './calls.ts';
import { changed, fileFinding, parseCanonical } from './candidateFinding.ts';
import { listCandidate, MAX_SEAL_FILE, readPlainFile } from './files.ts';
import {
  BLOBS_FOLDER,
  DATA_FILE,
  dataRoot,
  FINDINGS_FILE,
  LINEAGE_FILE,
  MAPPING_FOLDER,
  MERKLE_FILE,
  parseSums,
  RANGES_FILE,
  RUN_FILE,
  SCHEMA_FILE,
  sealId,
  SUMS_FILE,
  type RunFile,
  type SumLine,
} from './format.ts';
import { asRunFile } from './sealSchemas.ts';
import { statedSealId } from './sealedFolders.ts';
import { chunkHasher, verifyModule } from './verifyModule.ts';

export interface Verification {
  readonly findings: readonly Finding[];
  /** Null if SHA256SUMS is missing or unreadable. */
  readonly sealId: string | null;
  readonly dataRoot: string | null;
  readonly run: RunFile | null;
  /** Number of verified files; a verification of none has not passed. */
  readonly files: number;
  readonly records: number;
}

/** Number of hashed records, out of those that the seal states. */
export interface VerifyProgress {
  readonly module: string;
  /** Records of this module. */
  readonly done: number;
  readonly total: number;
  /** Records of all modules. */
  readonly allDone: number;
  readonly allTotal: number;
}

/** Verifies the candidate in `folder`, which may be a link to it. */
export function verifyCandidate(...args: Parameters<typeof verifyAt>): Promise<Verification> {
  const [folder, ...rest] = args;
  return verifyAt(realFolder(folder), ...rest);
}

/**
 * Verifies the candidate in `folder`, a real path, without following links. `expected` is a seal id
 * that was kept elsewhere.
 */
export async function verifyAt(
  folder: string,
  expected: string | null,
  pool: Pool,
  onProgress: (progress: VerifyProgress) => void = () => {},
): Promise<Verification> {
  const sumsBytes = readPlainFile(join(folder, SUMS_FILE), MAX_SEAL_FILE);
  if (sumsBytes === null) {
    const reason = 'the list of checksums is missing or unreadable, so there is no seal';
    return nothing([fileFinding('file-missing', SUMS_FILE, reason)], null);
  }
  const id = sealId(sumsBytes);
  const findings: Finding[] = [];
  if (expected !== null && id !== expected) {
    const reason = `the seal id is ${id}, not the expected ${expected}`;
    findings.push(fileFinding('seal-unexpected', SUMS_FILE, reason));
  }
  const stated = statedSealId(folder);
  if (stated !== null && id !== stated && expected !== stated) {
    const reason = `the seal id is ${id}, but the name of its folder says ${stated}`;
    findings.push(fileFinding('seal-unexpected', SUMS_FILE, reason));
  }
  const sums = parseSums(sumsBytes.toString('utf8'));
  if (sums === null || !Buffer.from(sumsBytes.toString('utf8')).equals(sumsBytes)) {
    const reason = 'the list of checksums is malformed';
    return nothing([...findings, fileFinding('seal-format', SUMS_FILE, reason)], id);
  }
  const present = new Set(compareFiles(folder, sums, findings));
  const run = readRun(folder, findings);
  const modules = new Set(run?.modules.map((module) => module.name));
  // Hashed at the same time as the records, which do not keep all threads busy.
  const others = verifySums(
    folder,
    sums.filter(({ path }) => present.has(path)),
    modules,
    pool,
  );
  others.catch(() => {});
  const ofModules: Finding[] = [];
  let records = 0;
  let allDone = 0;
  const hasher = chunkHasher(pool);
  const allTotal = (run?.modules ?? []).reduce((sum, { count }) => sum + count, 0);
  const byFolder = Map.groupBy(sums, ({ path }) => path.slice(0, path.indexOf('/')));
  for (const module of run?.modules ?? []) {
    const { name, count: total } = module;
    const listed = byFolder.get(name) ?? [];
    const report = (done: number): void => {
      onProgress({ module: name, done, total, allDone: allDone + done, allTotal });
    };
    report(0);
    // The last record is reported after the tree was compared.
    const verified = await verifyModule(folder, module, listed, hasher, (done) =>
      report(Math.min(done, total - 1)),
    );
    report(total);
    allDone += total;
    ofModules.push(...verified.findings);
    records += verified.records;
  }
  findings.push(...(await others), ...ofModules);
  if (run !== null) findings.push(...verifyRun(run, sums));
  const root = run === null ? null : dataRoot(run.modules);
  return { findings, sealId: id, dataRoot: root, run, files: present.size, records };
}

function nothing(findings: Finding[], id: string | null): Verification {
  return { findings, sealId: id, dataRoot: null, run: null, files: 0, records: 0 };
}

/** Reports missing, extra and unexpected files; returns the listed paths that exist. */
function compareFiles(folder: string, sums: readonly SumLine[], findings: Finding[]): string[] {
  const { files, unexpected } = listCandidate(folder);
  const listed = new Set(sums.map(({ path }) => path));
  const there = new Set(files);
  for (const path of listed) {
    if (!there.has(path)) {
      findings.push(fileFinding('file-missing', path, 'the file is listed but not there'));
    }
  }
  for (const path of files) {
    if (!listed.has(path) && path !== SUMS_FILE) {
      findings.push(fileFinding('file-extra', path, 'the file is there but not listed'));
    }
  }
  for (const path of unexpected) {
    findings.push(
      fileFinding('file-extra', path, 'this is neither a plain file nor a folder of files'),
    );
  }
  return files.filter((path) => listed.has(path));
}

/** Reads run.json; reports it and returns null unless it is valid and canonical. */
function readRun(folder: string, findings: Finding[]): RunFile | null {
  const bytes = readPlainFile(join(folder, RUN_FILE), MAX_SEAL_FILE);
  const run = bytes === null ? null : asRunFile(parseCanonical(bytes));
  if (run === null) {
    const reason = 'the file is not a valid run file of format 1 in canonical JSON';
    findings.push(fileFinding('seal-format', RUN_FILE, reason));
  }
  return run;
}

/** Verifies the digests of all files but data files, which verifyModule hashes for their trees. */
async function verifySums(
  folder: string,
  sums: readonly SumLine[],
  modules: ReadonlySet<string>,
  pool: Pool,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const rest = sums.filter(({ path }) => {
    const [module = '', file = ''] = path.split('/');
    return !(modules.has(module) && file === DATA_FILE);
  });
  const digests = await Promise.all(
    rest.map(({ path }) => pool.call(HASH_FILE, join(folder, path))),
  );
  for (const [index, { path, sha256 }] of rest.entries()) {
    if (digests[index] === null) {
      findings.push(fileFinding('file-missing', path, 'the file is there but cannot be read'));
    } else if (digests[index] !== sha256) findings.push(changed(path));
  }
  return findings;
}

/** Verifies data root, mapping, list of modules, paths and accounting of run.json. */
function verifyRun(run: RunFile, sums: readonly SumLine[]): Finding[] {
  const findings: Finding[] = [];
  const fail = (rule: string, reason: string): void => {
    findings.push(fileFinding(rule, RUN_FILE, reason));
  };
  if (dataRoot(run.modules) !== run.dataRoot) {
    fail('merkle', 'the data root is not that of the modules');
  }
  const mapping = sums
    .filter(({ path }) => path.startsWith(`${MAPPING_FOLDER}/`))
    .map(({ path, sha256 }) => ({ name: path.slice(MAPPING_FOLDER.length + 1), sha256 }));
  if (mappingDigest(mapping) !== run.mapping.digest) {
    fail('checksum', 'the mapping is not the one that the run used');
  }
  const names = run.modules.map((module) => module.name);
  if (new Set(names).size !== names.length) fail('seal-format', 'a module is listed twice');
  const known = new Set(names);
  for (const { path } of sums) {
    if (!belongs(path, known)) {
      findings.push(fileFinding('file-extra', path, 'the format does not include this file'));
    }
  }
  findings.push(...verifyAccounting(run));
  return findings;
}

/** Files of a module besides its blobs. */
const FILES: ReadonlySet<string> = new Set([
  DATA_FILE,
  SCHEMA_FILE,
  LINEAGE_FILE,
  FINDINGS_FILE,
  MERKLE_FILE,
  RANGES_FILE,
]);

function belongs(path: string, modules: ReadonlySet<string>): boolean {
  if (path === RUN_FILE) return true;
  const slash = path.indexOf('/');
  const [folder, file] = [path.slice(0, slash), path.slice(slash + 1)];
  if (folder === MAPPING_FOLDER) return true;
  if (!modules.has(folder)) return false;
  return FILES.has(file) || new RegExp(`^${BLOBS_FOLDER}/[0-9a-f]{64}$`).test(file);
}

/** Verifies rows = emitting + filtered + rejected, and records = emitted − merged = sealed. */
function verifyAccounting(run: RunFile): Finding[] {
  const sealed = new Map(run.modules.map((module) => [module.name, module.count]));
  const records = new Map<string, number>();
  const findings: Finding[] = [];
  for (const line of run.accounting) {
    const rows = line.emitting + line.filtered + line.rejected;
    if (rows !== line.rows || line.emitted - line.merged !== line.records) {
      const reason = `the accounting of module ${line.module} does not add up`;
      findings.push(fileFinding('accounting', RUN_FILE, reason));
    }
    records.set(line.module, (records.get(line.module) ?? 0) + line.records);
  }
  for (const name of new Set([...sealed.keys(), ...records.keys()])) {
    if (sealed.get(name) !== records.get(name)) {
      const reason = `module ${name} does not have the number of records in its accounting`;
      findings.push(fileFinding('accounting', RUN_FILE, reason));
    }
  }
  return findings;
}
