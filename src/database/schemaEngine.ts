import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, DriverAdapterError } from '@prisma/driver-adapter-utils';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

/** The used part of the global `WebAssembly`. TypeScript has its types only in the browser library. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

/**
 * Runs Prisma's schema engine on a database. The engine runs as WebAssembly, because many networks block the
 * download of the native binary.
 *
 * @param url   the URL of the database; the engine connects at once, even before its first task
 * @param work  uses the engine, which ends when this function ends
 */
export async function withSchemaEngine<T>(
  url: string,
  work: (engine: glue.SchemaEngine) => Promise<T>,
): Promise<T> {
  await loadWasm();
  // With one connection, the engine's lock and its statements share a session. The engine never ends a pool
  // that it opened itself, so it gets a pool that is ended here.
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

/**
 * The wasm file and its JavaScript file import each other. Node cannot load that, so they are linked here.
 */
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
 * The engine never clears the ten-second timer that limits its wait for a lock. Without `unref` the timer
 * would delay the exit of a finished process.
 */
function withPassiveTimers(): Record<string, unknown> {
  const imports: Record<string, unknown> = { ...glue };
  for (const name of Object.keys(imports).filter((key) => key.startsWith('__wbg_setTimeout_'))) {
    imports[name] = (callback: () => void, ms: number) => setTimeout(callback, ms).unref();
  }
  return imports;
}

/**
 * PrismaPg splits a script at every semicolon and sends the parts one by one. That breaks functions and
 * triggers, and leaves half a migration behind when a part fails. This class sends the whole script.
 * PostgreSQL runs it as one transaction, as `prisma migrate deploy` does.
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
