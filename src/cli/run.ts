/**
 * Runs one command: provides its environment, writes its report and summary, and turns errors into
 * one line and an exit code. An error that is not a Failure is reported as a defect of Sealift,
 * with a stack trace only if SEALIFT_DEBUG is set.
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';

import { onDisk, pathOf, readFailure, systemCode } from '../disk/errors.ts';
import { inlinePool } from '../threads/inlinePool.ts';
import { realFolder } from '../disk/noLinks.ts';
import { createPool } from '../threads/pool.ts';
import { writeReport } from '../disk/reportFolder.ts';
import type { Environment } from '../run/environment.ts';
import { CANDIDATE_ANSWERS } from './candidateAnswers.ts';
import { WORKER } from './workerModule.ts';
import { isProject, projectPaths } from '../project/paths.ts';
import { openFindings, type FindingStore } from '../findings/findingStore.ts';
import { guardReport } from '../findings/guardReport.ts';
import {
  EXIT,
  exitCodeOfCheck,
  exitCodeOfFailure,
  exitCodeOfLostOutput,
} from '../outcome/exitCode.ts';
import { Failure, failureLine } from '../outcome/failure.ts';
import { countFindings, failedOutcome, type Outcome } from '../outcome/outcome.ts';
import {
  firstFindings,
  reportFiles,
  summary,
  terminalLines,
  type Timing,
} from '../report/summary.ts';
import type { Phase } from '../report/timing.ts';
import type { Host } from './host.ts';
import { interrupts } from './interrupt.ts';
import { noteLine, sayJson, sayLine } from './output.ts';
import { packageInfo } from './packageInfo.ts';
import { recordPhases } from './phases.ts';
import { runProgram } from './runProgram.ts';
import { runSelf } from './runSelf.ts';
import { colored, terminalProgress, terminalStyle, wantsColor } from './terminal.ts';
import { ADAPTERS, DATABASES, STORES, TARGETS } from './wire.ts';

export interface CommonOptions {
  readonly project: string;
  readonly json?: boolean;
}

/** A command to run: its name, kind of exit code, and work. */
export interface CommandSpec {
  readonly name: string;
  readonly kind: 'action' | 'check';
  /** Whether a report is written to storage_reports. */
  readonly report: boolean;
  /** Whether a run that is stopped is continued by the next. */
  readonly resumes?: true;
  /** Whether a change may be in flight when it is stopped, of which the next run tells whether it was made. */
  readonly recovers?: true;
  /** Whether it ends what it has begun when it is interrupted, and then returns; see `stopping`. */
  readonly drains?: true;
  /** Name in the report's folder, latest-<name>, if not the command's. */
  readonly reportName?: string;
  /** Returns the outcome, whose findings are those in `found` or are added to it. */
  readonly work: (env: Environment, found: FindingStore) => Promise<Outcome>;
}

/** The options of a command line, and the host that it runs on. */
interface Invocation {
  readonly options: CommonOptions;
  readonly host: Host;
}

/** Runs a command and returns its exit code. */
export async function runCommand(
  command: CommandSpec,
  options: CommonOptions,
  host: Host,
): Promise<number> {
  const { output } = host;
  const note = (line: string): void => noteLine(output, line);
  // Overrides the shell's umask: candidates and reports are private, mappings are shared.
  if (command.report) host.umask(0o077);
  const begun = new Date();
  const started = performance.now();
  const phases: Phase[] = [];
  const clock = (): number => Math.round(performance.now() - started);
  const terminal = terminalProgress(
    terminalStyle(output.moves, host.variables, options.json === true),
    note,
  );
  const interrupt = interrupts(
    command.name,
    note,
    () => {
      terminal.close();
    },
    (failure) => {
      const outcome = failedOutcome(command.name, command.kind, failure, []);
      const milliseconds = clock();
      print(
        outcome,
        { startedAt: begun.toISOString(), milliseconds, phases },
        { options, host },
        null,
      );
      return output.codeOf(exitCodeOfFailure(failure.code, command.kind));
    },
    leftBy(command),
    command.drains,
  );
  const found = openFindings(realFolder(host.temporary));
  const env = environment(recordPhases(terminal, phases, clock), interrupt, host);
  let outcome: Outcome;
  let code: number;
  try {
    outcome = guarded(listed(await command.work(env, found), found), found);
    code = env.stopping.aborted ? EXIT.interrupted : codeOf(outcome, command.kind);
  } catch (error) {
    const failure = asFailure(error, host);
    outcome = failedOutcome(command.name, command.kind, failure, guardedList(found));
    code = exitCodeOfFailure(failure.code, command.kind);
  } finally {
    terminal.close();
    interrupt.stop();
  }
  const timing: Timing = {
    startedAt: begun.toISOString(),
    milliseconds: clock(),
    phases,
  };
  let report: string | null = null;
  if (hasReport(command, outcome, code) && hasPlace(options.project, outcome)) {
    report = await tryReport(command.reportName ?? command.name, outcome, timing, {
      options,
      host,
    });
    // A failed command keeps its code and message: often the cause is the same full disk.
    if (report === null && outcome.failure === undefined) code = exitCodeOfLostOutput(code);
  }
  print(outcome, timing, { options, host }, report);
  found.close();
  return code;
}

/** Says how a command leaves things that is interrupted. */
function leftBy({ resumes, recovers }: CommandSpec): string | undefined {
  if (resumes === true) return 'nothing is lost, run it again to go on';
  return recovers === true
    ? 'nothing is half done; run it again, which tells what was changed'
    : undefined;
}

