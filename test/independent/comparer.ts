/** One Python for many comparisons by compare.py: to start it costs more than most of them. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Compared {
  /** What compare.py would exit with. */
  readonly status: number;
  readonly output: string;
}

export interface Comparer {
  /** Rejects where the comparison itself fails. */
  readonly compare: (
    database: string,
    candidate: string,
    sources?: readonly string[],
  ) => Promise<Compared>;
  readonly close: () => Promise<void>;
}

const PROGRAM = `
import contextlib, io, json, sys
sys.dont_write_bytecode = True
import compare
for line in sys.stdin:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = compare.main(*json.loads(line))
    print(json.dumps({'status': status, 'output': printed.getvalue()}), flush=True)
`;

export function startComparer(): Comparer {
  const python = spawn('python3', ['-c', PROGRAM], {
    cwd: 'test/independent',
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  return {
    compare: async (database, candidate, sources = []) => {
      python.stdin.write(`${JSON.stringify([database, candidate, ...sources])}\n`);
      const { done, value } = await lines.next();
      if (done === true) throw new Error('the comparison has ended');
      return JSON.parse(value) as Compared;
    },
    close: async () => {
      const ended = once(python, 'exit');
      python.stdin.end();
      await ended;
    },
  };
}
