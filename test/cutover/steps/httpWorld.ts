/** What a step has to work with in tests: the real client against a server of the test, a folder, a clock that only pauses move. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Kept, Members, StepWork } from '../../../src/cutover/steps/stepType.ts';
import { originOf } from '../../../src/cutover/world/httpAddress.ts';
import { sqlOpener } from '../../../src/cutover/world/sqlClient.ts';
import { httpClient } from '../../../src/cutover/world/httpClient.ts';
import type { ProgramCall, ProgramEnd, World } from '../../../src/cutover/world/world.ts';
import { Failure } from '../../../src/outcome/failure.ts';
import { readPlainFile } from '../../../src/seal/files.ts';

export interface HttpWorld {
  /** Folder of the runbook. */
  readonly folder: string;
  /** Outputs that were kept, by name. */
  readonly outputs: Map<string, string>;
  /** Calls of programs. */
  readonly calls: ProgramCall[];
  /** Inputs by name; that of `app` is the server's address. */
  readonly inputs: Map<string, string>;
  /** What a program does; replaced by tests. */
  run: (call: ProgramCall) => Partial<ProgramEnd>;
  /** Secrets that the redactor knows, by value. */
  readonly secrets: Map<string, string>;
  /** Passed by pauses. */
  readonly paused: () => number;
  write(name: string, text: string | Uint8Array): void;
  work(members: Members, more?: Partial<Pick<StepWork, 'input' | 'kept' | 'signal'>>): StepWork;
  remove(): void;
}

const START = Date.UTC(2026, 11, 6, 2);

function missing(what: string): never {
  throw new Error(`the test has no ${what}`);
}

/** Makes a world with an application at an address. */
export function httpWorld(app: string): HttpWorld {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-'));
  let paused = 0;
  const redacted = (text: string): string =>
    [...made.secrets].reduce((rest, [value, name]) => {
      return rest.replaceAll(value, `[redacted ${name}]`);
    }, text);
  const made: HttpWorld = {
    folder,
    outputs: new Map(),
    calls: [],
    inputs: new Map([['app', app]]),
    secrets: new Map(),
    run: () => missing('program'),
    paused: () => paused,
    write(name, text) {
      writeFileSync(join(folder, name), text);
    },
    work: (members, more = {}) => ({
      id: 'step',
      members,
      input: 'app',
      kept: (): Kept => ({}),
      knownGood: () => Buffer.from('{}\n'),
      world,
      signal: new AbortController().signal,
      ...more,
    }),
    remove() {
      rmSync(folder, { recursive: true });
    },
  };
  const input = (name: string): string => {
    const value = made.inputs.get(name);
    if (value !== undefined) return value;
    throw new Failure('USAGE', { what: `there is no input ${name}` });
  };
  const world: World = {
    runId: 'test-1',
    programState: () => 'there',
    now: () => new Date(START + paused),
    async pause(ms, signal) {
      signal.throwIfAborted();
      // Once around: requests that are under way go on.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      paused += ms;
    },
    variables: {},
    redactor: {
      add: (name, value) => made.secrets.set(value, name),
      text: redacted,
      bytes: (bytes) => Buffer.from(redacted(Buffer.from(bytes).toString())),
    },
    input,
    async run(call) {
      made.calls.push(call);
      const { stdout = '', stderr = '', code = 0, endedBy = null } = made.run(call);
      return { code, endedBy, stdout: redacted(stdout), stderr: redacted(stderr) };
    },
    runSealift: () => missing('Sealift'),
    request: (request) => {
      const allowed = new Set([...made.inputs.values()].flatMap((value) => originOf(value) ?? []));
      return httpClient({ allowed, input })(request);
    },
    openSql: sqlOpener({ input, variables: {}, folder }),
    files: {
      read: (path, most) => readPlainFile(join(folder, path), most),
      place(path) {
        const place = join(folder, path);
        if (place.startsWith(`${folder}/`)) return place;
        throw new Failure('USAGE', { what: 'the path is outside of the folder', where: path });
      },
      matching: () => missing('pattern'),
    },
    artifacts: {
      folder,
      keep(name, bytes) {
        made.outputs.set(name, redacted(Buffer.from(bytes).toString()));
        return { name, bytes: bytes.length, sha256: '' };
      },
    },
  };
  return made;
}
