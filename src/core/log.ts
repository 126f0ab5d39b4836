/** Where the server speaks to whoever runs it. Nothing secret ever goes here. */
export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export const silentLogger: Logger = { info: () => {}, warn: () => {}, error: () => {} };

/** One line per message to `stream`: readable text, or JSON objects for machines. */
export function lineLogger(
  stream: { write(line: string): unknown },
  clock: { now(): number },
  json: boolean,
): Logger {
  const line =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      const time = new Date(clock.now()).toISOString();
      stream.write(
        json
          ? `${JSON.stringify({ time, level, message, ...fields })}\n`
          : `${time} ${level} ${message}${pairs(fields)}\n`,
      );
    };
  return { info: line('info'), warn: line('warn'), error: line('error') };
}

function pairs(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? JSON.stringify(value) : value}`)
    .join('');
}
