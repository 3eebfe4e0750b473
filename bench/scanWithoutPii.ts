/**
 * scan-all without its search for personal data, which is measured on its own: the command line has no
 * option for that, as only a whole scan lets a candidate go live. Run by `bench.ts` in a process of its own.
 *
 *     node bench/scanWithoutPii.ts PROJECT WORKERS
 */

import { tmpdir } from 'node:os';

/** A module as it is installed. */
const installed = (name: string): string => new URL(`../dist/${name}.js`, import.meta.url).href;
const { environment } = (await import(installed('cli/run'))) as typeof import('../src/cli/run.ts');
const { processHost } = (await import(
  installed('cli/host')
)) as typeof import('../src/cli/host.ts');
const { openFindings } = (await import(
  installed('findings/findingStore')
)) as typeof import('../src/findings/findingStore.ts');
const { scan } = (await import(installed('flow/scan'))) as typeof import('../src/flow/scan.ts');
const { CHECKS } = (await import(
  installed('outcome/checks')
)) as typeof import('../src/outcome/checks.ts');

const [project = '', workers = '2'] = process.argv.slice(2);
const silent = { begin() {}, update() {}, end() {}, say() {} };
const env = environment(
  silent,
  {
    signal: new AbortController().signal,
    onInterrupt: () => () => {},
    watchMemory: () => () => {},
    stopping: new AbortController().signal,
  },
  processHost(),
);
const options = {
  // The journal is told of whole scans alone.
  command: 'scan-module',
  project,
  modules: null,
  checks: CHECKS.filter((check) => check !== 'pii'),
  recount: { project, cwd: project, sources: new Map<string, string>() },
  workers: Number(workers),
  memory: 2 ** 30,
} as const;
const { status } = await scan(options, env, openFindings(tmpdir()));
if (status !== 'PASS') throw new Error(`the scan ended with ${status}`);
