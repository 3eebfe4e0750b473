/** What was measured, and the figures that are made of it, as a table. */

import { median, type Measured } from './measure.ts';

/** What is measured, by name; a round runs them in this order. */
export type Runs = Record<string, Measured[]>;

export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly bar: number;
  readonly goal: number;
  readonly passed: boolean;
}

export const seconds = (runs: Runs, name: string): number =>
  median((runs[name] ?? []).map((run) => run.seconds));
export const peak = (runs: readonly Measured[]): number => median(runs.map((run) => run.peak));

export function atMost(figure: string, value: number, bar: number, goal: number): Figure {
  return { figure, value, bar, goal, passed: value <= bar };
}

export function atLeast(figure: string, value: number, bar: number, goal: number): Figure {
  return { figure, value, bar, goal, passed: value >= bar };
}

/** Both as Markdown; the process of a shell has a memory that says nothing. */
export function tableOf(runs: Runs, found: readonly Figure[]): string {
  const lines = [
    '| command | median | peak memory |',
    '| --- | ---: | ---: |',
    ...Object.entries(runs).map(
      ([name, all]) =>
        `| ${name} | ${seconds(runs, name).toFixed(2)} s | ${Math.round(peak(all))} MiB |`,
    ),
    '',
    '| figure | measured | bar | goal | |',
    '| --- | ---: | ---: | ---: | --- |',
    ...found.map(
      ({ figure, value, bar, goal, passed }) =>
        `| ${figure} | ${value.toFixed(2)} | ${bar} | ${goal} | ${passed ? 'reached' : 'not reached'} |`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
