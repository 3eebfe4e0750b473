/**
 * Checks the sources of a run for damage while they are read: a damaged page may be read without an
 * error and yield only some of its rows.
 */

import { quoteName } from '../outcome/quoteName.ts';
import type { Finding } from '../outcome/finding.ts';
import { severityOfRule } from '../outcome/rules.ts';
import type { Integrity } from '../seal/format.ts';
import type { CheckedSource, DamageCheck } from '../source/damageCheck.ts';
import type { PreparedSource } from '../source/source.ts';
import type { Environment } from '../run/environment.ts';

export interface IntegrityRun {
  /** Takes the snapshot of a source, together with its readers. */
  begin(source: string): Promise<void>;
  /** Starts all checks; they run while the sources are read. */
  start(): void;
  /** Throws the first error of a check so far, if any. */
  readonly assertSoFar: () => void;
  /** Waits for all checks; returns the result to seal by source. @throws Failure SOURCE_FORMAT */
  finish(): Promise<ReadonlyMap<string, Integrity>>;
  /** Returns findings `integrity` for unchecked sources and tables; to be called after `finish`. */
  findings(): Finding[];
  close(): void;
}

interface Named {
  readonly name: string;
  readonly prepared: Pick<PreparedSource, 'checkForDamage'>;
}

interface Running {
  readonly check: DamageCheck | null;
  readonly has: boolean;
  result: CheckedSource | null;
}

/** The command and options that decide whether sources are checked. */
export interface IntegrityRequest {
  readonly command: 'init' | 'migrate' | 'dry-run' | 'scan-drift' | 'promote';
  readonly options: { readonly sample?: number; readonly skipIntegrityCheck?: boolean };
}

/**
 * Creates the checks of all sources. They are skipped for a sample, which is never live, and for
 * scan-drift and promote, which compare with a candidate whose sources were checked.
 */
export function integrityRun(
  sources: readonly Named[],
  { command, options }: IntegrityRequest,
  { progress, onInterrupt }: Pick<Environment, 'progress' | 'onInterrupt'>,
): IntegrityRun {
  const compares = command === 'scan-drift' || command === 'promote';
  const isFinal = !compares && options.sample === undefined;
  const skipped = !isFinal || options.skipIntegrityCheck === true;
  const running = new Map<string, Running>(
    sources.map(({ name, prepared }) => {
      const has = prepared.checkForDamage !== undefined;
      const check = skipped ? null : (prepared.checkForDamage?.() ?? null);
      return [name, { check, has, result: null }];
    }),
  );
  let failed: { readonly error: unknown } | null = null;
  const close = (): void => {
    forget();
    for (const { check } of running.values()) check?.close();
  };
  const forget = onInterrupt(close);
  const noted: Promise<void>[] = [];
  const note = async (one: Running, ended: Promise<CheckedSource>): Promise<void> => {
    try {
      one.result = await ended;
    } catch (error) {
      failed ??= { error };
    }
  };
  return {
    async begin(source) {
      await running.get(source)?.check?.begin();
    },
    start() {
      for (const one of running.values()) {
        if (one.check !== null) noted.push(note(one, one.check.run()));
      }
    },
    assertSoFar() {
      if (failed !== null) throw failed.error;
    },
    async finish() {
      const open = [...running.values()].filter(({ check, result }) => check && result === null);
      await shown(Promise.all(noted), open.length, progress);
      if (failed !== null) throw failed.error;
      return new Map([...running].map(([name, one]) => [name, sealed(one)]));
    },
    findings: () => (isFinal ? [...running].flatMap(([name, one]) => findingsOf(name, one)) : []),
    close,
  };
}

const SHOWN_AFTER_MS = 1000;

/** Waits for `work`, and shows progress if that takes more than a second. */
async function shown(
  work: Promise<unknown>,
  sources: number,
  progress: Environment['progress'],
): Promise<void> {
  let isShown = false;
  const timer = setTimeout(() => {
    isShown = true;
    progress.begin('check for damage', sources, { unit: 'source', counts: false });
  }, SHOWN_AFTER_MS);
  await work;
  clearTimeout(timer);
  if (!isShown) return;
  progress.update(sources);
  progress.end();
}

function sealed({ has, result }: Running): Integrity {
  if (!has) return null;
  return result?.unchecked.length === 0 ? 'passed' : 'skipped';
}

function finding(reason: string): Finding {
  return { rule: 'integrity', severity: severityOfRule('integrity'), reason };
}

function findingsOf(name: string, { has, check, result }: Running): Finding[] {
  const source = `source ${quoteName(name)}`;
  if (!has) return [];
  if (check === null) {
    return [finding(`${source} was not checked for damage because of --skip-integrity-check`)];
  }
  const tables = result?.unchecked ?? [];
  return tables.map((table) =>
    finding(
      `${source}: table ${quoteName(table)} could not be checked for damage: it needs a ` +
        'collation or function that only its application defines',
    ),
  );
}