/** Returns the outcome with its findings in the order of the report, each with an id. */
function listed(outcome: Outcome, found: FindingStore): Outcome {
  if (outcome.findings === found.list) return outcome;
  for (const finding of outcome.findings) found.add(finding);
  return { ...outcome, findings: found.list };
}

function guardedList(found: FindingStore): Outcome['findings'] {
  guardReport(found);
  return found.list;
}

/** Keeps personal data out of the report of any command; a check that would have shown it fails. */
function guarded(outcome: Outcome, found: FindingStore): Outcome {
  if (guardReport(found) === 0) return outcome;
  const status = outcome.status === 'DONE' ? 'DONE' : 'FAIL';
  return { ...outcome, status, counts: countFindings(found.list) };
}

/** A run that was locked out must not overwrite the report of the one that holds the lock. */
function hasReport(command: CommandSpec, { failure }: Outcome, code: number): boolean {
  return command.report && code !== EXIT.usage && failure?.code !== 'BUSY';
}

/** Returns the exit code of an outcome; one of several parts may have both results and a failure. */
function codeOf(outcome: Outcome, kind: CommandSpec['kind']): number {
  if (outcome.failure !== undefined) return exitCodeOfFailure(outcome.failure.code, kind);
  return kind === 'check' ? exitCodeOfCheck(verdict(outcome)) : (outcome.exitCode ?? EXIT.done);
}

/** A command that failed creates no folder where there is no project, as after a wrong --project. */
function hasPlace(project: string, { failure }: Outcome): boolean {
  return failure === undefined || isProject(projectPaths(project));
}

function verdict(outcome: Outcome): 'PASS' | 'WARN' | 'FAIL' {
  const { status } = outcome;
  if (status === 'DONE' || status === 'FAILED')
    throw new Error(`${outcome.command} has no verdict`);
  return status;
}

/** Returns the environment of a command, with its display and interrupts. */
export function environment(
  progress: Environment['progress'],
  {
    signal,
    stopping,
    onInterrupt,
    watchMemory,
  }: Pick<Environment, 'signal' | 'stopping' | 'onInterrupt' | 'watchMemory'>,
  host: Host,
): Environment {
  const { cwd, temporary, processors, pid, variables } = host;
  return {
    adapters: ADAPTERS,
    targets: TARGETS,
    databases: DATABASES,
    stores: STORES,
    startWorkers: (workers, start) =>
      workers === 0 ? inlinePool(CANDIDATE_ANSWERS) : createPool(WORKER, workers, start),
    variables,
    cwd,
    temporary,
    processors,
    runSelf,
    selfArgv: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    runProgram: (program, args, options) => runProgram(variables, program, args, options),
    progress,
    now: () => new Date(),
    random: (bytes) => randomBytes(bytes),
    pid,
    tool: packageInfo(),
    versions: {
      timeZoneData: process.versions['tz'] ?? 'unknown',
      unicode: process.versions['unicode'] ?? 'unknown',
    },
    signal,
    stopping,
    onInterrupt,
    watchMemory,
    ...host.instead,
  };
}

/**
 * Returns a Failure as it is, a system error as a Failure, and anything else as a defect of
 * Sealift.
 */
function asFailure(error: unknown, { variables }: Host): Failure {
  if (error instanceof Failure) return error;
  if (variables['SEALIFT_DEBUG'] !== undefined) throw error;
  // A system error that no caller handles is not a defect of Sealift.
  const refused = systemCode(error)?.startsWith('E') === true && !isOfRuntime(error);
  const known = refused ? readFailure(error, pathOf(error)) : error;
  if (known instanceof Failure) return known;
  const kind = error instanceof Error ? error.name : typeof error;
  return new Failure('UNSUPPORTED', {
    what: `this is a defect of Sealift (${kind}), nothing was published`,
    hint: 'run again with SEALIFT_DEBUG=1 and report the trace it prints',
    cause: error,
  });
}

/** Whether the error is the runtime's own, such as ERR_STRING_TOO_LONG. */
function isOfRuntime(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code?.startsWith('ERR_') === true;
}

async function tryReport(
  name: string,
  outcome: Outcome,
  timing: Timing,
  { options, host }: Invocation,
): Promise<string | null> {
  const { root, reports } = projectPaths(options.project);
  try {
    assertThere(root);
    return await onDisk(reports, () =>
      writeReport(reports, { command: name, pid: host.pid }, reportFiles(outcome, timing)),
    );
  } catch (error) {
    noteLine(host.output, `sealift: no report was written: ${asFailure(error, host).line()}`);
    return null;
  }
}

function assertThere(root: string): void {
  if (existsSync(root)) return;
  throw new Failure('USAGE', {
    what: 'the folder of the project does not exist',
    where: root,
    hint: 'name another one with --project',
  });
}

/** Returns a path as a person would type it: relative if it is below cwd. */
function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}

function print(
  outcome: Outcome,
  timing: Timing,
  { options, host }: Invocation,
  report: string | null,
): void {
  const { cwd, output, variables } = host;
  if (options.json === true) {
    const findings = report === null ? { findings: firstFindings(outcome) } : {};
    sayJson(output, { ...summary(outcome, timing), ...findings });
  } else {
    const screen = output.screen();
    const color = wantsColor(screen !== null, variables);
    for (const line of terminalLines(outcome, report, (path) => shownPath(path, cwd), screen)) {
      sayLine(output, line, color ? colored : undefined);
    }
  }
  if (outcome.failure !== undefined) {
    noteLine(output, `sealift ${outcome.command}: ${failureLine(outcome.failure)}`);
  }
}
