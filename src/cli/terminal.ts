/**
 * Shows progress while a command runs: on a terminal one moving line and a lasting one per module,
 * elsewhere plain lines. Changes no mode of the terminal, so a killed run leaves it intact.
 */

import { SingleBar } from 'cli-progress';

import type { About, Progress } from '../run/environment.ts';
import { counted } from '../outcome/counted.ts';
import { doneLine, failedPart, progressLine, type Step } from './progressLine.ts';

export interface TerminalStyle {
  /** Whether to draw a moving line: standard error is a terminal. */
  readonly bars: boolean;
  /** Whether to print nothing before the end. */
  readonly quiet: boolean;
}

/** Progress that can be closed. */
export interface Shown extends Progress {
  /** Writes the open line; nothing is shown afterwards. */
  close(): void;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Chooses how to draw, from the stream and the environment. */
export function terminalStyle(
  isTerminal: boolean,
  variables: Variables,
  quiet: boolean,
): TerminalStyle {
  return { bars: isTerminal && !isDumb(variables) && variables['CI'] === undefined, quiet };
}

/** Whether to colour terminal output (no-color.org). */
export function wantsColor(isTerminal: boolean, variables: Variables): boolean {
  return isTerminal && !isDumb(variables) && (variables['NO_COLOR'] ?? '') === '';
}

function isDumb(variables: Variables): boolean {
  return variables['TERM'] === 'dumb';
}

const COLORS: readonly (readonly [RegExp, string])[] = [
  [/^BLOCKER(?= )|(?<=^[a-z -]+: )(?:FAIL|FAILED)$/, '31'],
  [/^WARNING(?= )|(?<=^[a-z -]+: )WARN$/, '33'],
  [/(?<=^[a-z -]+: )(?:PASS|DONE)$/, '32'],
];

/** Colours the severity or verdict of a summary line. */
export function colored(line: string): string {
  for (const [pattern, color] of COLORS) {
    if (pattern.test(line)) return line.replace(pattern, `\u001b[1;${color}m$&\u001b[0m`);
  }
  return line;
}

/** Returns the progress on standard error. */
export function terminalProgress(style: TerminalStyle, write: (line: string) => void): Shown {
  if (style.quiet) return { begin() {}, update() {}, end() {}, say() {}, close() {} };
  return inGroups(style.bars ? movingLine() : null, write);
}

interface MovingLine {
  draw(step: Step): void;
  clear(): void;
}

const NOTHING: Step = {
  label: '',
  done: 0,
  before: 0,
  bytes: null,
  failed: 0,
  total: 0,
  unit: '',
  seconds: 0,
};

/** One line at the bottom, redrawn at most ten times per second. */
function movingLine(): MovingLine {
  let step = NOTHING;
  const bar = new SingleBar({
    format: () => progressLine(step, process.stderr.columns || 80),
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
  });
  let moves = false;
  return {
    draw(next) {
      step = next;
      if (moves) bar.update(next.done);
      else bar.start(Math.max(1, next.total), next.done);
      moves = true;
    },
    clear() {
      if (moves) bar.stop();
      moves = false;
    },
  };
}

interface Open {
  readonly label: string;
  readonly total: number;
  readonly about: About;
  readonly begun: number;
}

function plainLine({ label, done, unit, failed }: Step): string {
  return `${label}: ${counted(done, unit)}${failedPart(failed)}`;
}

/** Steps of one group share one lasting line, with the count of the largest of them. */
function inGroups(line: MovingLine | null, write: (line: string) => void): Shown {
  let open: Open | null = null;
  let kept: Step | null = null;
  let done = 0;
  let bytes: number | null = null;
  let failed = 0;
  const stepOf = ({ label, total, about, begun }: Open): Step => {
    const seconds = (performance.now() - begun) / 1000;
    const { unit = 'row', before = 0 } = about;
    return { label, total, done, before, bytes, failed, unit, seconds };
  };
  const flush = (): void => {
    if (kept === null) return;
    line?.clear();
    write(line === null ? plainLine(kept) : doneLine(kept));
    kept = null;
  };
  return {
    begin(label, total, about = {}) {
      if (kept !== null && kept.label !== about.group) flush();
      [open, done, bytes] = [{ label, total, about, begun: performance.now() }, 0, null];
      failed = 0;
      line?.draw(stepOf(open));
    },
    update(now, size, refused = 0) {
      [done, failed] = [now, refused];
      bytes = size ?? null;
      if (open !== null) line?.draw(stepOf(open));
    },
    end() {
      if (open === null) return;
      const ended = stepOf(open);
      const { group, counts = true, passing = false } = open.about;
      open = null;
      if (passing) {
        line?.clear();
        return;
      }
      if (group === undefined) {
        [kept] = [ended];
        flush();
        return;
      }
      const most = Math.max(kept?.done ?? 0, counts ? ended.done : 0);
      const seconds = (kept?.seconds ?? 0) + ended.seconds;
      kept = { ...ended, label: group, done: most, seconds };
    },
    say(text) {
      line?.clear();
      write(text);
      if (open !== null) line?.draw(stepOf(open));
    },
    close() {
      line?.clear();
      open = null;
      flush();
    },
  };
}
