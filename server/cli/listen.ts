import type { Server } from 'node:net';
import { CliError, exitCodes } from '../exit-codes.ts';

export const defaultPort = 6443;
const attempts = 50;

/**
 * Lets `server` listen. Without a `port` it takes 6443 or the next free one after it; 0 takes any free one; a given port that is
 * busy is a CliError with exit code 5.
 */
export async function listenOn(server: Server, host: string, port: number | undefined): Promise<number> {
  for (let tried = 0; ; tried += 1) {
    const wanted = port ?? defaultPort + tried;
    try {
      return await listenOnce(server, host, wanted);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' && port === undefined && tried < attempts) continue;
      if (code === 'EADDRINUSE')
        throw new CliError(exitCodes.inUse, 'PORT_IN_USE', `port ${wanted} on ${host} is in use`, 'choose another --port, or --port 0 for any free one');
      if (code === 'EACCES') throw new CliError(exitCodes.failure, 'PORT_FORBIDDEN', `port ${wanted} on ${host} may not be used`, 'choose a --port above 1023');
      if (code === 'EADDRNOTAVAIL')
        throw new CliError(exitCodes.usage, 'HOST_UNKNOWN', `this machine has no address ${host}`, 'use --host 127.0.0.1 or 0.0.0.0');
      throw error;
    }
  }
}

function listenOnce(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      server.off('listening', listening);
      reject(error);
    };
    const listening = () => {
      server.off('error', failed);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen(port, host);
  });
}
