/**
 * Shadow projects: the real mapping and the real sources in a private folder beside the candidates,
 * where runs may fail or be killed without effect on the project itself. The folder is removed at
 * the end; if the process is killed, the next one removes it.
 */

import { cpSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { PRIVATE_FOLDER } from '../disk/durable.ts';
import { onDisk } from '../disk/errors.ts';
import { acquireLock, type Lock } from '../disk/lock.ts';
import { remove } from '../disk/noLinks.ts';
import { SMALL_DISK, unmountSmallDisk } from './smallDisk.ts';
import { loadMapping } from '../mapping/loadMapping.ts';
import { Failure } from '../outcome/failure.ts';
import { openStore } from '../seal/candidateStore.ts';
import type { Environment, SelfRun } from '../run/environment.ts';
import { projectPaths, SHADOW_PREFIX } from '../project/paths.ts';
import { sourceLocations, type SourceOverride } from '../project/sources.ts';
import type { SourceLocation } from '../source/source.ts';

export interface ShadowOptions {
  readonly project: string;
  /** Folder to which paths on the command line are relative. */
  readonly cwd: string;
  /** Source name → location, instead of the mapping's. */
  readonly sources: ReadonlyMap<string, SourceOverride>;
}

/**
 * Source locations for a child process. They may contain a password, so they are passed in the
 * environment and not in arguments, which `ps` shows.
 */
export interface HandedSources {
  /** `--source` arguments. */
  readonly args: readonly string[];
  /** Environment variables that the arguments refer to. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface Shadow {
  /** Names of the mapping's modules, ascending. */
  readonly modules: readonly string[];
  /** Arguments and variables that give a run the real sources, valid in any folder. */
  readonly sources: HandedSources;
  /** Creates a project with the real mapping, in `parent` or in the shadow's own folder. */
  project(name: string, parent?: string): string;
  /** Creates a private folder of that name. */
  folder(name: string): string;
}

/** Runs `work` with a shadow of the project. @throws Failure if the mapping is invalid */
export async function withShadow<T>(
  command: string,
  options: ShadowOptions,
  env: Environment,
  work: (shadow: Shadow) => Promise<T>,
): Promise<T> {
  const paths = projectPaths(options.project);
  const mapping = await loadMapping(paths.root);
  const folders = { project: paths.root, cwd: options.cwd };
  const locations = sourceLocations(mapping, options.sources, folders, env);
  return onDisk(paths.candidates, async () => {
    openStore(paths.candidates);
    removeDead(paths.candidates, env.pid);
    const root = mkdtempSync(join(paths.candidates, SHADOW_PREFIX));
    const lock = acquireLock(root, { command, pid: env.pid, since: env.now().toISOString() });
    const drop = (): void => {
      lock.release();
      removeShadow(root);
    };
    const forget = env.onInterrupt(drop);
    const folder = (name: string): string => {
      mkdirSync(join(root, name), { mode: PRIVATE_FOLDER });
      return join(root, name);
    };
    try {
      return await work({
        modules: mapping.modules.map(({ module }) => module),
        sources: handOn(locations),
        folder,
        project(name, parent) {
          const project = parent === undefined ? folder(name) : join(parent, name);
          mkdirSync(project, { recursive: true, mode: PRIVATE_FOLDER });
          cpSync(paths.mapping, join(project, 'mapping'), { recursive: true });
          return project;
        },
      });
    } finally {
      drop();
      forget();
    }
  });
}

/** Makes the arguments and variables that pass locations to a child process. */
function handOn(locations: ReadonlyMap<string, SourceLocation>): HandedSources {
  const args: string[] = [];
  const variables: Record<string, string> = {};
  for (const [index, [name, location]] of [...locations].entries()) {
    const variable = `SEALIFT_SOURCE_${index + 1}`;
    args.push('--source', `${name}=env:${variable}`);
    variables[variable] = JSON.stringify(location);
  }
  return { args, variables };
}

/**
 * Removes shadows whose lock is free, as their processes have ended. Their small disk may still be
 * mounted. Skips links, which no drill creates.
 */
function removeDead(candidates: string, pid: number): void {
  for (const entry of readdirSync(candidates, { withFileTypes: true })) {
    if (!entry.name.startsWith(SHADOW_PREFIX) || !entry.isDirectory()) continue;
    const dead = join(candidates, entry.name);
    const lock = freeLock(dead, pid);
    if (lock === null) continue;
    lock.release();
    removeShadow(dead);
  }
}

/** Removes a shadow. @throws Failure DISK if it is in use, as records must not be left unnoticed */
function removeShadow(root: string): void {
  unmountSmallDisk(join(root, SMALL_DISK));
  try {
    remove(root);
  } catch (error) {
    throw new Failure('DISK', {
      what: 'a shadow project cannot be removed',
      where: root,
      hint: 'end the processes that use it, unmount what is mounted in it, then run again',
      cause: error,
    });
  }
}

function freeLock(folder: string, pid: number): Lock | null {
  try {
    return acquireLock(folder, { command: 'prune', pid, since: '-' });
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** Result of a run that the drill started, from its exit and its `--json` summary. */
export interface Said {
  readonly code: number | null;
  readonly signal: string | null;
  readonly sealId: string | null;
  readonly dataRoot: string | null;
  /** Failure that stopped it; null if there was none, or it was killed. */
  readonly failure: SaidFailure | null;
}

/** Failure in a `--json` summary. */
interface SaidFailure {
  readonly code: string;
  readonly what: string;
  readonly where: string | null;
}

/** Makes the failure for a migrate that built nothing: what it said, and where; one line of both. */
export function notBuilt({ failure, signal }: Said, missed: string, command: string): Failure {
  const why = failure === null ? `migrate was killed by ${String(signal)}` : failure.what;
  return new Failure('CANDIDATE', {
    what: `no candidate was built, so nothing was ${missed}; the reason is that ${why}`,
    where: failure?.where ?? command,
    hint: 'run sealift migrate, and fix what it reports',
  });
}

/** Waits for a run with `--json` and reads its summary. */
export async function said(run: SelfRun): Promise<Said> {
  const { code, signal, stdout } = await run.ended;
  const summary = parsed(stdout);
  const text = (name: string): string | null => {
    const value = summary[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    code,
    signal,
    sealId: text('sealId'),
    dataRoot: text('dataRoot'),
    failure: failureIn(summary),
  };
}

function failureIn({ failure }: Record<string, unknown>): SaidFailure | null {
  if (typeof failure !== 'object' || failure === null) return null;
  const { code, what, where } = failure as Readonly<Record<string, unknown>>;
  if (typeof code !== 'string' || typeof what !== 'string') return null;
  return { code, what, where: typeof where === 'string' ? where : null };
}

/** Parses a summary; empty if the run was killed before it wrote one. */
function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
