/** What an interrupt does to connections: a signal aborts before anything is cleaned up. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

const MODULE = new URL('../../src/cli/interrupt.ts', import.meta.url).href;

/** Says in which order things happen; `ready` once it listens. */
const PROGRAM = `
  import { writeSync } from 'node:fs';
  import { interrupts } from ${JSON.stringify(MODULE)};
  const say = (text) => writeSync(1, text + '\\n');
  const interrupt = interrupts('init', () => {}, () => say('before'), () => 1);
  interrupt.signal.addEventListener('abort', () => say('aborted'));
  interrupt.onInterrupt(() => say('cleaned up'));
  setInterval(() => {}, 1000);
  say('ready');
`;

describe('an interrupt', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s aborts what waits, then cleans up',
    async (name) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      const isReady = new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          said += chunk.toString();
          if (said.includes('ready')) resolve();
        });
      });
      const ended = once(child, 'close');
      await isReady;
      child.kill(name);
      const [code] = (await ended) as [number | null];
      expect(said.trim().split('\n')).toEqual(['ready', 'before', 'aborted', 'cleaned up']);
      expect(code).toBe(130);
    },
  );
});
