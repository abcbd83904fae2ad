import { parseArgs } from 'node:util';
import { type Core, createCore, createRestoredDatabase } from '../adminServices.ts';
import { type Config, readConfig } from '../config.ts';
import { openDatabase } from '../database/open.ts';
import { CallerError, SetupError } from '../errors.ts';
import { createLogger } from '../logger.ts';
import { VaultError } from '../security/credentialVault.ts';
import type { TenantScope } from '../services/access/tenantScope.ts';

type Options = Record<string, string>;

interface Command {
  /** The names of the command's options. All are required. */
  options: string[];
  run(core: Core, options: Options, config: Config): Promise<object>;
}

/** The operator's commands. Each prints one JSON object to stdout. Errors go to stderr, with exit code 1. */
const commands: Record<string, Command> = {
  'account create': {
    options: ['name', 'owner-email', 'owner-password'],
    async run({ accounts }, options) {
      const { accountId, userId } = await accounts.createAccount({
        name: text(options, 'name'),
        ownerEmail: text(options, 'owner-email'),
        ownerPassword: text(options, 'owner-password'),
      });
      return { account_id: accountId, user_id: userId };
    },
  },
  'user create': {
    options: ['account-id', 'email', 'password', 'role'],
    async run({ accounts }, options) {
      const { userId } = await accounts.createUser({
        accountId: id(options, 'account-id'),
        email: text(options, 'email'),
        password: text(options, 'password'),
        role: text(options, 'role'),
      });
      return { user_id: userId };
    },
  },
  'user deactivate': {
    options: ['email'],
    async run({ accounts }, options) {
      const { userId } = await accounts.deactivateUser(text(options, 'email'));
      return { user_id: userId, is_active: false };
    },
  },
  'site create': {
    options: ['account-id', 'name', 'url'],
    async run({ accounts, sites }, options) {
      const scope = operator(await accounts.existing(id(options, 'account-id')));
      const input = { name: text(options, 'name'), url: text(options, 'url') };
      const { siteId, siteKey } = await sites.createWithKey(scope, input);
      return { site_id: siteId, api_key: siteKey };
    },
  },
  'site rotate-key': {
    options: ['site-id'],
    async run({ accounts, sites }, options) {
      const siteId = id(options, 'site-id');
      return { api_key: await sites.rotateKey(operator(await accounts.accountOf(siteId)), siteId) };
    },
  },
  'credentials reencrypt': {
    options: [],
    async run({ rotation }) {
      const { reencrypted, alreadyCurrent } = await rotation.reencrypt();
      return { reencrypted, already_current: alreadyCurrent };
    },
  },
  'server adopt': {
    options: [],
    async run({ server }) {
      const { serverId, publicUrl } = await server.adopt();
      return { server_id: serverId, public_url: publicUrl };
    },
  },
  restored: {
    options: [],
    run: (core, _options, config) => createRestoredDatabase(config, core).markAll(),
  },
};

async function main(args: string[]): Promise<object> {
  const words = args.slice(0, 2);
  const name = [words.join(' '), words[0] ?? ''].find((known) => Object.hasOwn(commands, known)) ?? '';
  const command = commands[name];
  if (!command) throw new SetupError(`There is no such command.\n${usage()}`);
  const options = readOptions(name, command, args.slice(name.split(' ').length));
  const config = readConfig(process.env);
  const logger = createLogger(config.logLevel === 'info' ? 'warn' : config.logLevel);
  const database = await openDatabase(config, logger);
  try {
    const core = createCore(config, logger, database.url);
    try {
      return await command.run(core, options, config);
    } finally {
      await core.db.$disconnect();
    }
  } finally {
    await database.close();
  }
}

function readOptions(name: string, command: Command, args: string[]): Options {
  const known = Object.fromEntries(command.options.map((option) => [option, { type: 'string' as const }]));
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({ args, options: known, strict: true, allowPositionals: false }));
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : 'Wrong options.'}\n${usage(name)}`);
  }
  const missing = command.options.filter((option) => typeof values[option] !== 'string');
  if (missing.length > 0) throw new SetupError(`--${missing[0]} is missing.\n${usage(name)}`);
  return Object.fromEntries(Object.entries(values).map(([option, value]) => [option, String(value)]));
}

function usage(only?: string): string {
  const lines = Object.entries(commands)
    .filter(([name]) => only === undefined || name === only)
    .map(([name, { options }]) =>
      ['  npm run -s admin --', name, ...options.map((option) => `--${option} ${option.toUpperCase()}`)].join(
        ' ',
      ),
    );
  return `Usage:\n${lines.join('\n')}`;
}

function text(options: Options, name: string): string {
  return options[name] ?? '';
}

function id(options: Options, name: string): number {
  const value = text(options, name);
  if (!/^[1-9]\d{0,9}$/.test(value) || Number(value) > 2_147_483_647)
    throw new SetupError(`--${name} must be an id, such as 1.`);
  return Number(value);
}

/** The tenant scope of the operator: one account at a time, with the rights of its owner. */
function operator(accountId: number): TenantScope {
  return { accountId, userId: null, siteId: null, role: 'owner' };
}

try {
  process.stdout.write(`${JSON.stringify(await main(process.argv.slice(2)))}\n`);
  process.exit(0);
} catch (error) {
  const expected = error instanceof SetupError || error instanceof CallerError || error instanceof VaultError;
  if (!expected) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
