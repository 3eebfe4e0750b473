/**
 * Shadow projects: the real mapping and the real sources in a private folder beside the candidates,
 * where runs may fail and die without a trace in the project itself. Whatever happens, the folder
 * is gone at the end; what a killed process left is removed by the next one.
 */

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { PRIVATE_FOLDER } from '../disk/durable.ts';
import { onDisk } from '../disk/errors.ts';
import { acquireLock, type Lock } from '../disk/lock.ts';
import { SMALL_DISK, unmountSmallDisk } from './smallDisk.ts';
import { loadMapping } from '../mapping/load.ts';
import { Failure } from '../outcome/failure.ts';
import { openStore } from '../seal/candidateStore.ts';
import type { Environment, SelfRun } from '../run/environment.ts';
import { projectPaths } from '../project/paths.ts';
import { sourceLocations, type SourceOverride } from '../project/sources.ts';
import type { SourceLocation } from '../source/source.ts';

export interface ShadowOptions {
  readonly project: string;
  /** Folder to which paths on the command line are relative. */
  readonly cwd: string;
  /** By the source's name, instead of the mapping's. */
  readonly sources: ReadonlyMap<string, SourceOverride>;
}

/** Locations on their way to a child: what may hold a password is in no argument, which `ps` shows. */
export interface HandedSources {
  /** `--source` arguments. */
  readonly args: readonly string[];
  /** Environment variables that they name. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface Shadow {
  /** Names of the mapping's modules, ascending. */
  readonly modules: readonly string[];
  /** What leads a run to the real sources from anywhere. */
  readonly sources: HandedSources;
  /** A new project with the real mapping, in `parent` or in the shadow's own folder. */
  project(name: string, parent?: string): string;
  /** A private folder of that name. */
  folder(name: string): string;
}

const PREFIX = '.shadow-';

/** Does `work` in a shadow of the project. @throws Failure where the mapping is none */
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
    removeDead(paths.candidates);
    const root = mkdtempSync(join(paths.candidates, PREFIX));
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
 * A shadow whose lock is free belongs to nobody any more. A drill that was killed may have left its
 * small disk mounted. Only folders are ours: a link of such a name leads into somebody's.
 */
function removeDead(candidates: string): void {
  for (const entry of readdirSync(candidates, { withFileTypes: true })) {
    if (!entry.name.startsWith(PREFIX) || !entry.isDirectory()) continue;
    const dead = join(candidates, entry.name);
    const lock = freeLock(dead);
    if (lock === null) continue;
    lock.release();
    removeShadow(dead);
  }
}

/** @throws Failure DISK where something in it is in use: it holds records, so it is not left quietly */
function removeShadow(root: string): void {
  unmountSmallDisk(join(root, SMALL_DISK));
  try {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    throw new Failure('DISK', {
      what: 'a shadow project cannot be removed',
      where: root,
      hint: 'end what still works in it, unmount what is mounted in it, then run again',
      cause: error,
    });
  }
}

function freeLock(folder: string): Lock | null {
  try {
    return acquireLock(folder, { command: 'prune', pid: process.pid, since: '-' });
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** What a run of our own said of itself with `--json`. */
export interface Said {
  readonly code: number | null;
  readonly signal: string | null;
  readonly sealId: string | null;
  readonly dataRoot: string | null;
  /** What stopped it; null where nothing did, or it died without a word. */
  readonly failure: SaidFailure | null;
}

/** A failure as `--json` has it. */
interface SaidFailure {
  readonly code: string;
  readonly line: string;
}

/** Why a run of our own built nothing, as a clause. */
export function whyEnded({ failure, signal }: Said): string {
  return failure?.line ?? `it died by ${String(signal)}`;
}

/** Waits for a run with `--json` and reads what it said. */
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
  const { code, line } = failure as Readonly<Record<string, unknown>>;
  return typeof code === 'string' && typeof line === 'string' ? { code, line } : null;
}

/** A run that died has said nothing. */
function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
