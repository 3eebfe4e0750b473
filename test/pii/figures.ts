/** Recall and precision by kind, and a table of them. */

interface Counts {
  readonly hits: number;
  readonly expected: number;
  /** What was found and is not expected. */
  readonly wrong: number;
}

export interface Figures {
  add(kind: string, counts: Counts): void;
  /** Recall and precision of a kind: 1 where nothing was expected, or found. */
  of(kind: string): { readonly recall: number; readonly precision: number };
  table(): string;
}

export function figures(title: string): Figures {
  const kinds = new Map<string, Counts>();
  const sharesOf = (kind: string): ReturnType<Figures['of']> => {
    const { hits, expected, wrong } = kinds.get(kind) ?? { hits: 0, expected: 0, wrong: 0 };
    return {
      recall: expected === 0 ? 1 : hits / expected,
      precision: hits + wrong === 0 ? 1 : hits / (hits + wrong),
    };
  };
  return {
    add(kind, { hits, expected, wrong }) {
      const sum = kinds.get(kind) ?? { hits: 0, expected: 0, wrong: 0 };
      kinds.set(kind, {
        hits: sum.hits + hits,
        expected: sum.expected + expected,
        wrong: sum.wrong + wrong,
      });
    },
    of: sharesOf,
    table() {
      const lines = [...kinds].map(([kind, { hits, expected, wrong }]) => {
        const { recall, precision } = sharesOf(kind);
        const counted = `${String(hits).padStart(4)} of ${String(expected).padStart(4)}`;
        const shares = `${recall.toFixed(3)}  ${precision.toFixed(3)}`;
        return `${kind.padEnd(34)} ${counted}  ${String(wrong).padStart(5)}  ${shares}`;
      });
      return `${[`${title.padEnd(34)}       found  wrong  recall  precision`, ...lines].join('\n')}\n`;
    },
  };
}
