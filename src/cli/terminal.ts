/** What a person sees while a command runs: bars on a terminal, plain lines elsewhere. */

import { Presets, SingleBar } from 'cli-progress';

import type { Progress } from '../flow/environment.ts';
import { counted } from '../outcome/counted.ts';

export interface TerminalStyle {
  /** Draw bars: standard error is a terminal. */
  readonly bars: boolean;
  /** Say nothing before the end. */
  readonly quiet: boolean;
  readonly color: boolean;
}

/** How to draw, from the streams and the environment (no-color.org). */
export function terminalStyle(
  isTerminal: boolean,
  variables: Readonly<Record<string, string | undefined>>,
  quiet: boolean,
): TerminalStyle {
  const dumb = variables['TERM'] === 'dumb' || variables['CI'] !== undefined;
  const color = isTerminal && !dumb && (variables['NO_COLOR'] ?? '') === '';
  return { bars: isTerminal && !dumb && !quiet, quiet, color };
}

/** Progress on standard error. */
export function terminalProgress(style: TerminalStyle): Progress {
  if (style.quiet) return { begin() {}, update() {}, end() {} };
  return style.bars ? bars() : plainLines();
}

function bars(): Progress {
  const bar = new SingleBar(
    {
      format: '{label} {bar} {percentage}% | {value}/{total} rows | {rate} rows/s | ETA {eta}s',
      etaBuffer: 50,
      hideCursor: true,
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  let begun = 0;
  return {
    begin(label, total) {
      begun = performance.now();
      bar.start(total, 0, { label: label.padEnd(24), rate: 0 });
    },
    update(done) {
      const seconds = (performance.now() - begun) / 1000;
      bar.update(done, { rate: seconds > 0 ? Math.round(done / seconds) : 0 });
    },
    end() {
      bar.stop();
    },
  };
}

function plainLines(): Progress {
  let [current, rows] = ['', 0];
  return {
    begin(label) {
      [current, rows] = [label, 0];
    },
    update(done) {
      rows = done;
    },
    end() {
      process.stderr.write(`${current}: ${counted(rows, 'row')}\n`);
    },
  };
}
