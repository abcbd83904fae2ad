/**
 * Numbers of JSON columns, to the digit. PostgreSQL keeps every digit of a number in `jsonb`, but Prisma reads and
 * writes numbers as doubles. Between Prisma and the driver, an ExactNumber is a text with a mark.
 */
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlDriverAdapterFactory,
  type SqlQueryable,
} from '@prisma/driver-adapter-utils';
import { EXACT_MARK, ExactNumber, mayHoldExactNumbers } from '../outbound/exactNumber.ts';
import { parseAtOnce } from '../outbound/json.ts';

const MARKED = /"\\u0000(-?\d+(?:\.\d+)?)"/g;

/** Lets an adapter carry the numbers of JSON columns to the digit. */
export function withExactJson(factory: SqlDriverAdapterFactory): SqlDriverAdapterFactory {
  return overlay(factory, { connect: async () => exactAdapter(await factory.connect()) });
}

/** Returns a value that was read from a JSON column, with its ExactNumbers. */
export function fromJsonColumn(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.startsWith(EXACT_MARK) ? new ExactNumber(value.slice(EXACT_MARK.length)) : value;
  }
  if (Array.isArray(value)) return value.map(fromJsonColumn);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fromJsonColumn(each)]));
}

function exactAdapter(adapter: SqlDriverAdapter): SqlDriverAdapter {
  return overlay(adapter, {
    ...exactQueries(adapter),
    startTransaction: async (isolation) => {
      const transaction = await adapter.startTransaction(isolation);
      return overlay(transaction, exactQueries(transaction));
    },
  });
}

function exactQueries(queryable: SqlQueryable): Pick<SqlQueryable, 'queryRaw' | 'executeRaw'> {
  return {
    queryRaw: async (query) => marked(await queryable.queryRaw(written(query))),
    executeRaw: async (query) => queryable.executeRaw(written(query)),
  };
}

type Query = Parameters<SqlQueryable['queryRaw']>[0];
type Rows = Awaited<ReturnType<SqlQueryable['queryRaw']>>;

/** Replaces the marked texts in the JSON arguments of a statement by their digits. */
function written(query: Query): Query {
  const isMarked = (arg: unknown, index: number): arg is string =>
    typeof arg === 'string' && query.argTypes[index]?.scalarType === 'json' && arg.includes('"\\u0000');
  if (!query.args.some(isMarked)) return query;
  const args = query.args.map((arg, index) => (isMarked(arg, index) ? arg.replace(MARKED, '$1') : arg));
  return { ...query, args };
}

/** Marks the numbers in the JSON columns of rows that a double does not hold. */
function marked(rows: Rows): Rows {
  rows.columnTypes.forEach((type, column) => {
    if (type !== ColumnTypeEnum.Json) return;
    for (const row of rows.rows) {
      const text = row[column];
      if (typeof text === 'string' && mayHoldExactNumbers(text)) row[column] = withMarks(text);
    }
  });
  return rows;
}

function withMarks(json: string): string {
  return JSON.stringify(parseAtOnce(json), (_name, value: unknown) =>
    JSON.isRawJSON(value) ? `${EXACT_MARK}${value.rawJSON}` : value,
  );
}

/** The same object with some other methods. */
function overlay<Target extends object>(target: Target, methods: Partial<Target>): Target {
  return new Proxy(target, {
    get: (_target, name) => {
      if (Object.hasOwn(methods, name)) return Reflect.get(methods, name);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
