/** Times and sizes as people read them. */
import { currentLanguage } from '../i18n/index.js';

/** `2026/11/28 19:30:00` in the reader's time zone. Seconds since the epoch, a date, or ISO 8601. */
export function timeText(time: Date | string | number | undefined): string {
  if (time === undefined) return '–';
  const date = new Date(typeof time === 'number' ? time * 1000 : time);
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: 'medium', timeStyle: 'medium' }).format(
    date,
  );
}

/** `3 h 20 min`; the larger two units. Milliseconds. */
export function durationText(duration: number): string {
  const seconds = Math.max(0, Math.floor(duration / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const ja = currentLanguage() === 'ja';
  if (hours > 0) return ja ? `${hours} 時間 ${minutes} 分` : `${hours} h ${minutes} min`;
  if (minutes >= 5) return ja ? `${minutes} 分` : `${minutes} min`;
  const rest = String(seconds % 60).padStart(2, '0');
  return ja ? `${minutes} 分 ${rest} 秒` : `${minutes}:${rest} min`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function sizeText(bytes: number | undefined): string {
  if (bytes === undefined) return '–';
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(currentLanguage(), { maximumFractionDigits: digits })} ${UNITS[unit]}`;
}
