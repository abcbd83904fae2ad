/** A listener that nothing may reach. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

export interface Trap {
  readonly port: number;
  /** The connections so far, with the bytes of each. */
  readonly caught: string[];
  stop(): Promise<void>;
}

/** Listens on every address of this machine, or on one. */
export async function startTrap(host = '::', port = 0): Promise<Trap> {
  const caught: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const index = caught.push('') - 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      caught[index] += bytes.toString('latin1');
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncaught');
    });
  }).listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The trap has no port.');
  return {
    port: address.port,
    caught,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
