import { defineConfig } from 'prisma/config';

// `prisma generate` needs no schema engine, but Prisma insists on finding one, and its binary cannot be
// downloaded behind many proxies. Any executable satisfies the look-up; generate never runs it.
if (process.argv.includes('generate')) {
  process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;
}

const url = process.env.DATABASE_URL;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(url ? { datasource: { url } } : {}),
});
