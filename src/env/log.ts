export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log lines of the components. The process decides where they go. */
export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A log whose lines carry `component`. */
  child(component: string): Log;
}

export interface LogRecord {
  readonly level: LogLevel;
  readonly component: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A Log that hands each record to `sink`. */
export function logTo(sink: (record: LogRecord) => void, component = ''): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) =>
      sink({ level, component, message, fields });
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (name) => logTo(sink, component ? `${component}/${name}` : name),
  };
}

export const silentLog: Log = logTo(() => {});
