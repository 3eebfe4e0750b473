/** A way to break the program, with the tests that have to notice. */

export interface Mutant {
  /** What the program does wrong with it. */
  readonly name: string;
  readonly file: string;
  /** Text that stands once in the file. */
  readonly from: string;
  readonly to: string;
  /** Files or folders of tests. */
  readonly killers: readonly string[];
  /** The test among them that has to notice alone; absent where any may. */
  readonly test?: string;
  /** It lies on the path to a verdict: a person would believe that all is well. */
  readonly verdict: boolean;
}

type Change = readonly [name: string, from: string, to: string];

/** Mutants of a file of `src` that any test of some files may kill. */
export function killedByFiles(
  verdict: boolean,
  file: string,
  killers: readonly string[],
  changes: readonly Change[],
): Mutant[] {
  return changes.map(([name, from, to]) => {
    return { name, file: `src/${file}`, from, to, killers, verdict };
  });
}

/** Mutants of verdicts, each killed by one test of a file alone, which is named by a part of its title. */
export function killedByTest(
  file: string,
  killer: string,
  changes: readonly (readonly [test: string, ...Change])[],
): Mutant[] {
  return changes.map(([test, name, from, to]) => {
    return { name, file: `src/${file}`, from, to, killers: [killer], test, verdict: true };
  });
}
