import { createHash, timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import { Router } from 'express';
import type { ClockMode, Env } from '../src/env/index.ts';
import { parseClockMode } from '../src/env/index.ts';
import { bodyOf, ControlError } from './control-error.ts';
import { type NodeControls, nodesRouter } from './control-nodes.ts';
import { durationHint, parseDuration } from './duration.ts';
import { readBody } from './http-request.ts';

export const controlPrefix = '/_paperkube/v1';

export interface ControlOptions {
  readonly env: Pick<Env, 'clock' | 'loop'>;
  readonly name: string;
  readonly version: string;
  readonly kubernetesVersion: string;
  /** Bearer token that opens the control API; made anew at each start. */
  readonly token: string;
  /** The admin's kubeconfig, as text. */
  readonly kubeconfig: () => string;
  readonly ready: () => boolean;
  readonly cluster: NodeControls;
  /** Begins to stop the process; the answer is sent first. */
  readonly shutdown: () => void;
}

const upcomingShown = 10;
/** Ten years: what is longer is a mistake. */
const advanceMsMax = 10 * 365 * 86_400_000;
const speedMax = 100_000;

/**
 * The control API: what kubectl has no words for (the clock, lost nodes, stopping the process). Mount it at `controlPrefix`, before the Kubernetes routes.
 * `health` and `version` are open; everything else takes the control token or a client certificate of group system:masters, also on
 * loopback, since any web page can send requests to 127.0.0.1.
 */
export function createControlRouter(options: ControlOptions): Router {
  const router = Router();
  router.get('/health', (_request, response) => {
    const ready = options.ready();
    response.status(ready ? 200 : 503).json({ status: ready ? 'ok' : 'starting', name: options.name });
  });
  router.get('/version', (_request, response) => {
    response.json({ version: options.version, kubernetesVersion: options.kubernetesVersion });
  });
  router.use(requireCredentials(options.token));
  router.use(readJson);
  router.get('/kubeconfig', (_request, response) => {
    response.type('application/yaml').send(options.kubeconfig());
  });
  router.use('/clock', clockRouter(options.env));
  router.use('/nodes', nodesRouter(options.cluster));
  router.post('/shutdown', (_request, response) => {
    response.on('finish', options.shutdown);
    response.status(202).json({ status: 'stopping' });
  });
  router.use((request) => {
    throw new ControlError(404, 'NotFound', `the control API has no ${request.method} ${request.originalUrl.split('?')[0]}`);
  });
  router.use(answerErrors);
  return router;
}

function clockRouter(env: Pick<Env, 'clock' | 'loop'>): Router {
  const router = Router();
  let running: ClockMode = env.clock.mode === 'manual' ? 'real' : env.clock.mode;
  let moves: Promise<unknown> = Promise.resolve();
  // One move at a time: two that overlap would both count the same steps.
  const inTurn = <T>(move: () => Promise<T>): Promise<T> => {
    const own = moves.then(move);
    moves = own.catch(() => {});
    return own;
  };
  const setMode = (mode: ClockMode): undefined => {
    if (mode !== 'manual') running = mode;
    env.loop.setMode(mode);
  };
  const action = (path: string, handle: (body: Readonly<Record<string, unknown>>) => undefined | object | Promise<object | undefined>) =>
    router.post(path, async (request, response) => {
      const extra = (await handle(bodyOf(request))) ?? {};
      response.json({ ...clockStatus(env), ...extra });
    });
  router.get('/', (_request, response) => {
    response.json(clockStatus(env));
  });
  action('/pause', () => setMode('manual'));
  action('/resume', () => setMode(running));
  action('/speed', (body) => setMode(speedMode(body.speed)));
  action('/mode', (body) => setMode(modeOf(body.mode)));
  action('/advance', (body) => {
    const ms = durationOf(body.duration);
    return inTurn(async () => {
      await env.loop.advance(ms);
      return { advancedMs: ms };
    });
  });
  action('/step', () =>
    inTurn(async () => {
      const next = env.loop.upcoming(1)[0];
      const at = await env.loop.step();
      return { stepped: at === undefined ? null : { task: next?.name ?? '', at: new Date(at).toISOString() } };
    }),
  );
  return router;
}

/** Simulated time, how it moves, and what comes next. */
function clockStatus({ clock, loop }: Pick<Env, 'clock' | 'loop'>) {
  const now = clock.now();
  const upcoming = loop.upcoming(upcomingShown).map((timer) => ({ task: timer.name, at: new Date(timer.at).toISOString(), inMs: Math.max(0, timer.at - now) }));
  return { now: new Date(now).toISOString(), mode: clock.mode, speed: clock.speed, paused: clock.mode === 'manual', upcoming };
}

/** A body is JSON whatever its type says. Express' own reader brings a table of every character set there is. */
const readJson: RequestHandler = async (request, _response, next) => {
  const body = await readBody(request)?.catch(() => {
    throw new ControlError(413, 'BadRequest', 'request entity too large');
  });
  if (body?.kind === 'bytes' && body.bytes.length > 0) {
    try {
      request.body = JSON.parse(Buffer.from(body.bytes).toString('utf8'));
    } catch {
      throw new ControlError(400, 'BadRequest', 'the body is no JSON');
    }
  }
  next();
};

function durationOf(value: unknown): number {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms === undefined) throw new ControlError(400, 'BadDuration', `duration: ${JSON.stringify(value) ?? 'missing'} is no duration; ${durationHint}`);
  if (ms > advanceMsMax) throw new ControlError(400, 'BadDuration', `duration: ${value} is more than ten years`);
  return ms;
}

function speedMode(value: unknown): ClockMode {
  const speed = typeof value === 'string' ? Number(value.replace(/^x/, '')) : value;
  if (typeof speed !== 'number' || !(speed > 0) || speed > speedMax) {
    throw new ControlError(
      400,
      'BadSpeed',
      `speed: ${JSON.stringify(value) ?? 'missing'} is no speed; give a number above 0 and up to ${speedMax}, such as 10`,
    );
  }
  return speed === 1 ? 'real' : `x${speed}`;
}

function modeOf(value: unknown): ClockMode {
  const mode = typeof value === 'string' ? parseClockMode(value) : undefined;
  if (!mode) throw new ControlError(400, 'BadMode', `mode: ${JSON.stringify(value) ?? 'missing'} is no clock mode; use real, manual, auto or xN such as x10`);
  return mode;
}

function requireCredentials(token: string): RequestHandler {
  return (request, _response, next) => {
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if ((given !== undefined && sameSecret(given, token)) || isAdminCertificate(request)) next();
    else next(new ControlError(401, 'Unauthorized', 'the control API needs the control token (Authorization: Bearer ...) or the admin client certificate'));
  };
}

/** In constant time, whatever the lengths. */
function sameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function isAdminCertificate(request: Request): boolean {
  const socket = request.socket as Partial<TLSSocket>;
  if (!socket.authorized || !socket.getPeerCertificate) return false;
  const organizations = socket.getPeerCertificate().subject?.O as string | string[] | undefined;
  return [organizations].flat().includes('system:masters');
}

const answerErrors: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  if (error instanceof ControlError) {
    if (error.status === 401) response.setHeader('www-authenticate', 'Bearer realm="paperkube"');
    response.status(error.status).json({ error: { id: error.id, message: error.message } });
    return;
  }
  const { status } = error as { status?: number };
  if (status && status < 500) response.status(status).json({ error: { id: 'BadRequest', message: (error as Error).message } });
  else response.status(500).json({ error: { id: 'InternalError', message: error instanceof Error ? error.message : String(error) } });
};
