import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { pino } from 'pino';
import { type Core, createCore } from '../src/adminServices.ts';
import { readConfig } from '../src/config.ts';
import { openDatabase } from '../src/database/open.ts';
import { figures, head, ratio } from './comparison.ts';
import { memoryOf, peakOf } from './peakMemory.ts';
import { startProgram } from './processes.ts';
import { mayGoOn } from './rounds.ts';
import { tokenOf } from './signIn.ts';

const MIB = 1024 * 1024;
/** The largest body that content routes take, less the JSON around the text. Bytes. */
const textBytes = 32 * MIB - 200;
/** As many as are received and handled at once. */
const few = 4;
const many = 20;
/** All callers share these bytes. */
const text = Buffer.alloc(textBytes, 'x');
const mostGrowth = 1.5;

interface Caller {
  siteId: number;
  token: string;
}

/**
 * Measures how much memory the server takes when callers of different accounts send bodies of 32 MiB at once. Many
 * callers are compared with as many as are received and handled at once, and so are many callers who stop before the end. Each
 * time a new server is started.
 */
export async function benchLargeBodies(folder: string): Promise<void> {
  const config = readConfig({ DATA_DIR: folder });
  const logger = pino({ level: 'silent' });
  const database = await openDatabase(config, logger);
  try {
    const core = createCore(config, logger, database.url);
    const memory = (work: (url: string, callers: Caller[]) => Promise<void>, count: number) =>
      memoryOfWork(folder, core, work, count);
    head('Bodies of 32 MiB at once, memory above that at rest', 'MiB', 'ratio', 'target');
    const base = await memory(sendAll, few);
    figures(`${few} callers`, base.toFixed(0));
    const whole = await memory(sendAll, many);
    figures(`${many} callers`, whole.toFixed(0), ...ratio(whole, base, mostGrowth));
    const stopped = await memory(sendMost, many);
    figures(`${many} callers who stop after 31 MiB`, stopped.toFixed(0), ...ratio(stopped, base, mostGrowth));
    await core.db.$disconnect();
  } finally {
    await database.close();
  }
}

async function memoryOfWork(
  folder: string,
  core: Core,
  work: (url: string, callers: Caller[]) => Promise<void>,
  count: number,
): Promise<number> {
  mayGoOn();
  const server = await startProgram(process.execPath, ['src/main.ts'], {
    DATA_DIR: folder,
    PORT: '0',
    ROLE: 'api',
    LOG_LEVEL: 'warn',
  });
  try {
    const callers: Caller[] = [];
    while (callers.length < count) callers.push(await newCaller(core, server.url));
    const atRest = await memoryOf(server.pid);
    await work(server.url, callers);
    return (await peakOf(server.pid)) - atRest;
  } finally {
    await server.stop();
  }
}

let made = 0;

async function newCaller(core: Core, url: string): Promise<Caller> {
  made += 1;
  const owner = { email: `owner-${made}@bench.example`, password: 'a password for the bench' };
  const { accountId } = await core.accounts.createAccount({
    name: `Bench ${made}`,
    ownerEmail: owner.email,
    ownerPassword: owner.password,
  });
  const scope = { accountId, userId: null, siteId: null, role: 'owner' } as const;
  const { id } = await core.sites.create(scope, { name: 'Bench', url: 'https://bench.example' });
  return { siteId: id, token: await tokenOf(url, owner) };
}

/** Throws unless every caller gets its content. */
async function sendAll(url: string, callers: Caller[]): Promise<void> {
  await Promise.all(
    callers.map(async (caller) => {
      const { call, answer } = begin(url, caller);
      call.write(text);
      call.end('"}');
      const response = await answer;
      for await (const _ of response) {
        // The response is as large as the body.
      }
      if (response.statusCode !== 201) throw new Error(`A large body was answered ${response.statusCode}.`);
    }),
  );
}

/** Throws unless the server gives up a caller who has stopped. */
async function sendMost(url: string, callers: Caller[]): Promise<void> {
  const begun = callers.map((caller) => begin(url, caller));
  try {
    for (const { call } of begun) call.write(text.subarray(0, 31 * MIB));
    const { statusCode } = await Promise.race(begun.map(({ answer }) => answer));
    if (statusCode !== 408) throw new Error(`A body that stops was answered ${statusCode}.`);
  } finally {
    for (const { call } of begun) call.destroy();
  }
}

function begin(url: string, { siteId, token }: Caller) {
  const start = `{"site_id":${siteId},"content_type":"post","body":"`;
  const headers = {
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json',
    'Content-Length': start.length + textBytes + 2,
  };
  const call: ClientRequest = httpRequest(`${url}/api/v1/content`, { method: 'POST', headers });
  call.write(start);
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve);
    call.on('error', reject);
  });
  answer.catch(() => undefined);
  return { call, answer };
}
