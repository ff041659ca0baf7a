import type { Server } from 'node:net';
import { createServer } from 'node:net';
import type { Service } from '../generated/types/index.ts';
import type { Informer } from '../src/client/types.ts';
import type { Log, Loop } from '../src/env/index.ts';
import type { Dialer } from '../src/network/index.ts';
import { bridgeSocket } from './socket-bridge.ts';

export interface NodePortOptions {
  readonly services: Informer<Service>;
  readonly dialer: Dialer;
  /** The node whose ports appear on the host: any will do, since each node leads to every service. */
  readonly nodeAddress: string;
  /** The host's address to listen on. */
  readonly host: string;
  readonly loop: Pick<Loop, 'hold'>;
  readonly log: Log;
}

/**
 * Makes the TCP node ports of Services reachable on the host, at the same numbers, as kind's extraPortMappings do.
 * A number that something else uses on the host is left out with a warning. Returns how to stop.
 */
export function serveNodePorts(options: NodePortOptions): () => void {
  const servers = new Map<number, Server>();
  const wanted = new Map<string, readonly number[]>();
  const update = () => {
    const all = new Set([...wanted.values()].flat());
    for (const port of all) if (!servers.has(port)) servers.set(port, openPort(port, options));
    for (const [port, server] of servers) {
      if (all.has(port)) continue;
      server.close();
      servers.delete(port);
    }
  };
  const set = (service: Readonly<Service>) => {
    wanted.set(keyOf(service), nodePortsOf(service));
    update();
  };
  options.services.handle({
    added: set,
    updated: set,
    deleted: (service) => {
      wanted.delete(keyOf(service));
      update();
    },
  });
  return () => {
    wanted.clear();
    update();
  };
}

function openPort(port: number, { dialer, nodeAddress, host, loop, log }: NodePortOptions): Server {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    const release = loop.hold(); // A client waits: in auto mode, time must not jump over its answer.
    socket.once('close', release);
    socket.on('error', () => socket.destroy());
    dialer.dial(nodeAddress, port).then(
      (connection) => {
        if (socket.destroyed) {
          connection.destroy();
          return;
        }
        bridgeSocket(socket, connection);
        socket.resume();
      },
      () => socket.resetAndDestroy(),
    );
  });
  server.on('error', (error) => log.warn(`node port ${port} is not reachable on the host: ${error.message}`));
  server.listen(port, host);
  return server;
}

function keyOf(service: Readonly<Service>): string {
  return `${service.metadata?.namespace}/${service.metadata?.name}`;
}

function nodePortsOf(service: Readonly<Service>): readonly number[] {
  return (service.spec?.ports ?? []).flatMap((port) => (port.nodePort && (port.protocol ?? 'TCP') === 'TCP' ? [port.nodePort] : []));
}
