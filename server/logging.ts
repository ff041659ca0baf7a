import type { Log, LogLevel, LogRecord } from '../src/env/index.ts';
import { logTo } from '../src/env/index.ts';

export interface LoggingOptions {
  /** `silent` writes nothing. */
  readonly level: LogLevel | 'silent';
  /** Simulated time, which each line carries as `clusterTime` beside the machine's own. */
  readonly clusterTime?: () => number;
  /** Standard error unless a test wants to look. */
  readonly write?: (line: string) => void;
}

const ranks: Readonly<Record<LogLevel, number>> = { error: 50, warn: 40, info: 30, debug: 20 };
/** Lines kept while pino loads; more than this is lost, oldest first. */
const pendingMax = 1000;

/**
 * A Log that writes JSON lines by pino to standard error. pino is loaded with the first line that passes the level, so that a
 * quiet start does not pay for it.
 */
export function createLog(options: LoggingOptions): Log {
  const { level } = options;
  if (level === 'silent') return logTo(() => {});
  let sink: ((record: LogRecord, at: number | undefined) => void) | undefined;
  const pending: [LogRecord, number | undefined][] = [];
  return logTo((record) => {
    if (ranks[record.level] < ranks[level]) return;
    const at = options.clusterTime?.();
    if (sink) {
      sink(record, at);
      return;
    }
    pending.push([record, at]);
    if (pending.length > pendingMax) pending.shift();
    if (pending.length > 1) return; // The first line has asked for pino already.
    void loadSink(level, options.write).then((loaded) => {
      sink = loaded;
      for (const [waiting, time] of pending.splice(0)) loaded(waiting, time);
    });
  });
}

async function loadSink(level: LogLevel, write: ((line: string) => void) | undefined) {
  const { default: pino } = await import('pino'); // The default export, since a bundle of a CommonJS module has no others.
  const destination = write ? { write } : pino.destination({ dest: 2, sync: true });
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, destination);
  return (record: LogRecord, at: number | undefined) => {
    const fields = { ...record.fields, ...(record.component ? { component: record.component } : {}) };
    logger[record.level](at === undefined ? fields : { clusterTime: new Date(at).toISOString(), ...fields }, record.message);
  };
}
