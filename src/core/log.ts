/** Where the server speaks to its operator. Nothing secret ever goes here. */
export interface Logger {
  /** `fields`: made only where they are written, so that a message that is not costs next to nothing. */
  debug?(message: string, fields: () => LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A log whose level can be turned while it is written. */
export interface LeveledLogger extends Logger {
  /** The least that is written. */
  level: LogLevel;
}

export const silentLogger: Logger = { info: () => {}, warn: () => {}, error: () => {} };

/** One line per message to `stream`: readable text, or JSON objects for machines. */
export function lineLogger(
  stream: { write(line: string): unknown },
  clock: { now(): number },
  json: boolean,
  level: LogLevel = 'info',
): LeveledLogger {
  const write = (level: LogLevel, message: string, fields: LogFields) => {
    const time = new Date(clock.now()).toISOString();
    stream.write(
      json
        ? `${JSON.stringify({ time, level, message, ...fields })}\n`
        : `${time} ${level} ${message}${pairs(fields)}\n`,
    );
  };
  const rank = (level: LogLevel) => LOG_LEVELS.indexOf(level);
  const line =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (rank(level) >= rank(logger.level)) write(level, message, fields);
    };
  const logger: LeveledLogger = {
    level,
    debug(message, fields) {
      if (logger.level === 'debug') write('debug', message, fields());
    },
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  };
  return logger;
}

function pairs(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? JSON.stringify(value) : value}`)
    .join('');
}
