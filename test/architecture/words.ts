/**
 * Words that are out, each with the field's own. They were private to this code: a reader had to learn
 * them, and a search for the usual word found nothing.
 */

export interface Out {
  readonly word: string;
  readonly pattern: RegExp;
  /** What to write instead. */
  readonly better: string;
}

const out = (word: string, pattern: RegExp, better: string): Out => ({ word, pattern, better });

/** In prose, messages and identifiers alike. */
export const WORDS_OUT: readonly Out[] = [
  out('nobody', /nobody/gi, 'no process, no user, nothing'),
  out('somebody', /somebody/gi, 'another process, another user'),
  out('whoever', /whoever/gi, 'who does, a caller that'),
  out('anybody', /anybody|everybody/gi, 'any process, every caller'),
  out('be it', /\bbe it\b/gi, 'whether'),
  out('remark', /remark/gi, 'diagnostic, note'),
  out('accuse', /accus(?:e|ation)/gi, 'report a violation'),
  out('hit', /\bhits?\b|[a-z]Hits?\b/g, 'violation, match'),
  out('dealer', /dealer/gi, 'bump allocator'),
  out('room', /\brooms?\b|Room|\broom[A-Z]/g, 'free space, buffer, capacity'),
  out('look at', /\blook(?:s|ed|ing)? at\b|lookAt|LookAt/g, 'inspect, scan, read'),
  out('look up', /\blookUps?\b|LookUps?\b/g, 'lookup'),
  out('gate', /rowGate|RowGate|[a-z]Gate\b/g, 'filter, predicate'),
  out('nameless', /nameless/gi, 'unlinked'),
  out('foreign', /\bforeign\b(?![ -](?:key|table)s?\b)/g, 'unexpected, of another'),
  out('sound', /\bsound(?:s|ness)?\b|Sound/g, 'valid, intact'),
  out('held against', /\bh(?:eld|old|olds|olding)(?: \w+){0,3} against\b/g, 'validated against'),
  out(
    'lead to',
    /\b(?:leads?|leading|led) (?:\w+ )?(?:to|out|back|over|elsewhere|anywhere|nowhere)\b/g,
    'point to, refer to',
  ),
  out('behind', /\bbehind\b/g, 'after'),
  // But the rule, option and transform of this name.
  out(
    'blank',
    /(?<![-`'".\w=[]|BLOCKER |null and )blanks?\b(?![`'":.=\]])/g,
    'whitespace, space, empty',
  ),
  out('mend', /\bmend(?:s|ed|ing)?\b/g, 'fix'),
  out('asked', /\basked\b/g, 'requested'),
  out('settle', /\bsettle(?:s|d|ment)?\b|(?<!all)Settle/g, 'recover, finish'),
];

/** Of a text, each word that is out with the number of its line. */
export function wordsOut(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      WORDS_OUT.filter(({ pattern }) => line.search(pattern) >= 0).map(
        ({ word, better }) => `${index + 1}: ${word} (${better})`,
      ),
    );
}
