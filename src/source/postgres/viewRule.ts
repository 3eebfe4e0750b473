/**
 * Reads what a view uses from its rule, the tree of its query as the catalogue stores it. The dependencies
 * that the catalogue lists leave out the server's own functions. Names are escaped in a tree, and the bytes
 * of texts are numbers, so that nothing in them can be taken for a part of it.
 */

export interface UsedByView {
  /** Oids of the relations that it reads. */
  readonly relations: readonly string[];
  /** Oids of the functions that it calls by name. */
  readonly functions: readonly string[];
  readonly operators: readonly string[];
  /** What else of it may yield something else each time; a verb and its object. */
  readonly unsteady: string | null;
}

/** Clock, user, schema and the like, which are called without parentheses. */
const VALUE_FUNCTION = '{SQLVALUEFUNCTION ';
const SAMPLE = '{TABLESAMPLECLAUSE ';

/** Types of a date or time, which read some texts as the clock. */
const TEMPORAL = '(?:1082|1083|1114|1184|1266)';
const CAST_OF_TEXT = new RegExp(
  String.raw`\{COERCEVIAIO :arg \{CONST [^{}]*:constvalue \d+ \[([-\d ]+)\]\} :resulttype ${TEMPORAL} `,
  'g',
);
const CLOCK_WORD = /now|today|tomorrow|yesterday/i;

export const READS_CLOCK = 'reads the clock, chance or the session';

/** Reads a tree, such as the `ev_action` of a view's rule or the body of a function. */
export function readRule(tree: string): UsedByView {
  const casts = [...tree.matchAll(CAST_OF_TEXT)].map(([, bytes = '']) => {
    // Bytes are written as signed numbers.
    return Buffer.from(bytes.trim().split(/ +/).map(Number)).toString('latin1');
  });
  const readsClock = tree.includes(VALUE_FUNCTION) || casts.some((text) => CLOCK_WORD.test(text));
  const operators = [...tree.matchAll(/ :opnos \(o ([\d ]+)\)/g)].flatMap(([, oids = '']) => {
    return oids.trim().split(/ +/);
  });
  return {
    relations: oidsAfter(tree, / :relid (\d+)/g),
    functions: oidsAfter(tree, / :(?:funcid|aggfnoid|winfnoid) (\d+)/g),
    operators: [...new Set([...operators, ...oidsAfter(tree, / :opno (\d+)/g)])],
    unsteady: readsClock ? READS_CLOCK : tree.includes(SAMPLE) ? 'reads rows by chance' : null,
  };
}

function oidsAfter(tree: string, pattern: RegExp): string[] {
  const oids = new Set(Array.from(tree.matchAll(pattern), ([, oid = '']) => oid));
  oids.delete('0');
  return [...oids];
}
