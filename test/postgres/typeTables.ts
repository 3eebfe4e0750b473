/** A table for each type of PostgreSQL: edge values by hand, and many that the server makes of a number. */

export interface TypeTable {
  readonly type: string;
  /** Texts that the type reads. */
  readonly edges: readonly string[];
  /** SQL of a text that the type reads, made of `n` (1, 2, …) and `h` (the MD5 of n, 32 digits). */
  readonly made: string;
  /** Oldest version that has the type. */
  readonly since?: number;
}

const BYTES = `'\\x' || substr(h, 1, 2 * (n % 16))`;
const DATE = `('1900-01-01'::date + n * 37 % 80000)`;
const CLOCK = `(n * 7919 % 86400) * interval '1 second' + (n * 104729 % 1000000) * interval '1 microsecond'`;
const NUMBER = `(('x' || substr(h, 1, 8))::bit(32)::int)`;
const WORDS = `(ARRAY['', 'ä', 'e\u0301', '😀', E'a\\tb\\nc\\\\d\\r', '"q"', '\\N', 'NULL', '{}', ',', ' x '])[1 + n % 11]`;

export const TYPE_TABLES: readonly TypeTable[] = [
  { type: 'smallint', edges: ['0', '-32768', '32767'], made: `${NUMBER} % 32768` },
  { type: 'integer', edges: ['-2147483648', '2147483647'], made: NUMBER },
  {
    type: 'bigint',
    edges: ['9223372036854775807', '-9223372036854775808', '9007199254740993'],
    made: `('x' || substr(h, 1, 16))::bit(64)::bigint`,
  },
  { type: 'oid', edges: ['0', '4294967295'], made: `n::bigint * 4294967 % 4294967296` },
  {
    type: 'numeric',
    edges: ['1.10', '0', '-0.000', '1e20', '9'.repeat(1000), `0.${'0'.repeat(999)}1`],
    made: `${NUMBER}::numeric / (10 ^ (n % 12))::numeric`,
  },
  { type: 'numeric(10,2)', edges: ['1.1', '-99999999.99'], made: `${NUMBER} % 100000000 / 100.0` },
  { type: 'numeric(5,-2)', edges: ['12345', '-900'], made: `n * 100` },
  { type: 'real', edges: ['0.1', '1e38', '1e-45'], made: `${NUMBER} / 1000.0` },
  {
    type: 'double precision',
    edges: ['0.1', '1.7976931348623157e308', '5e-324', '1e22', '123456789.12345678'],
    made: `${NUMBER} / 1234567.0::float8`,
  },
  { type: 'boolean', edges: ['t', 'f'], made: `n % 2 = 0` },
  {
    type: 'text',
    edges: [
      '',
      'a\tb\nc\\d\r\b\f\v',
      '\\N',
      '\\.',
      '😀',
      '\ufeffx',
      '\u0001',
      'e\u0301',
      '__proto__',
    ],
    made: `${WORDS} || h`,
  },
  { type: 'character varying(40)', edges: ['x ', ''], made: `${WORDS} || n` },
  { type: 'character(8)', edges: ['ab', ''], made: `substr(h, 1, n % 9)` },
  { type: 'name', edges: ['n'], made: `h` },
  { type: 'bytea', edges: ['\\x', '\\x00ff0a5c09'], made: BYTES },
  { type: 'date', edges: ['2024-02-29', '0001-01-01', '9999-12-31'], made: DATE },
  { type: 'time', edges: ['00:00', '23:59:59.999999'], made: `time '00:00' + ${CLOCK}` },
  { type: 'time(3)', edges: ['01:02:03.456'], made: `time '00:00' + ${CLOCK}` },
  {
    type: 'time with time zone',
    edges: ['01:02:03.5+02', '23:59:59-15:59:59'],
    made: `(time '00:00' + ${CLOCK}) || '+0' || n % 10`,
  },
  {
    type: 'timestamp',
    edges: ['2024-02-29 12:34:56.123456', '0001-01-01'],
    made: `${DATE} + ${CLOCK}`,
  },
  { type: 'timestamp(0)', edges: ['2024-01-01 00:00:00'], made: `${DATE} + ${CLOCK}` },
  {
    type: 'timestamp with time zone',
    edges: ['2024-02-29 12:34:56.123456+05:30', '1883-11-18 12:00:00-08'],
    made: `(${DATE} + ${CLOCK}) || '+0' || n % 10`,
  },
  {
    type: 'timestamp(3) with time zone',
    edges: ['2024-01-01 00:00:00.5+00'],
    made: `(${DATE} + ${CLOCK}) || 'Z'`,
  },
  {
    type: 'interval',
    edges: ['1 year 2 mons 3 days 04:05:06.789', '-1 day +1 hour', '0', '178000000 years'],
    made: `n % 20 || ' mons ' || -n || ' days ' || n * 7 || ' seconds'`,
  },
  { type: 'uuid', edges: ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'], made: `h::uuid` },
  {
    type: 'json',
    edges: ['{"a": 1.5, "b": [null, "x"]}', 'null', ' {"b" : "\\u00e9"} '],
    made: `json_build_object('h', h, 'n', n)`,
  },
  { type: 'jsonb', edges: ['{"b":1,"a":1.10}', '"x"'], made: `json_build_array(n, h, NULL)` },
  {
    type: 'integer[]',
    edges: ['{}', '{1,NULL,-3}', '{{1,2},{3,4}}'],
    made: `'{' || n || ',NULL,' || -n || '}'`,
  },
  {
    type: 'text[]',
    edges: ['{"a,b","q\\"uo","NULL",NULL,"\\\\"}', '{}', '{{a},{b}}'],
    made: `ARRAY[${WORDS}, h, NULL]`,
  },
  {
    type: 'bigint[]',
    edges: ['{9223372036854775807,-1,NULL}'],
    made: `'{' || n * 4503599627370497 || '}'`,
  },
  {
    type: 'double precision[]',
    edges: ['{0.1,NaN,Infinity}', '{1e22}'],
    made: `'{' || ${NUMBER} / 1000.0 || '}'`,
  },
  { type: 'numeric[]', edges: ['{1.10,NaN}'], made: `'{' || n || '.10}'` },
  { type: 'boolean[]', edges: ['{t,f,NULL}'], made: `'{' || (n % 2 = 0) || '}'` },
  {
    type: 'mood',
    edges: ['very "happy"', 'sad'],
    made: `(ARRAY['sad', 'ok', 'very "happy"'])[1 + n % 3]`,
  },
  { type: 'mood[]', edges: ['{sad,"very \\"happy\\""}'], made: `'{ok}'` },
  { type: 'pair', edges: ['(1,"x,y")', '(,)'], made: `'(' || n || ',"' || h || '")'` },
  { type: 'positive', edges: ['1.5'], made: `n / 8.0 % 90000 + 1` },
  { type: 'int4range', edges: ['[1,5)', 'empty', '(,)'], made: `'[' || n || ',' || n + 5 || ')'` },
  {
    type: 'int4multirange',
    edges: ['{[1,3),[5,7)}', '{}'],
    made: `'{[' || n || ',' || n + 1 || ')}'`,
  },
  { type: 'tstzrange', edges: ['["2024-01-01 00:00:00+00",)'], made: `'[' || ${DATE} || ',)'` },
  {
    type: 'inet',
    edges: ['192.168.0.1/24', '::1'],
    made: `'10.0.' || n % 256 || '.' || n * 7 % 256`,
  },
  { type: 'cidr', edges: ['10.0.0.0/8'], made: `'10.0.' || n % 256 || '.0/24'` },
  { type: 'macaddr', edges: ['08:00:2b:01:02:03'], made: `substr(h, 1, 12)` },
  { type: 'macaddr8', edges: ['08:00:2b:01:02:03:04:05'], made: `substr(h, 1, 16)` },
  { type: 'bit(5)', edges: ['10101'], made: `(n % 32)::bit(5)` },
  { type: 'bit varying', edges: ['', '101'], made: `n::bit(16)` },
  { type: 'money', edges: ['-1234.56'], made: `n * 1.01` },
  { type: 'xml', edges: ['<a b="1">x</a>'], made: `'<a n="' || n || '">ä</a>'` },
  { type: 'tsvector', edges: ["'a':1A 'b':2"], made: `h || ' ' || n` },
  { type: 'tsquery', edges: ["'a' & !'b'"], made: `h` },
  { type: 'point', edges: ['(1.5,-2)'], made: `'(' || n / 8.0 || ',' || -n || ')'` },
  { type: 'line', edges: ['{1,2,3}'], made: `'{1,' || n || ',3}'` },
  { type: 'lseg', edges: ['[(0,0),(1,1)]'], made: `'[(0,0),(' || n || ',1)]'` },
  { type: 'box', edges: ['(1,1),(0,0)'], made: `'(' || n || ',1),(0,0)'` },
  { type: 'path', edges: ['[(0,0),(1,1)]', '((0,0),(1,1))'], made: `'[(0,0),(' || n || ',1)]'` },
  { type: 'polygon', edges: ['((0,0),(1,1),(1,0))'], made: `'((0,0),(' || n || ',1),(1,0))'` },
  { type: 'circle', edges: ['<(0,0),1.5>'], made: `'<(0,0),' || n || '>'` },
  { type: 'pg_lsn', edges: ['16/B374D848'], made: `'16/' || upper(substr(h, 1, 6))` },
  { type: 'hstore', edges: ['"a"=>"1", "b"=>NULL'], made: `'"' || h || '"=>"' || n || '"'` },
  { type: 'citext', edges: ['AbC'], made: `h` },
  { type: 'jsonpath', edges: ['$."a"[*]'], made: `'$."' || h || '"'` },
  { type: 'xid8', edges: ['18446744073709551615'], made: `n` },
];

/** Types that the tables use, and that a database does not have by itself. */
export const OWN_TYPES = `
  CREATE EXTENSION hstore; CREATE EXTENSION citext;
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'very "happy"');
  CREATE TYPE pair AS (a int, b text);
  CREATE DOMAIN positive AS numeric(8,3) CHECK (value > 0);`;

/** Returns the name of the table of a type, which is also its module. */
export function tableOf({ type }: TypeTable, at: number): string {
  const words = type.toLowerCase().replaceAll('[]', ' array').split(/\W+/);
  return `t${String(at).padStart(2, '0')}_${words.filter((word) => word !== '').join('_')}`;
}

/** Returns the SQL that creates and fills a table. */
export function tableSql(table: TypeTable, at: number, made: number): string {
  const name = tableOf(table, at);
  const quoted = table.edges.map((text) => `'${text.replaceAll("'", "''")}'`);
  const edges = quoted.map((text, index) => `(${index + 1}, ${text}::${table.type})`);
  return `CREATE TABLE ${name} (id int PRIMARY KEY, v ${table.type});
    INSERT INTO ${name} VALUES (0, NULL), ${edges.join(', ')};
    INSERT INTO ${name} SELECT 100 + n, (${table.made})::text::${table.type}
      FROM (SELECT n, md5(n::text) AS h FROM generate_series(1, ${made}) n) made;
    ANALYZE ${name};`;
}
