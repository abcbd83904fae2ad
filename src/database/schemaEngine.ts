import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, DriverAdapterError } from '@prisma/driver-adapter-utils';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

/** The part of the global that is used; its types come only with those of a browser. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

/**
 * Works with Prisma's schema engine on a database. The engine runs as WebAssembly: the native one is a binary
 * that many networks cannot download.
 *
 * @param url   the database; the engine connects at once, whatever it is asked to do later
 * @param work  what to do with the engine, which ends when this does
 */
export async function withSchemaEngine<T>(
  url: string,
  work: (engine: glue.SchemaEngine) => Promise<T>,
): Promise<T> {
  await loadWasm();
  // One connection: the engine's own lock and what it runs under it then share a session. The engine never
  // ends a pool of its own, so it gets ours.
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    application_name: 'sitebridge-migrate',
    connectionTimeoutMillis: 10_000,
  });
  try {
    const factory = bindMigrationAwareSqlAdapterFactory(new WholeScripts(pool));
    const engine = await glue.SchemaEngine.new({ datamodels: undefined }, () => undefined, factory);
    try {
      return await work(engine);
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}

let instance: Promise<void> | undefined;

/** The wasm file and its JavaScript side import each other, which Node cannot load as it is: tie them by hand. */
function loadWasm(): Promise<void> {
  instance ??= (async () => {
    const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
    const bytes = await readFile(join(folder, 'schema_engine_bg.wasm'));
    const imports = { './schema_engine_bg.js': withPassiveTimers() };
    const { instance: wasm } = await WebAssembly.instantiate(bytes, imports);
    glue.__wbg_set_wasm(wasm.exports);
    const { __wbindgen_start: start } = wasm.exports;
    if (typeof start === 'function') start();
  })();
  return instance;
}

/**
 * The engine never clears the timer that bounds its wait for a lock. It must not keep a process that is done
 * from exiting for those ten seconds.
 */
function withPassiveTimers(): Record<string, unknown> {
  const imports: Record<string, unknown> = { ...glue };
  for (const name of Object.keys(imports).filter((key) => key.startsWith('__wbg_setTimeout_'))) {
    imports[name] = (callback: () => void, ms: number) => setTimeout(callback, ms).unref();
  }
  return imports;
}

/**
 * PrismaPg cuts a script at every semicolon and sends the pieces one by one, which tears functions and
 * triggers apart and leaves half a migration behind when a piece fails. PostgreSQL takes a whole script as
 * it is and runs it as one transaction, as `prisma migrate deploy` does.
 */
class WholeScripts extends PrismaPg {
  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      try {
        await adapter.underlyingDriver().query(script);
      } catch (error) {
        throw asAdapterError(error);
      }
    };
    return adapter;
  }
}

function asAdapterError(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  return new DriverAdapterError({
    kind: 'postgres',
    code: error.code ?? '',
    severity: error.severity ?? 'ERROR',
    message: error.message,
    detail: error.detail,
    column: error.column,
    hint: error.hint,
    originalCode: error.code ?? '',
    originalMessage: error.message,
  });
}
